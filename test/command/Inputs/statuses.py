"""statuses.py SEGSHIFT: bad inputs through rewrite, audit and tls, which must say the
same with the same status. Prints what they said, once, and how many differed.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import subprocess
import sys

COMMANDS = {"rewrite": ["--verify"], "audit": [], "tls": []}
differences = 0
for arguments in (["absent"], ["folder"], ["pipe"], ["socket"], ["/dev/zero"], ["text"], [],
                  ["--nope", "good.o"]):
    said = {}
    for command, options in COMMANDS.items():
        run = subprocess.run([sys.argv[1], command, *options, *arguments], text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        prefix = f"segshift {command}: error: "
        lines = [line.removeprefix(prefix).replace(f"segshift {command} ", "segshift COMMAND ")
                 for line in run.stderr.splitlines()]
        whole = all(line.startswith(prefix) for line in run.stderr.splitlines())
        said[command] = (run.returncode, whole, [l for l in lines if "Did you mean" not in l])
    first = said["audit"]
    print("\n".join(first[2]))
    if first[:2] != (2, True) or any(other != first for other in said.values()):
        differences += 1
        print(f"{arguments}: {said}")
print(f"{differences} differences")
