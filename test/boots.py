"""Reads test/boot/boots.table: which suite boots which test, and with which options.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import collections
import os


class Boots:
    """options: suite -> the runner's options; programs: suite -> a list of more options, one
    for each boot of a program; tests: test -> set of suites. ValueError, with the line,
    for a table that cannot be read or that does not agree with the folder's tests."""

    def __init__(self, path):
        self.options = {}
        self.programs = collections.defaultdict(list)
        self.tests = {}
        columns = None
        with open(path) as table:
            for number, line in enumerate(table, 1):
                words = line.split("#")[0].split()
                if not words:
                    continue
                try:
                    if columns is not None:
                        self._add_test(columns, *words)
                    elif words[0] == "suite":
                        self.options[words[1]] = words[2:]
                    elif words[0] == "programs":
                        self.programs[words[1]].append(" ".join(words[2:]))
                    elif words[0] == "tests" and words[1:] == list(self.options):
                        columns = words[1:]
                    else:
                        raise ValueError("neither a suite nor the list of all suites")
                except (IndexError, TypeError, ValueError) as error:
                    raise ValueError(f"{path}:{number}: {line.strip()!r}: {error}") from error
        self._compare(path)

    def _add_test(self, columns, test, *marks):
        if test in self.tests:
            raise ValueError("this test is there twice")
        if len(marks) != len(columns) or not set(marks) <= {"x", "-"} or "x" not in marks:
            raise ValueError(f"x or - for each of {len(columns)} suites, and one x at least")
        self.tests[test] = {c for c, mark in zip(columns, marks) if mark == "x"}

    def _compare(self, path):
        there = {name[:-5] for name in os.listdir(os.path.dirname(path))
                 if name.endswith(".test")}
        if there != set(self.tests):
            raise ValueError(f"{path}: only in the table or only in the folder: "
                             f"{', '.join(sorted(there ^ set(self.tests)))}")

    def not_in(self, suite):
        """The tests that the suite does not boot."""
        return [test for test, suites in self.tests.items() if suite not in suites]
