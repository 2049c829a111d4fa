#!/usr/bin/env python3
"""Code blocks of a Markdown file.

  blocks.py FILE.md LANGUAGE N        prints the N-th block of the language, from 1
  blocks.py FILE.md LANGUAGE FOLDER   writes all of them there, c and asm, each in what
                                      a compiler takes: scaffold.h first, statements in
                                      a function

Lines that stand for what is left out (... or …) are taken out.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import sys

path, language, what = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    blocks = [re.sub(r"^\s*(…|\.\.\.)\s*\n", "", body, flags=re.M)
              for name, body in re.findall(r"^```(\w*)\n(.*?)^```$", file.read(), re.M | re.S)
              if name == language]
if what.isdigit():
    if int(what) > len(blocks):
        sys.exit(f"{path}: {len(blocks)} blocks of {language}")
    print(blocks[int(what) - 1], end="")
    sys.exit()
os.makedirs(what, exist_ok=True)
scaffold = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scaffold.h")
for number, body in enumerate(blocks, 1):
    if language == "c" and not re.search(r"^\S.*\) ?\{$", body, re.M):
        body = f"void block(void) {{\n{body}}}\n"
    name = os.path.splitext(os.path.basename(path))[0]
    with open(os.path.join(what, f"{name}-{number}.{'S' if language == 'asm' else 'c'}"), "w",
              encoding="utf-8") as file:
        # The ring of its own first: the scaffold has 0 otherwise.
        ring = re.match(r"#define SEGSHIFT_APP_RING.*\n", body)
        first = ring.group() if ring else ""
        file.write(f'{first}#include "{scaffold}"\n{body[len(first):]}')
print(f"{len(blocks)} blocks of {language}")
