"""What the parts of ./dev bench share.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LLVM = "/usr/lib/llvm-22/bin"
# The kernel's TLS modes, in the order of reports.
MODES = ("gs", "fs-switch", "fs-reserved", "fs-shared")


class BenchError(Exception):
    """A part cannot be measured: the message says why."""


def image_of(build, mode):
    return os.path.join(build, "kernel-stub", f"stub-{mode}.elf")


def output_of(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise BenchError(f"{command[0]} not found: ./dev setup installs what is missing") from None
    except subprocess.CalledProcessError as error:
        raise BenchError(f"'{' '.join(command)}' ended with status {error.returncode}: "
                         f"{(error.stderr or '').strip()}") from None


def symbols_of(image):
    """{name: address}"""
    lines = output_of(f"{LLVM}/llvm-nm", image).splitlines()
    found = (re.match(r"([0-9a-f]+) \w (.+)", line) for line in lines)
    return {f[2]: int(f[1], 16) for f in found if f}
