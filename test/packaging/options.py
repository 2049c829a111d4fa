"""options.py SEGSHIFT MAN_FOLDER FISH: every option that `segshift COMMAND --help`
lists is in the command's manual page and in the completions, and no other.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import re
import subprocess
import sys

tool, man, fish = sys.argv[1:]
wrong = 0
for command in ("rewrite", "audit", "tls", "selftest"):
    text = subprocess.run([tool, command, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    told = set(re.findall(r"^  --?([\w-]+)", text, re.M))
    with open(f"{man}/segshift-{command}.1", encoding="utf-8") as file:
        items = re.findall(r"^\.It (Fl .*)", file.read(), re.M)
    described = {o for line in items
                 for o in re.findall(r"(?:Fl |, )-?([a-z][\w-]*)", line)} - {"p"}
    with open(fish, encoding="utf-8") as file:
        completed = set(re.findall(rf"from {command}' -\w ([\w-]+)", file.read()))
    for what, found in (("manual page", described), ("completions", completed)):
        for name in sorted(told ^ found):
            wrong += 1
            print(f"{command} --{name}: {'not in' if name in told else 'only in'} the {what}")
print(f"{wrong} differences")
