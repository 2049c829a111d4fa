"""Runs the audit over damaged copies of an object with one finding.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import subprocess
import sys

tool, path, scratch = sys.argv[1:]
good = open(path, "rb").read()


def audit(data, what, allowed):
    with open(scratch, "wb") as f:
        f.write(data)
    run = subprocess.run([tool, "audit", scratch], capture_output=True, timeout=60)
    if run.returncode not in allowed:
        sys.exit(f"{what}: exit status {run.returncode}\n{run.stderr.decode()}")
    if run.returncode == 2 and scratch.encode() not in run.stderr:
        sys.exit(f"{what}: the message does not name the file\n{run.stderr.decode()}")


for size in range(0, len(good), 7):
    audit(good[:size], f"cut to {size} bytes", {2})
for at in range(64):
    for value in (0x00, 0xff, 0x80):
        # The class, machine or type may become one with nothing to report.
        damaged = good[:at] + bytes([value]) + good[at + 1:]
        audit(damaged, f"byte {at} set to {value}", {0, 1, 2})
