# Configuration of the lit suites. Substitutions:
#   %clang %clangxx   clang-22 without the plugin
#   %plugin           path of SegShift.so
#   %gcc12-plugin     path of the plugin for GCC 12; and %gcc11-plugin
#   %segshift         the segshift command
#   %stub_gs, %stub_fs_shared   the kernel images
#   %llvm/NAME        a tool of LLVM 22
#   %src %build       the source and build folders
#   %configs          options of programs.py: the runner's for this CPU
#   %coverage         flags for what tests compile of runtime/, in ./dev coverage
#   %run              qemu/run.py with the build's paths, and with a time limit that only
#                     what hangs comes to, however busy the machine is
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import shutil
import subprocess
import sys

import lit.formats

config.name = "segshift"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".test", ".ll", ".c", ".cpp", ".mir", ".s", ".f90"]
config.excludes = ["Inputs", "corpus", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = config.segshift_source + "/test"
config.test_exec_root = config.segshift_build + "/test"

sys.path.insert(0, config.test_source_root)
from boots import Boots  # noqa: E402

boots = Boots(config.test_source_root + "/boot/boots.table")
suite = config.segshift_suite
if suite != "max":  # which is all of test/, with the boots that choose no other suite
    config.name = f"segshift boot/{suite}"
    config.test_source_root += "/boot"
    config.test_exec_root = os.path.dirname(config.segshift_site)
config.excludes += [test + ".test" for test in boots.not_in(suite)]
run_options = "".join(" " + option for option in boots.options[suite])

src, build, llvm = config.segshift_source, config.segshift_build, config.llvm_tools
config.environment["PATH"] = os.pathsep.join([llvm, os.environ["PATH"]])
# Locale and compiler environment must not change what tools print, nor the caller's mask
# the modes of what they make.
config.environment["LC_ALL"] = "C"
os.umask(0o022)
if "LLVM_PROFILE_FILE" in os.environ:  # ./dev coverage
    config.environment["LLVM_PROFILE_FILE"] = os.environ["LLVM_PROFILE_FILE"]
    config.environment["LLD_IN_TEST"] = "1"  # lld ends by exit(), which writes the profile

for name, value in [
    ("%gcc11-plugin", build + "/pass/gcc-11/segshift_gcc.so"),
    ("%gcc12-plugin", build + "/pass/gcc-12/segshift_gcc.so"),
    ("%clangxx", llvm + "/clang++"),
    ("%clang", llvm + "/clang"),
    ("%plugin", build + "/pass/SegShift.so"),
    ("%segshift", build + "/bin/segshift"),
    ("%stub_gs", build + "/kernel-stub/stub-gs.elf"),
    ("%stub_fs_shared", build + "/kernel-stub/stub-fs-shared.elf"),
    ("%run", f"/usr/bin/env python3 {src}/qemu/run.py --build={build} --timeout=600{run_options}"),
    ("%python", "/usr/bin/env python3"),
    ("%llvm", llvm),
    ("%coverage", config.segshift_coverage),
    ("%configs", " ".join(f"--config='{c}'" for c in boots.programs[suite])),
    ("%src", src),
    ("%build", build),
]:
    config.substitutions.append((name, value))

# A feature for each tool that a test may REQUIRE: its absence is printed as the
# reason of the skip.
for tool in [
    "qemu-system-x86_64", "musl-gcc", "gcc", "g++", "gcc-12", "g++-12", "clang-14",
    "clang-19", "rustc", "make", "ld.bfd", "gold", "busybox", "valgrind", "gdb", "strace",
    "go", "sqlite3", "lua5.4", "perl", "gawk", "openssl", "redis-benchmark", "pkg-config", "meson",
    "git", "gfortran-12", "gnatmake-12", "gdc-12", "clang-format-22", "clang-tidy-22", "shellcheck", "pyflakes3", "dpkg-deb",
]:
    if shutil.which(tool):
        config.available_features.add(tool)

# Built for the GCC whose headers are there: see pass/gcc-plugin/CMakeLists.txt.
for version in ("11", "12"):
    if os.path.exists(f"{build}/pass/gcc-{version}/segshift_gcc.so"):
        config.available_features.add(f"gcc-plugin-{version}")

# The plugin fits a rustc whose LLVM has the same version.
if shutil.which("rustc") and "LLVM version: 22.1" in subprocess.run(
        ["rustc", "-vV"], capture_output=True, text=True).stdout:
    config.available_features.add("rustc-llvm-22")

# LLDB needs its Python module, which is a package of its own.
lldb = llvm + "/lldb"
if os.path.exists(lldb) and os.path.exists(
        subprocess.run([lldb, "-P"], capture_output=True, text=True).stdout.strip() + "/lldb"):
    config.available_features.add("lldb")
    config.substitutions.append(("%lldb", lldb))

# Debian keeps Wine's loader beside its libraries. ./dev setup does not install it.
wine = next(filter(os.path.exists, ["/usr/lib/wine/wine64", "/usr/lib/wine/wine"]), None)
if wine:
    config.available_features.add("wine")
    config.substitutions.append(("%wine", wine))

# Debian's python3, whatever is first in PATH.
if os.path.exists("/usr/bin/python3") and os.path.isdir(
        "/usr/lib/" + os.path.basename(os.path.realpath("/usr/bin/python3"))):
    config.available_features.add("python3-debian")

# A QEMU that takes our plugin (count.c). Loaded without arguments, the plugin says
# what it needs, and QEMU ends.
qemu = shutil.which("qemu-system-x86_64")
if qemu and b"give out=FILE" in subprocess.run(
        [qemu, "-plugin", f"{build}/qemu/bench/count.so"], capture_output=True).stderr:
    config.available_features.add("qemu-plugin")

if os.geteuid() == 0:
    config.available_features.add("root")  # for files' owners, and priorities

# What is packaged has no debug information, and no paths of this machine.
if config.segshift_build_type == "Release":
    config.available_features.add("release-build")
# Not built by the presets of sanitizers and coverage: nothing in it would be theirs.
if os.path.exists(build + "/kernel-stub/stub-gs.elf"):
    config.available_features.add("stub")
# Built if GCC 12's libstdc++.a is there: see kernel-stub/CMakeLists.txt.
if os.path.exists(build + "/kernel-stub/stub-gs-cxx.elf"):
    config.available_features.add("stub-cxx")
# Built if musl-dev is there: see runtime/hosted/CMakeLists.txt.
if os.path.exists(build + "/hosted/libsecondlibc.so"):
    config.available_features.add("second-libc")
if os.path.exists(build + "/hosted/libsecondglibc-for-musl.so"):
    config.available_features.add("second-glibc")
if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0:
    config.available_features.add("namespaces")  # of the user's own: not in each container
if os.path.exists("/usr/bin/python3"):
    config.available_features.add("debian-python3")
if os.path.exists(build + "/test/fuzz/audit_fuzzer"):
    config.available_features.add("fuzzer")
