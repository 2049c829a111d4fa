"""Part "exact": what each crossing executes, to the instruction.

Boots each kernel with crossings.c on a clock of executed instructions, and counts
by a plugin in QEMU (count.c) the instructions and the segment base writes of each
crossing, as they are executed. On the usual processor each boot is done twice and must
give the same.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import collections
import os
import re
import sys
import tempfile

from common import HERE, BenchError, image_of, symbols_of

sys.path.insert(0, os.path.dirname(HERE))
import machine  # noqa: E402

# Programs in ring 0, the kernel's TLS closed to them: --tls-guard.
GUARDED = "0, guarded"
# (mode, ring)
KERNELS = (("gs", 0), ("gs", 3), ("gs", GUARDED), ("fs-switch", 0), ("fs-switch", 3),
           ("fs-reserved", 0), ("fs-shared", 0))
GROUPS = ("null", "write", "fault", "tick", "idle", "futex", "yield-same-fs", "yield-other-fs",
          "clone", "thread-life", "start", "first-call", "signal")
# Where kernel and program share one block, two threads cannot have the same; and
# where the kernel's is fixed, a program has no FS of its own.
IMPOSSIBLE = {"fs-shared": {"yield-same-fs"}, "fs-reserved": {"yield-other-fs"}}
WITHOUT_FS = {"fs-reserved"}

WRITES = ("fs", "gs", "kernel_gs", "swapgs", "selector", "unknown")
FIELDS = ("instructions", *WRITES, "switches")
Event = collections.namedtuple("Event", "name number counters switches")


def names():
    """{number: name} of what crossings.c measures."""
    with open(os.path.join(HERE, "crossings.h"), encoding="utf-8") as file:
        found = re.findall(r"#define ID_\w+ (\d+) +/\* (.*) \*/", file.read())
    return {int(number): name for number, name in found}


def read_events(path):
    switches, events = 0, []
    with open(path, encoding="ascii") as file:
        for line in file:
            name, number, _, *counters = line.split()
            switches += name == "switch"
            events.append(Event(name, int(number), tuple(map(int, counters)), switches))
    return events


def difference(begin, end):
    return (*(e - b for b, e in zip(begin.counters, end.counters)), end.switches - begin.switches)


def samples_of(events):
    """{name: [sample, ...]}, a sample as FIELDS."""
    name_of = names()
    samples = collections.defaultdict(list)
    open_marks, region, entered, woken = {}, None, None, None
    for event in events:
        if event.name == "begin":
            open_marks[event.number] = event
            region = event.number
        elif event.name == "end":
            what = name_of[event.number]
            if not what.startswith("timer interrupt"):
                samples[what].append(difference(open_marks[event.number], event))
            region = None
        elif event.name == "enter":
            entered = event
        elif event.name == "leave" and entered:
            if name_of.get(region) == "timer interrupt into the program":
                samples[name_of[region]].append(difference(entered, event))
        elif event.name == "wake":
            woken = event
        elif event.name == "hlt" or event.name == "switch":
            woken = None
        elif event.name == "iret" and woken:
            if name_of.get(region) == "timer interrupt into the idle loop":
                instructions, *rest = difference(woken, event)
                samples[name_of[region]].append((instructions + 1, *rest))  # the iretq
            woken = None
    # The access that faults is counted, and again when it is repeated.
    what = "demand page fault"
    samples[what] = [(n - 1, *rest) for n, *rest in samples[what]]
    return dict(samples)


def figure_of(samples):
    """The most frequent sample: some meet a timer interrupt, or are the first."""
    return dict(zip(FIELDS, collections.Counter(samples).most_common(1)[0][0]))


def options_for(ring):
    return {3: "ring=3", GUARDED: "tls-guard=1"}.get(ring, "")


def run_program(build, target, mode, ring, groups, timeout):
    """Boots crossings.c; returns what it said."""
    own_fs = [] if mode in WITHOUT_FS else ["--own-fs"]
    with open(os.path.join(build, "qemu", "bench", "crossings"), "rb") as file:
        program = file.read()
    # The guest's paths do not depend on this machine's.
    archive = machine.initrd([["/crossings", *own_fs, "3" if ring == 3 else "0", *groups]], [],
                             [("/crossings", program, 0o755)])
    said = bytearray()
    outcome = machine.boot(target, archive, 1, timeout, {"out": said.extend})
    if outcome.failure or outcome.results != [("exit", 0)]:
        raise BenchError(f"{said.decode(errors='replace').strip()} {outcome.reason}".strip()
                         or f"ended with {outcome.results}")
    return said.decode()


def boot(build, mode, ring, cpu):
    """({name: samples}, what the program said)."""
    image = image_of(build, mode)
    if "switch_stacks" not in (symbols := symbols_of(image)):
        raise BenchError(f"{image}: no symbol switch_stacks, the thread switch")
    folder = os.path.join(build, "qemu", "bench")
    groups = [g for g in GROUPS if g not in IMPOSSIBLE.get(mode, ())]
    with tempfile.TemporaryDirectory(prefix="segshift-bench-") as work:
        events = os.path.join(work, "events")
        plugin = f"{folder}/count.so,out={events},switch={symbols['switch_stacks']:x}"
        target = machine.Machine(image=image, icount=True, cpu=cpu,
                                 append=options_for(ring),
                                 extra=("-plugin", plugin))
        said = run_program(build, target, mode, ring, groups, 300)
        return samples_of(read_events(events)), said.splitlines()


def measure(build, mode, ring, cpu):
    samples, said = boot(build, mode, ring, cpu)
    # That a boot repeats does not depend on the processor.
    again = boot(build, mode, ring, cpu)[0] if cpu == "max" else samples
    figures = {}
    for what in names().values():
        if what in samples:
            figures[what] = {**figure_of(samples[what]), "samples": samples[what],
                             "repeats": samples[what] == again.get(what)}
    return {"figures": figures, "not supported": said}


def run(build, quick, progress, cpu="max"):
    del quick  # it takes seconds
    result = {"fields": FIELDS, "kernels": {}, "absent": {}}
    for mode, ring in KERNELS:
        name = f"{mode}, ring {ring}"
        progress(f"exact: {name}")
        if not os.path.exists(image_of(build, mode)):
            result["absent"][name] = "no such kernel was built"
            continue
        try:
            result["kernels"][name] = measure(build, mode, ring, cpu)
        except (BenchError, machine.RunError) as error:
            result["absent"][name] = str(error)
    return result
