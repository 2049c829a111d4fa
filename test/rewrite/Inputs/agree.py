"""Holds what the rewriter does with each FS use against what the audit says of it.

    agree.py SEGSHIFT FILE...

The audit has to list what the rewriter moves, converts or refuses, and nothing else
that the rewriter is about. Prints each disagreement, and the counts.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import collections
import json
import subprocess
import sys

tool, *paths = sys.argv[1:]
# The rewriter's business among the audit's kinds.
KINDS = {"fs-memory", "fs-string", "fs-unread", "tls-relax"}


def run(*command):
    done = subprocess.run([tool, *command], capture_output=True, timeout=600)
    return json.loads(done.stdout) if done.stdout else {}


def rewriter(path):
    plan = run("rewrite", "--tcb-offsets=all", "--dump-plan=json", path)
    found = collections.defaultdict(list)
    for file in plan.get("files", []):
        for site in file["sites"]:
            start = site["fileOffset"]
            found[file["file"]].append((start, start + len(site["bytes"]) // 2, site))
    return found


def audit(path):
    report = run("audit", "--json", "--no-marks", path)
    found = collections.defaultdict(list)
    for file in report.get("files", []):
        for function in file["functions"]:
            for site in function["sites"]:
                if site["kind"] in KINDS:
                    start = site["fileOffset"]
                    size = max(len(site.get("bytes", "")) // 2, 1)
                    found[file["file"]].append((start, start + size, site))
    return found


def covered(ranges):
    """Whether a range of bytes has one in common with one of `ranges`."""
    ranges = sorted((begin, end) for begin, end, _ in ranges)
    return lambda begin, end: any(b < end and begin < e for b, e in ranges)


def compare(path):
    planned, listed = rewriter(path), audit(path)
    total = wrong = 0
    for file in sorted(planned.keys() | listed.keys()):
        acted = [s for s in planned[file] if s[2]["action"] != "keep"]
        # A mark, or FS on purpose, is the audit's to list, and not to the rewriter.
        acted_or_meant = covered(s for s in planned[file]
                                 if s[2]["action"] != "keep" or s[2]["kind"] == "on-purpose")
        seen = covered(listed[file])
        total += len(acted)
        for begin, end, site in acted:
            if site["kind"] != "dtp-offset" and not seen(begin, end):
                print(f"{file}: {site['section']}+{site['offset']:#x}: rewrite: {site['action']} "
                      f"{site['kind']} ({site['reason']}); audit: nothing")
                wrong += 1
        for begin, end, site in listed[file]:
            if not acted_or_meant(begin, end):
                print(f"{file}: {site['section']} {site['address']}: audit: {site['kind']} "
                      f"({site['message']}); rewrite: nothing")
                wrong += 1
    return total, wrong


def main():
    total = wrong = 0
    for path in paths:
        one = compare(path)
        total, wrong = total + one[0], wrong + one[1]
    print(f"{len(paths)} files: {total} FS uses, {wrong} disagreements")
    sys.exit(wrong != 0)


main()
