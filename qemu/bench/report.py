"""From a report's figures to its Markdown, its plots, and a comparison.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import plot

WRITES = ("fs", "gs", "kernel_gs", "selector", "unknown")


def base_writes(figure):
    """Writes of a segment base; swapgs, which exchanges two, is counted apart."""
    return sum(figure[kind] for kind in WRITES)


def shown_writes(figure):
    return f"{base_writes(figure)}" + (f" + {figure['swapgs']} swapgs" if figure["swapgs"] else "")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows] + [""]


def number(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def spread(entry):
    low, high = entry["quartiles"]
    return f"{entry['median']:.1f} ({low:.1f}–{high:.1f})"


# --- Parts --------------------------------------------------------------------


def crossings_of(exact):
    """Names of what was counted, in order, whatever kernel has it."""
    return list(dict.fromkeys(w for k in exact["kernels"].values() for w in k["figures"]))


def exact(result):
    kernels = result["kernels"]
    lines = ["## Exact counts", "",
             "On QEMU's clock of executed instructions, one CPU; each boot was done twice. From the "
             "instruction that crosses, included, to the next one of the program.", ""]
    for title, show in (("Segment base writes, as executed", shown_writes),
                        ("Guest instructions", lambda f: number(f["instructions"]))):
        rows = [[what, *(show(k["figures"][what]) if what in k["figures"] else "–"
                         for k in kernels.values())] for what in crossings_of(result)]
        lines += [f"### {title}", "", *table(["crossing", *kernels], rows)]
    switches = [[name, *row] for name, row in thread_switches(result).items()]
    lines += ["### Base writes of a thread switch alone", "",
              "Without those of the system calls that it takes: of yields; of half a sleep, which "
              "goes to the idle loop, a kernel thread, and back; of a clone with the first switch to "
              "the new thread.", "",
              *table(["kernel", "same FS", "other FS", "kernel thread", "clone"], switches)]
    differ = [f"{name}: {what}" for name, k in kernels.items()
              for what, f in k["figures"].items() if not f["repeats"]]
    lines += ["The second boot gave " + ("the same figures throughout." if not differ else
                                         "other figures for: " + "; ".join(differ) + "."), ""]
    for name, kernel in kernels.items():
        lines += [f"- {name}: not measured: {said}" for said in kernel["not supported"]]
    lines += [f"- {name}: {reason}" for name, reason in result["absent"].items()]
    return lines + [""]


def thread_switches(exact_result):
    """{kernel: base writes of a switch [same FS, other FS, kernel thread, clone]}."""
    result = {}
    for name, kernel in exact_result["kernels"].items():
        figures = kernel["figures"]
        call = base_writes(figures["null system call"])

        def less_call(*whats, switches=1):
            if not all(what in figures for what in whats):
                return "–"
            writes = sum(base_writes(figures[what]) - call for what in whats) / switches
            return int(writes) if writes == int(writes) else writes

        result[name] = [less_call("yield to a thread with the same FS"),
                        less_call("yield to a thread with another FS"),
                        less_call("nanosleep: to the idle loop and back", switches=2),
                        less_call("clone, in the parent", "first switch to a new thread")]
    return result


def cycles(result):
    lines = ["## Real cycles", ""]
    if "absent" in result:
        return lines + [f"Not measured: {result['absent']}", ""]
    lines += [f"TSC cycles, median and quartiles of {result['rounds']} interleaved rounds, in a "
              "process. Left out, as they fault there: swapgs, WRMSR, sti and cli.", ""]
    lines += table(["crossing", "cycles"], [[n, spread(e)] for n, e in result["crossings"].items()])
    if result["differences"]:
        lines += table(["difference, paired", "cycles", "95 % interval"],
                       [[n, f"{d['median']:.1f}", "{:.1f} to {:.1f}".format(*d["interval"])]
                        for n, d in result["differences"].items()])
    lines += table(["instruction or call", "cycles"],
                   [[n, spread(e)] for n, e in result["bases"].items() if n != "nothing"])
    if kvm := result.get("kvm"):
        lines += kvm_lines(kvm)
    return lines


def kvm_lines(kvm):
    if "absent" in kvm:
        return [f"The stub itself, under KVM: not measured: {kvm['absent']}", ""]
    head = ["the stub under KVM, TSC cycles", *kvm["kernels"]]
    whats = list(dict.fromkeys(w for k in kvm["kernels"].values() for w in k))
    return table(head, [[w, *(spread(k[w]) if w in k else "–" for k in kvm["kernels"].values())]
                        for w in whats])


ACCESS_KINDS = {"load": "load", "store": "store", "modify": "read-modify-write",
                "address": "address-of", "load_chain": "load, each after the last"}
ACCESS_WAYS = {"fs": "`%fs`, TLS", "gs": "`%gs`, TLS", "percpu": "`%gs`, per-CPU macros",
               "call": "`__tls_get_addr`"}


def tls(result):
    lines = ["## TLS access", ""]
    if "absent" in result:
        return lines + [f"Not measured: {result['absent']}", ""]
    accesses = result["accesses"]
    rows = []
    for kind, text in ACCESS_KINDS.items():
        rows.append([text, *(spread2(accesses.get(f"{way}_{kind}")) for way in ACCESS_WAYS)])
    return lines + [f"TSC cycles an access, of many one after another: median and quartiles of "
                    f"{result['rounds']} interleaved rounds.", "",
                    *table(["access", *ACCESS_WAYS.values()], rows)]


def spread2(entry):
    if not entry:
        return "–"
    low, high = entry["quartiles"]
    return f"{entry['median']:.2f} ({low:.2f}–{high:.2f})"


def size(result):
    rows, kernels = [], result["kernels"]
    rows.append([".text, bytes", *(number(k["text"]) for k in kernels.values())])
    rows.append(["TLS of a thread, bytes", *(number(k["tls"]) for k in kernels.values())])
    rows.append(["of these, kept for the program", *(number(k["reserved"]) for k in kernels.values())])
    for threads, lost in result["reserved"].items():
        rows.append([f"kept at {int(threads):,} threads, bytes", *(number(n) for n in lost.values())])
    lines = ["## Size", "", *table(["", *kernels], rows)]
    compared = result["gs against fs-shared"]
    lines += [f"Of {compared['functions']} functions, {len(compared['differ'])} differ between gs and "
              "fs-shared by more than segment prefixes; all of them contain code of mode.h or set the "
              "thread pointer:", "", *(f"- `{name}`" for name in compared["differ"]), ""]
    return lines


def build(result):
    lines = ["## Build", ""]
    corpus = result["compile"]
    lines += [f"Processor time of clang-22 with the plugin, against without: {corpus['files']} files, "
              f"{corpus['pairs']} pairs each, medians.", ""]
    lines += table(["files", "number", "without, s", "with, s", "with / without", "quartiles"],
                   [[name, c["files"], f"{c['without']:.3f}", f"{c['with']:.3f}", f"{c['ratio']:.4f}",
                     "{:.4f}–{:.4f}".format(*c["quartiles"])] for name, c in corpus["classes"].items()])
    count = result["instructions"]
    lines += [f"Instructions not counted: {count['absent']}" if "absent" in count else
              f"Instructions of one compile ({count['by']}, {count['file']}): {number(count['without'])} "
              f"without, {number(count['with'])} with, {count['with'] / count['without'] - 1:+.4%}.", ""]
    rewrite = result["rewrite"]
    lines += table(["`segshift rewrite`", "MB", "s", "MB/s", "against a plain copy"],
                   [[r["name"], f"{r['bytes'] / 1e6:.1f}", f"{r['seconds']:.3f}",
                     f"{r['bytes'] / 1e6 / r['seconds']:.0f}", f"{r['ratio']:.1f} times"]
                    for r in rewrite])
    return lines


PARTS = {"exact": exact, "cycles": cycles, "tls": tls, "size": size, "build": build}


def environment(env):
    lines = ["# segshift: measurements", "", f"Commit {env['commit']}, {env['date']}.", ""]
    both = {**env["machine"], **env["versions"]}
    return lines + table(["machine", ""], [[key, value] for key, value in both.items()])


def markdown(report, plots):
    lines = environment(report["environment"])
    for part, result in report["parts"].items():
        lines += PARTS[part](result)
        lines += [f"![]({name})\n" for name in plots if name.startswith(part)]
    return "\n".join(lines).rstrip() + "\n"


# --- Plots --------------------------------------------------------------------

PLOTTED = ("null system call", "demand page fault", "timer interrupt into the program",
           "futex ping-pong, round trip", "yield to a thread with the same FS",
           "yield to a thread with another FS", "clone, in the parent",
           "signal delivery and return, with tgkill")


def plots(report):
    """{file name: SVG}"""
    made = {}
    if result := report["parts"].get("exact"):
        kernels = [n for n in result["kernels"] if n.endswith("ring 0")]
        figures = [result["kernels"][n]["figures"] for n in kernels]
        groups = [(what, [base_writes(f[what]) if what in f else None for f in figures])
                  for what in PLOTTED if any(what in f for f in figures)]
        made["exact-base-writes.svg"] = plot.bars("Segment base writes per crossing",
                                                  kernels, groups)
    result = report["parts"].get("cycles", {})
    if "crossings" in result:
        names = list(dict.fromkeys(n.rpartition(": ")[0] for n in result["crossings"]))
        groups = []
        for kind in ("system call", "interrupt"):
            for ring in ("ring 0", "ring 3"):
                row = [result["crossings"].get(f"{n}: {kind}", {}).get("median")
                       if n.endswith(ring) else None for n in names]
                modes = [n.rpartition(", ")[0] for n in names]
                if any(v is not None for v in row):
                    merged = {}
                    for mode, value in zip(modes, row):
                        if value is not None:
                            merged[mode] = value
                    groups.append((f"{kind}, {ring}", merged))
        series = list(dict.fromkeys(n.rpartition(", ")[0] for n in names))
        made["cycles-crossings.svg"] = plot.bars(
            "Entry and exit in a process", series,
            [(label, [row.get(s) for s in series]) for label, row in groups], "TSC cycles",
            lambda v: f"{v:.0f}")
    return made


# --- Comparison ---------------------------------------------------------------


def flat(report):
    """{name: number} of every figure that can be compared with another report's."""
    figures = {}

    def walk(name, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in ("samples", "quartiles", "interval", "repeats", "rounds", "runs"):
                    walk(f"{name}: {key}" if name else key, inner)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            figures[name] = value

    walk("", report["parts"])
    return figures


def comparison(old, new):
    """Lines of the figures that are in both reports, and their ratio."""
    before, after = flat(old), flat(new)
    common = [name for name in after if name in before]
    width = max((len(name) for name in common), default=0)
    yield f"{'figure':{width}} {'old':>14} {'new':>14} {'new / old':>10}"
    for name in common:
        a, b = before[name], after[name]
        ratio = "same" if a == b else f"{b / a:.4f}" if a else "-"
        yield f"{name:{width}} {a:14,.10g} {b:14,.10g} {ratio:>10}"
    for name in sorted(before.keys() - after.keys()):
        yield f"only in the old report: {name}"
    for name in sorted(after.keys() - before.keys()):
        yield f"only in the new report: {name}"
