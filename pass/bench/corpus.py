"""Part "build" of ./dev bench: what the plugin adds to a compile, and how fast the
rewriter is.

The corpus is this tree's own C and C++ (the kernel stub, the runtime, the plugin's
tests), generated files, and the large C++ files of compile-cost.py. Each file is
compiled to an object with and without the plugin, in pairs, in random order within
a pair; measured is the processor time.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import glob
import importlib
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile

import generated
import rewrite

compile_cost = importlib.import_module("compile-cost")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLANG = "clang-22"
STUB_FLAGS = ["-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only",
              "-fno-exceptions", "-fno-rtti", "-fstack-protector-strong", "-DSTUB_MODE_GS",
              "-iquote", f"{ROOT}/kernel-stub", "-include", f"{ROOT}/kernel-stub/tls/mode.h"]
REWRITTEN = ("/usr/lib/x86_64-linux-gnu/libc.a", "/usr/lib/gcc/x86_64-linux-gnu/*/cc1")


def flags_of(path):
    """The options that a file of the corpus needs."""
    flags = ["-O2", "-w", f"-I{ROOT}/runtime/include", "-I/usr/lib/llvm-22/include"]
    if path.endswith(".cpp"):
        flags.append("-std=c++20")
    if "/kernel-stub/" in path:
        flags += STUB_FLAGS
    if "/runtime/" in path:
        flags += ["-ffreestanding", "-mgeneral-regs-only"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for found in re.findall(r"^// FLAGS: (.*)", text, re.M):
        flags += found.split()
    return flags, bool(re.search(r"\b(__thread|thread_local)\b", text))


def sources(folder):
    patterns = ("test/pass/corpus/*.c", "test/pass/corpus/*.cpp", "kernel-stub/**/*.cpp", "runtime/src/*.c",
                "qemu/demo/*.c")
    for pattern in patterns:
        yield from sorted(glob.glob(os.path.join(ROOT, pattern), recursive=True))
    yield from generated.files(folder)
    for name, text in compile_cost.MADE.items():
        path = f"{folder}/{name}.cpp"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        yield path


def commands(path, plugin, output):
    """Without and with the plugin, and whether the file has TLS."""
    flags, tls = flags_of(path)
    driver = f"{CLANG[:5]}++{CLANG[5:]}" if path.endswith(".cpp") else CLANG
    tail = [*flags, "-c", path, "-o", output]
    return {"without": [driver, *tail], "with": [driver, f"-fpass-plugin={plugin}", *tail]}, tls


def compile_times(plugin, quick, progress):
    pairs = 1 if quick else 3
    rows = []
    with tempfile.TemporaryDirectory(prefix="segshift-bench-") as work:
        paths = list(sources(work))
        if quick:
            paths = paths[::5]
        for number, path in enumerate(paths):
            progress(f"build: {number + 1} of {len(paths)}, {os.path.basename(path)}")
            both, tls = commands(path, plugin, f"{work}/out.o")
            for command in both.values():  # fills the caches
                compile_cost.cpu_seconds(command)
            runs = {"without": [], "with": []}
            for _ in range(pairs):
                for which in random.sample(sorted(both), 2):
                    runs[which].append(compile_cost.cpu_seconds(both[which]))
            rows.append({"file": os.path.basename(path), "tls": tls, "cxx": path.endswith(".cpp"),
                         "runs": runs})
    return {"files": len(rows), "pairs": pairs, "runs": rows, "classes": {
        "all": summary(rows),
        "C with TLS": summary([r for r in rows if r["tls"] and not r["cxx"]]),
        "C without TLS": summary([r for r in rows if not r["tls"] and not r["cxx"]]),
        "C++ with TLS": summary([r for r in rows if r["tls"] and r["cxx"]]),
        "C++ without TLS": summary([r for r in rows if not r["tls"] and r["cxx"]]),
    }}


def summary(rows):
    """Over the files: sums of the medians, and the median of the pairs' ratios."""
    ratios = [statistics.median(w / o for w, o in zip(r["runs"]["with"], r["runs"]["without"]))
              for r in rows]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {"files": len(rows), "ratio": middle, "quartiles": [low, high],
            **{which: sum(statistics.median(r["runs"][which]) for r in rows)
               for which in ("without", "with")}}


def instructions(plugin, quick, progress):
    """Of one compile, by perf where the machine counts them, else by callgrind, which
    takes minutes."""
    path = os.path.join(ROOT, "kernel-stub", "thread", "thread.cpp")
    with tempfile.TemporaryDirectory(prefix="segshift-bench-") as work:
        both, _ = commands(path, plugin, f"{work}/out.o")
        ways = [("perf stat", perf_count), ("valgrind --tool=callgrind", callgrind_count)]
        for by, count in ways[:1] if quick else ways:
            progress(f"build: instructions, by {by}")
            counts = {which: count(command) for which, command in both.items()}
            if all(counts.values()):
                return {"by": by, "file": os.path.basename(path), **counts}
    return {"absent": "this machine counts none for perf, and valgrind is missing, failed, or left out "
            "by --quick"}


def perf_count(command):
    if not shutil.which("perf"):
        return None
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", *command],
                          capture_output=True, text=True)
    found = re.search(r"^(\d+),,instructions:u", done.stderr, re.M)
    return int(found[1]) if found else None


def callgrind_count(command):
    if not shutil.which("valgrind"):
        return None
    # In one process: callgrind counts the one that it starts.
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", command[0],
                           "-fintegrated-cc1", *command[1:]], capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found and not done.returncode else None


def rewriting(build, quick, progress):
    options = argparse.Namespace(segshift=os.path.join(build, "bin", "segshift"), jobs=None,
                                 llvm="/usr/lib/llvm-22/bin", runs=3 if quick else 11, objdump_runs=0)
    rows = []
    with tempfile.TemporaryDirectory(prefix="segshift-bench-") as work:
        for path in (p for pattern in REWRITTEN for p in glob.glob(pattern)):
            progress(f"build: segshift rewrite {os.path.basename(path)}")
            row = rewrite.summary(path, rewrite.bench(path, options, f"{work}/output"))
            rows.append({"name": os.path.basename(path), "bytes": row["bytes"],
                         "seconds": row["rewrite_wall"], "ratio": row["ratio_wall"],
                         "runs": row["runs"]})
    return rows


def run(build, quick, progress):
    random.seed(1)
    plugin = os.path.join(build, "pass", "SegShift.so")
    return {"compile": compile_times(plugin, quick, progress),
            "instructions": instructions(plugin, quick, progress),
            "rewrite": rewriting(build, quick, progress)}
