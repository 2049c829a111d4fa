#!/usr/bin/env python3
"""Checks what is tracked: clang-format, clang-tidy, shellcheck, pyflakes, licence lines,
the stub's includes.

Ends with status 1 if one found something. A tool that is not there is said to be, and
its part skipped.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import rooms

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
C_FILES = (".c", ".cpp", ".h")
LICENCE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
PROGRESS = 10  # seconds between two lines
# Test inputs are written to be odd, not tidy.
ODD = re.compile(r"test/(audit|gcc|tls|pass)/|test/.*/(Inputs|corpus)/")
# The sources that CMake does not compile: the flags for clang-tidy.
OTHER_FLAGS = {
    "docs/example-kernel/": "-O2 -ffreestanding -Wall -I{root}/runtime/include",
    "qemu/demo/": "-O2 -Wall",
    "test/stub-unit/": "-std=c++20 -Wall -DSTUB_MODE_GS -I{root}/runtime/include "
                       "-iquote {root}/kernel-stub -include {root}/kernel-stub/tls/mode.h",
}
# A lit configuration file is run with this name defined.
PYTHON_NOISE = re.compile(r"(.*/)?lit[^/:]*:.*undefined name 'config'")


def tracked():
    """What git knows, also where the folder is another user's; without git (an unpacked
    archive) every file but those in build folders."""
    if shutil.which("git") and os.path.exists(os.path.join(ROOT, ".git")):
        files = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"],
                               check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    else:
        files = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [f for f in folders if f != ".git" and not f.startswith("build")]
            files += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return [f for f in sorted(files) if f and os.path.isfile(os.path.join(ROOT, f))]


def is_script(path, suffix, interpreter):
    if path.endswith(suffix):
        return True
    with open(os.path.join(ROOT, path), "rb") as f:
        return re.match(rb"#!.*\b" + interpreter + rb"\b", f.readline(80)) is not None


def is_shell(path):
    return is_script(path, ".sh", b"(ba|da)?sh")


def is_python(path):
    return is_script(path, ".py", b"python3?")


class Lint:
    def __init__(self, build, llvm, paths):
        self._build, self._llvm = build, llvm
        # With paths, these files and what is below these folders.
        self._files = [f for f in tracked()
                       if not paths or any(f == p or f.startswith(p + "/") for p in paths)]
        self._jobs = len(os.sched_getaffinity(0))

    def _run_each(self, name, groups, command, told=lambda line: True):
        """Run command(group) for each group of files, as many at a time as there are
        processors. Prints each line of output once (a header has many includers), and
        returns whether all was well."""
        files, done, bad, seen = sum(map(len, groups)), 0, set(), set()
        start = told_at = time.monotonic()
        print(f"== {name}: {files} files", file=sys.stderr, flush=True)

        def run(group):
            return subprocess.run(command(group), cwd=ROOT, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace")

        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            running = {pool.submit(run, group): group for group in groups}
            for future in concurrent.futures.as_completed(running):
                group, result = running[future], future.result()
                done += len(group)
                lines = [line for line in result.stdout.splitlines() if told(line)]
                findings = self._new_findings(lines, seen)
                if findings:
                    print("\n".join(findings), flush=True)
                # A tool that died says nothing, or nothing new.
                if lines or result.returncode < 0 or (result.returncode and not result.stdout):
                    bad.update(group)
                    if not lines:
                        print(f"{' '.join(group)}: {name} ended with status {result.returncode}")
                if time.monotonic() - told_at > PROGRESS:
                    told_at = time.monotonic()
                    print(f"[{done}/{files}]", file=sys.stderr, flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        return not bad

    @staticmethod
    def _new_findings(lines, seen):
        """The findings that were not seen before: each a line 'FILE:LINE:…' that is no
        note, and the lines after it."""
        findings, new = [], True
        for line in lines:
            if re.match(r"\S+:\d+:\d+: (?!note:)", line):
                new = line not in seen
                seen.add(line)
            if new:
                findings.append(line)
        return findings

    def _tool(self, name, *candidates):
        for candidate in candidates:
            found = shutil.which(candidate)
            if found:
                return found
        print(f"skipped: {name}: not installed, and ./dev setup finds no package")
        return None

    def _in_groups(self, files, size):
        return [files[i:i + size] for i in range(0, len(files), size)]

    def format(self):
        tool = self._tool("clang-format", f"{self._llvm}/bin/clang-format")
        files = [f for f in self._files if f.endswith(C_FILES) and not ODD.match(f)]
        return not tool or self._run_each(
            "clang-format (clang-format-22 -i mends it)", self._in_groups(files, 20),
            lambda group: [tool, "--dry-run", "-Werror", *group])

    def shell(self):
        tool = self._tool("shellcheck", "shellcheck")
        files = [f for f in self._files if is_shell(f)]
        return not tool or self._run_each("shellcheck", self._in_groups(files, 8),
                                          lambda group: [tool, "-x", "-f", "gcc", *group])

    def python(self):
        tool = self._tool("pyflakes3", "pyflakes3")
        files = [f for f in self._files if is_python(f)]
        return not tool or self._run_each("pyflakes3", self._in_groups(files, 20),
                                          lambda group: [tool, *group],
                                          lambda line: not PYTHON_NOISE.match(line))

    def licence(self):
        """Each source says it in its first lines."""
        bad = False
        for file in self._files:
            if file.endswith((*C_FILES, ".S", ".s", ".ll")) or is_shell(file) or is_python(file):
                with open(os.path.join(ROOT, file), errors="replace") as f:
                    if LICENCE not in f.read(4000):
                        print(f"{file}:1: no line '{LICENCE}'", flush=True)
                        bad = True
        return not bad

    def rooms(self):
        """No include of the stub runs up: rooms.py."""
        findings = list(rooms.check(ROOT, self._files))
        for finding in findings:
            print(finding, flush=True)
        return not findings

    def tidy(self):
        tool = self._tool("clang-tidy", f"{self._llvm}/bin/clang-tidy")
        if not tool:
            return True
        commands = self._compile_commands()
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "compile_commands.json"), "w") as f:
                json.dump(list(commands.values()), f)
            # Large files last would leave processors idle.
            files = sorted(commands, reverse=True,
                           key=lambda f: (f.endswith(".cpp"), not f.startswith("kernel"), f))
            return self._run_each("clang-tidy", [[f] for f in files],
                                  lambda group: [tool, "-p", folder, "--quiet", *group],
                                  lambda line: not re.match(r"\d+ warnings? |\[\d+/\d+\] ", line))

    def _compile_commands(self):
        """One command for each file, of what the build compiles and of OTHER_FLAGS.
        What is compiled in many ways is looked at in the first."""
        commands = {}
        with open(os.path.join(self._build, "compile_commands.json")) as f:
            for entry in json.load(f):
                file = os.path.relpath(entry["file"], ROOT)
                if file.endswith(C_FILES) and "clang" in shlex.split(entry["command"])[0]:
                    commands.setdefault(file, entry)
        for file in self._files:
            if not file.endswith((".c", ".cpp")) or ODD.match(file) or file in commands:
                continue
            flags = next((f for p, f in OTHER_FLAGS.items() if file.startswith(p)), None)
            if flags is None:
                print(f"skipped: clang-tidy {file}: this build does not compile it")
                continue
            compiler = f"{self._llvm}/bin/clang{'++' if file.endswith('.cpp') else ''}"
            commands[file] = {"directory": ROOT, "file": os.path.join(ROOT, file),
                              "command": f"{compiler} {flags.format(root=ROOT)} -c {file}"}
        return {file: commands[file] for file in self._files if file in commands}


def main():
    parts = ("licence", "rooms", "format", "shell", "python", "tidy")
    parser = argparse.ArgumentParser(
        prog="./dev lint", description="Checks of the sources that are tracked.")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--llvm", required=True, help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="*", metavar="PART|PATH",
                        help=f"{', '.join(parts)} (default: all); a file or folder: only that")
    args = parser.parse_args()
    paths = [os.path.relpath(os.path.abspath(p), ROOT) for p in args.what if p not in parts]
    for path in paths:
        if not os.path.exists(os.path.join(ROOT, path)):
            parser.error(f"'{path}' is no part and no file; parts: {', '.join(parts)}")
    lint = Lint(args.build, args.llvm, [] if "." in paths else paths)
    wanted = [p for p in parts if p in args.what] or parts
    failed = [part for part in wanted if not getattr(lint, part)()]
    if failed:
        print(f"lint: failed: {', '.join(failed)}")
    else:
        print(f"lint: nothing found by: {', '.join(wanted)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
