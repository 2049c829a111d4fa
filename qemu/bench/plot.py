"""Bar charts as SVG, readable on light and on dark ground.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
from xml.sax.saxutils import escape

WIDTH, BAR, GAP, GROUP_GAP = 760, 15, 3, 16
LABEL_WIDTH, VALUE_WIDTH, TOP, BOTTOM = 250, 70, 64, 14
# Okabe and Ito's palette: told apart by colour-blind readers too.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #222 }
  .title { font-size: 15px; font-weight: 600 }
  .axis { stroke: #888 }
  .ground { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .ground { fill: #16181d } .axis { stroke: #777 }
  }
"""


def text(x, y, string, anchor="start", kind=""):
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{attribute}>{escape(string)}</text>'


def bars(title, series, groups, unit="", show=str):
    """An SVG of horizontal bars.

    series: names, each a colour; groups: [(label, [value or None of each series])].
    None has no bar; 0 has its number alone. show: a value as text.
    """
    values = [v for _, row in groups for v in row if v is not None]
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / (max(values, default=0) or 1)
    y, body = TOP, []
    for label, row in groups:
        shown = [(n, v) for n, v in enumerate(row) if v is not None]
        height = len(shown) * (BAR + GAP) - GAP
        body.append(text(LABEL_WIDTH - 10, y + height / 2 + 4, label, "end"))
        for n, value in shown:
            width = value * scale
            name = escape(f"{label}, {series[n]}: {show(value)} {unit}".strip(), {'"': "&quot;"})
            body.append(f'<rect x="{LABEL_WIDTH}" y="{y}" width="{width:.1f}" height="{BAR}" '
                        f'fill="{COLORS[n]}"><title>{name}</title></rect>')
            body.append(text(LABEL_WIDTH + width + 5, y + BAR - 3, show(value)))
            y += BAR + GAP
        y += GROUP_GAP - GAP
    height = y - GROUP_GAP + BOTTOM + GAP
    legend, x = [], 12
    for n, name in enumerate(series):
        legend.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{COLORS[n]}"/>')
        legend.append(text(x + 17, 46, name))
        x += 30 + 7 * len(name)
    heading = f"{title} ({unit})" if unit else title
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(heading)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        text(12, 22, heading, kind="title"), *legend,
        f'<line class="axis" x1="{LABEL_WIDTH}" y1="{TOP - 6}" x2="{LABEL_WIDTH}" '
        f'y2="{height - BOTTOM + 4}"/>', *body, "</svg>", ""])
