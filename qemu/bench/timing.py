"""Parts "cycles" and "tls": what it takes on this machine's CPU, in a process.

cycles.c times the entry and exit sequences, single base writes, and TLS accesses,
in interleaved rounds.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import random
import statistics

import exact
import machine
from common import BenchError, image_of, output_of


def samples_of(text):
    """{variant: samples} of lines as cycles.c and crossings.c write them."""
    lines = (line.partition("\t") for line in text.splitlines() if "\t" in line)
    return {name: [float(n) for n in numbers.split()] for name, _, numbers in lines}


def summary(samples):
    low, middle, high = statistics.quantiles(samples, n=4)
    return {"median": middle, "quartiles": [low, high], "samples": samples}


def run_group(build, group, rounds):
    """{variant: {median, quartiles, samples}}, in TSC cycles."""
    out = output_of(os.path.join(build, "qemu", "bench", "cycles"), group, str(rounds))
    return {name: summary(samples) for name, samples in samples_of(out).items()}


def paired_difference(a, b):
    """Median of a - b by rounds, with a 95 % interval of it by resampling."""
    differences = [x - y for x, y in zip(a["samples"], b["samples"])]
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(differences, k=len(differences)))
                     for _ in range(1000))
    return {"median": statistics.median(differences), "interval": [medians[25], medians[975]]}


def run_cycles(build, quick, progress):
    rounds = 21 if quick else 301
    result = {"rounds": rounds}
    for group in ("bases", "crossings"):
        progress(f"cycles: {group}, {rounds} rounds")
        try:
            result[group] = run_group(build, group, rounds)
        except BenchError as error:
            return {"absent": str(error)}
    result["kvm"] = run_kvm(build, 1 if quick else 5, progress)
    crossings = result["crossings"]
    result["differences"] = {
        f"{slow} - {fast}": paired_difference(crossings[slow], crossings[fast])
        for slow, fast in pairs(crossings)}
    return result


def run_kvm(build, boots, progress, accel="kvm"):
    """The stub itself, booted under KVM, the kernels in turns."""
    samples = {}
    for turn in range(boots):
        for mode, ring in exact.KERNELS:
            name = f"{mode}, ring {ring}"
            if not os.path.exists(image_of(build, mode)):
                continue
            progress(f"cycles: under KVM, {turn + 1} of {boots}, {name}")
            target = machine.Machine(image=image_of(build, mode), accel=accel,
                                     append=exact.options_for(ring))
            try:
                said = exact.run_program(build, target, mode, ring, ["time"], 20)
            except (BenchError, machine.RunError) as error:
                if not samples:
                    return {"absent": f"{name}: {error}"}
                continue  # a kernel without this ring
            for what, numbers in samples_of(said).items():
                samples.setdefault(name, {}).setdefault(what, []).extend(numbers)
    return {"kernels": {name: {what: summary(numbers) for what, numbers in whats.items()}
                        for name, whats in samples.items()}}


def pairs(crossings):
    """(with the FS switch, with GS) of the same ring and kind."""
    for name in crossings:
        other = name.replace("fs-switch", "gs")
        if other != name and other in crossings:
            yield name, other


def run_tls(build, quick, progress):
    rounds = 21 if quick else 301
    progress(f"tls: {rounds} rounds")
    try:
        return {"rounds": rounds, "accesses": run_group(build, "accesses", rounds)}
    except BenchError as error:
        return {"absent": str(error)}
