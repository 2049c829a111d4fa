#!/usr/bin/env python3
"""Runs a Markdown file's blocks: run-blocks.py FILE.md

A C block that begins with /* NAME */ is written to NAME, a sh block is run, and what
it printed must be the next block without a language, if one follows it. In the
current folder.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import re
import subprocess
import sys

output, commands, compared = None, 0, 0
for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", open(sys.argv[1]).read(), re.M | re.S):
    name = re.match(r"/\* (\S+) \*/\n", body)
    if language == "c" and name:
        with open(name.group(1), "w") as file:
            file.write(body)
    elif language == "sh":
        result = subprocess.run(["sh", "-eu", "-c", body], stdout=subprocess.PIPE, text=True)
        if result.returncode:
            sys.exit(f"status {result.returncode} of:\n{body}")
        output, commands = result.stdout, commands + 1
    elif not language and output is not None:
        if body != output:
            sys.exit(f"printed:\n{output}instead of:\n{body}")
        output, compared = None, compared + 1
print(f"{commands} blocks ran, {compared} compared")
