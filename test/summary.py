#!/usr/bin/env python3
"""Sum up a lit run: the reason of every skip, then 'N passed, N failed, N skipped'.

Exit status 1 if a test failed, if none passed, or if every boot test was skipped.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import json
import re
import sys

PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def reason(test):
    found = re.search(r"(requires .*|unsupported .*|Skipped.*)", test["output"] or "")
    return found.group(1) if found else test["code"].lower()


def main():
    with open(sys.argv[1]) as f:
        tests = [t for t in json.load(f)["tests"] if t["code"] != "EXCLUDED"]
    for test in tests:
        if test["code"] in SKIPPED:
            print(f"skipped: {test['name']}: {reason(test)}")
    passed = sum(t["code"] in PASSED for t in tests)
    skipped = sum(t["code"] in SKIPPED for t in tests)
    failed = len(tests) - passed - skipped
    boot = [t for t in tests if "boot/" in t["name"]]
    unbooted = bool(boot) and all(t["code"] in SKIPPED for t in boot)
    if unbooted:
        print("error: every boot test was skipped; nothing was booted")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed or unbooted else 0


if __name__ == "__main__":
    sys.exit(main())
