#!/usr/bin/env python3
"""Checks CONTRIBUTING.md's table of traps, and the changelog's version.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import sys

root = sys.argv[1]
errors = []


def read(name):
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return file.read()


last = 0
for number, cells in re.findall(r"^\| (\d+) \|(.*)\|$", read("CONTRIBUTING.md"), re.M):
    if int(number) != last + 1:
        errors.append(f"trap {number}: {last + 1} is missing before it")
    last = int(number)
    tests = re.findall(r"`(test/[^`]*)`", cells.rpartition("|")[2])
    errors += [f"trap {number}: no such test: {test}" for test in tests
               if not os.path.isfile(os.path.join(root, test))]
    if not tests:
        errors.append(f"trap {number}: no test guards it")
if not last:
    errors.append("CONTRIBUTING.md: no table of traps")

version = re.search(r"VERSION (\d+\.\d+\.\d+)", read("CMakeLists.txt"))[1]
if f"\n## {version}\n" not in "\n" + read("CHANGELOG.md") + "\n":
    errors.append(f"CHANGELOG.md: no section '## {version}'")
print(*errors, sep="\n")
sys.exit(bool(errors))
