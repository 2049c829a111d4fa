#!/usr/bin/env python3
"""Compile time with the plugin against compile time without it.

compile-cost.py --plugin=build/pass/SegShift.so [--pairs=N] [--flags='-O2 ...'] FILE...

Each FILE (.c, .cc, .cpp, .i, .ii, .bc, .ll) is compiled to an object --pairs
times with and without the plugin, in turns and in random order within a pair, so
that a change of the machine's speed hits both alike. Measured is the processor
time, user and system, of the whole compiler process with its children
(wait4(2)). A file's figure is the median over its pairs of (with / without); the
last line is the median over the files. Without FILEs, a set of large C++ files is
made from the standard library's and LLVM's headers (--list shows it).

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile

# Real translation units are mostly headers; each of these is one with some use.
MADE = {
    "ranges": """#include <algorithm>
#include <map>
#include <ranges>
#include <string>
#include <vector>
thread_local std::map<std::string, std::vector<int>> cache;
int sum(const std::string &k) {
  auto v = cache[k] | std::views::filter([](int i) { return i & 1; });
  int s = 0;
  for (int i : v) s += i;
  std::ranges::sort(cache[k]);
  return s;
}
""",
    "regex": """#include <iostream>
#include <regex>
#include <sstream>
thread_local int matches;
int count(const std::string &text, const std::string &pattern) {
  std::regex r(pattern);
  for (std::sregex_iterator i(text.begin(), text.end(), r), e; i != e; ++i) ++matches;
  std::ostringstream o;
  o << matches << ' ' << text.size();
  return static_cast<int>(o.str().size());
}
""",
    "threads": """#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
struct Pool {
  std::mutex m; std::condition_variable c; std::deque<std::function<void()>> q;
  static thread_local int self;
  void push(std::function<void()> f) { { std::lock_guard l(m); q.push_back(std::move(f)); } c.notify_one(); }
  void run() { for (;;) { std::unique_lock l(m); c.wait(l, [&] { return !q.empty(); }); auto f = q.front(); q.pop_front(); l.unlock(); f(); ++self; } }
};
thread_local int Pool::self;
thread_local std::unordered_map<int, std::string> names;
void start(Pool &p) { std::thread([&] { p.run(); }).detach(); names[Pool::self] = "x"; }
""",
    "llvm-ir": """#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
using namespace llvm;
thread_local unsigned made;
Function *make(Module &m) {
  IRBuilder<> b(m.getContext());
  auto *f = Function::Create(FunctionType::get(b.getInt32Ty(), {b.getInt32Ty()}, false), Function::ExternalLinkage, "f", m);
  b.SetInsertPoint(BasicBlock::Create(m.getContext(), "", f));
  b.CreateRet(b.CreateAdd(f->getArg(0), b.getInt32(++made)));
  return f;
}
""",
    "llvm-mi": """#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/MachineRegisterInfo.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/ADT/DenseMap.h"
using namespace llvm;
thread_local DenseMap<const MachineInstr *, unsigned> numbered;
unsigned number(MachineFunction &mf) {
  for (auto &b : mf) for (auto &i : b) numbered[&i] = numbered.size();
  return numbered.size();
}
""",
}


def cpu_seconds(command):
    """Processor time of command and its children; raises if it fails."""
    child = subprocess.Popen(command, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{shlex.join(command)}:\n{said.decode()}")
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--clang", default="clang++-22")
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--flags", default="-O2 -std=c++20 -fPIE -I/usr/lib/llvm-22/include")
    parser.add_argument("--list", action="store_true", help="print the made files' names and end")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if options.list:
        print("\n".join(MADE))
        return 0
    random.seed(1)
    with tempfile.TemporaryDirectory() as work:
        files = options.files
        if not files:
            for name, text in MADE.items():
                files.append(os.path.join(work, name + ".cpp"))
                with open(files[-1], "w") as f:
                    f.write(text)
        output = os.path.join(work, "out.o")
        print(f"{'file':32} {'without, s':>10} {'with, s':>10} {'ratio':>8} {'quartiles':>17}")
        medians = []
        for path in files:
            flags = [f for f in shlex.split(options.flags)
                     if not (path.endswith(".c") and f.startswith("-std=c++"))]
            plain = [options.clang, *(["-x", "c"] if path.endswith(".c") else []), *flags, "-w",
                     "-c", path, "-o", output]
            moved = [plain[0], f"-fpass-plugin={options.plugin}", *plain[1:]]
            cpu_seconds(plain), cpu_seconds(moved)  # fill the caches
            ratios, without, with_it = [], [], []
            for _ in range(options.pairs):
                seconds = {}
                for which in random.sample(["plain", "moved"], 2):
                    seconds[which] = cpu_seconds(plain if which == "plain" else moved)
                without.append(seconds["plain"])
                with_it.append(seconds["moved"])
                ratios.append(seconds["moved"] / seconds["plain"])
            low, middle, high = statistics.quantiles(ratios, n=4)
            medians.append(middle)
            print(f"{os.path.basename(path):32} {statistics.median(without):10.3f} "
                  f"{statistics.median(with_it):10.3f} {middle:8.4f}   {low:.4f}–{high:.4f}", flush=True)
        print(f"median over {len(files)} files: {statistics.median(medians):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
