"""The machine and the versions that a report's figures belong to.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import datetime
import os
import platform
import subprocess

from common import ROOT


def first_line(*command):
    try:
        out = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return out.splitlines()[0].strip() if out else None


def cpu_fields():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = file.read().split("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def system_name():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def describe():
    cpu = cpu_fields()
    flags = cpu.get("flags", "").split()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": first_line("git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"),
        "machine": {
            "cpu": cpu.get("model name"),
            "family, model, stepping": [cpu.get(k) for k in ("cpu family", "model", "stepping")],
            "MHz": cpu.get("cpu MHz"),
            "cpus": os.cpu_count(),
            "fsgsbase": "fsgsbase" in flags,
            "virtual machine": "hypervisor" in flags,
            "load": os.getloadavg()[0],
            "kernel": platform.release(),
            "system": system_name(),
        },
        "versions": {
            "clang": first_line("clang-22", "--version"),
            "lld": first_line("ld.lld-22", "--version"),
            "gcc": first_line("gcc", "--version"),
            "qemu": first_line("qemu-system-x86_64", "--version"),
            "python": platform.python_version(),
        },
    }
