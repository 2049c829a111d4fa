"""Parts "cycles" and "tls": what it takes on this machine's CPU, in a process.

cycles.c times the entry and exit sequences, single base writes, and TLS accesses,
in interleaved rounds.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import random
import statistics

from common import BenchError, output_of


def run_group(build, group, rounds):
    """{variant: {median, quartiles, samples}}, in TSC cycles."""
    out = output_of(os.path.join(build, "qemu", "bench", "cycles"), group, str(rounds))
    result = {}
    for line in out.splitlines():
        name, _, numbers = line.partition("\t")
        samples = [float(n) for n in numbers.split()]
        low, middle, high = statistics.quantiles(samples, n=4)
        result[name] = {"median": middle, "quartiles": [low, high], "samples": samples}
    return result


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
    crossings = result["crossings"]
    result["differences"] = {
        f"{slow} - {fast}": paired_difference(crossings[slow], crossings[fast])
        for slow, fast in pairs(crossings)}
    return result


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
