#!/usr/bin/env python3
"""Runs programs of this machine here and in the stub, and compares.

  programs.py check GROUP... --work DIR [--config 'OPTIONS']... -- RUNNER...
      Each program of the groups, once here and once in the stub for each set of the
      runner's OPTIONS (default: one, empty). Standard output and exit status must be
      the same. Programs that the machine does not have are skipped, and named.
      Exit status: 1 if one differs.

  programs.py table --work DIR -- RUNNER...
      The table of docs/programs.md, on standard output.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import argparse
import collections
import dataclasses
import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 600  # seconds for one program: room on a busy machine


@dataclasses.dataclass
class Program:
    name: str
    group: str
    command: list  # the program: a name that is looked up, or a path
    libc: str = "glibc"
    stdin: bytes = b""
    files: list = ()  # for the guest, as --file takes them
    env: list = ()
    # Bytes that the output must have; None: it must be what the program says here.
    expect: list = None
    stderr: bool = False  # compared too
    status: int = 0  # here; None: it is not run here, and has to expect something
    what: str = ""  # for the table: threads and the like


class Skip(Exception):
    """The machine does not have what a program needs."""


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"no {tool} here")


def shell(*words, **options):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(words)} failed:\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


# Groups: each function yields programs, or raises Skip.

def built(kind, libc, tool, names):
    def group(work):
        need(tool)
        folder = os.path.join(work, kind)
        for line in shell(os.path.join(HERE, "build.sh"), folder, kind).splitlines():
            command = line.split()
            name = os.path.basename(command[0])
            files = []
            if name == "plugins":
                files = [os.path.join(folder, f) for f in sorted(os.listdir(folder))
                         if f.endswith("-gd.so") or f.endswith("-ie.so")]
            yield Program(name, kind, command, libc, files=files, what=names[name])
    return group


WHAT = {
    "threads": "`__thread` of 3 B to 1 MiB, aligned to 4096; errno, mutex, condition "
               "variable, thread-specific data",
    "ends": "pthread_exit, pthread_cancel",
    "models": "every TLS model",
    "plugins": "dlopen with static surplus and beyond it, dlmopen",
    "cxx-threads": "`thread_local` objects, exceptions across threads, std::async",
}


def busybox(work):
    need("busybox")
    lines = os.path.join(work, "lines")
    with open(lines, "w") as file:
        file.write("".join(f"{n * 7919 % 101} line {n}\n" for n in range(200)))
    script = os.path.join(work, "script.sh")
    with open(script, "w") as file:
        file.write("i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo $i; done\n"
                   "f() { local x=$1; echo \"f ${x#a} ${x%c} ${#x}\"; }; f abc\n"
                   "while read a b c; do case $a in 1*) echo \"$c $a\";; esac; done < \"$1\"\n"
                   "cd /; pwd; test -f \"$1\" && echo found; echo out > \"$1.out\"\n"
                   "read x < \"$1.out\"; echo $x; printf '%05d %s\\n' 42 end; exit 3\n")
    def p(name, *words, **options):
        return Program(f"busybox {name}", "busybox", ["busybox", name, *words],
                       files=[lines, script], **options)
    yield p("sh", script, lines, status=3)
    yield p("cat", lines)
    yield p("cat", stdin=bytes(range(256)) * 40, what="standard input")
    yield p("md5sum", lines, script)
    yield p("awk", "{ s += $1 } END { print NR, s, length($0), toupper($2) }", lines)
    yield p("sort", "-n", lines)
    yield p("ls", "-l", os.path.dirname(lines), expect=[b" lines\n", b" script.sh\n"])
    yield p("find", os.path.dirname(lines), "-name", "lines")
    yield p("sed", "-n", "s/line \\(1.*\\)/\\1/p", lines)


def debian(work):
    lines = os.path.join(work, "lines")
    if not os.path.exists(lines):
        with open(lines, "w") as file:
            file.write("".join(f"{n * 7919 % 101} line {n}\n" for n in range(200)))
    database = os.path.join(work, "data.db")

    def p(name, *words, **options):
        if not shutil.which(words[0]):
            return Skip(f"{name}: no {words[0]} here")
        return Program(name, "debian", list(words), **options)

    yield p("ls -lR /", "/bin/ls", "-lR", "/", expect=[b"/usr/bin:\n", b" ls\n", b"/dev:\n"],
            status=None)
    yield p("ls -l", "/bin/ls", "-l", lines, files=[lines, "/etc/passwd", "/etc/group"],
            env=["TZ=UTC"])
    yield p("cat", "/bin/cat", lines, files=[lines])
    yield p("cat -", "/bin/cat", "-", lines, files=[lines], stdin=b"first\nsecond\n",
            what="standard input")
    yield p("env", "/usr/bin/env", "A=1", "B=two words", env=["C=3"])
    yield p("sort", "/usr/bin/sort", "-n", lines, files=[lines])
    yield p("sha256sum", "/usr/bin/sha256sum", "/bin/ls", files=["/bin/ls"])
    yield p("grep", "/bin/grep", "-n", "line 1[0-4]$", lines, files=[lines])
    yield p("dash", "/bin/dash", "-c", "for i in 1 2 3; do echo $((i*i)); done; read l < $0; "
            "echo \"$l\"; exit 4", lines, files=[lines], status=4)
    yield p("bash", "/bin/bash", "-c", "a=(x y z); for i in ${!a[@]}; do echo $i ${a[$i]^^}; done; "
            "mapfile -t m < $0; echo ${#m[@]}; [[ ab =~ a(.) ]] && echo ${BASH_REMATCH[1]}", lines,
            files=[lines])
    if shutil.which("sqlite3"):
        if os.path.exists(database):
            os.remove(database)
        shell("sqlite3", database,
              "create table t(a integer primary key, b text); with recursive c(n) as (select 1 "
              "union all select n+1 from c where n<500) insert into t select n, 'row '||n from c; "
              "create index i on t(b);")
    yield p("sqlite3", "sqlite3", database,
            "select count(*), sum(a) from t; select b from t where b glob 'row 4*' order by b limit 3;",
            files=[database])
    new = os.path.join(work, "new.db")  # in the stub, its folder is there and empty
    if os.path.exists(new):
        os.remove(new)
    yield p("sqlite3 writing", "sqlite3", new,
            "create table n(x); begin; insert into n values(1),(2); commit; "
            "insert into n select x+2 from n; select group_concat(x) from n; pragma integrity_check;",
            files=[lines], what="journal on tmpfs")
    yield p("lua5.4", "lua5.4", "-e", "local t={} for i=1,1e5 do t[i]=tostring(i) end "
            "local co=coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end) "
            "print(#t, co()+co(), string.format('%.3f', math.pi), #io.open(arg[0] and '" + lines
            + "' or '" + lines + "'):read('a'), pcall(error, 'x'))", files=[lines])
    yield p("perl", "perl", "-e", "my %h; $h{$_%100} += $_ for 1..20000; print join(',', map "
            "{$h{$_}} sort {$a<=>$b} keys %h), \"\\n\"; open F, '<', $ARGV[0]; my @l = <F>; "
            "print scalar(@l), ' ', (grep /line 1\\d\\d/, @l) + 0, \"\\n\"; eval { die \"caught\\n\" }; "
            "print $@; local $SIG{ALRM} = sub { print \"signal\\n\" }; kill ALRM => $$; sleep 0;",
            lines, files=[lines])
    yield p("perl modules", "perl", "-MPOSIX=floor", "-MList::Util=sum,shuffle", "-e",
            "print sum(1..10), ' ', floor(3.7), \"\\n\"",
            files=[f for f in ["/usr/lib/x86_64-linux-gnu/perl-base"] if os.path.isdir(f)])
    yield from python(p, lines)
    yield p("gawk", "gawk", "BEGIN { for (i = 0; i < 20000; i++) { s += sqrt(i); a[i % 7] += i } "
            "printf \"%.6f %d\\n\", s, a[3] } /line 5/ { n++ } END { print n, NR, toupper(\"x\") }",
            lines, files=[lines])
    ssl = [f for f in ["/usr/lib/ssl/openssl.cnf"] if os.path.exists(f)]
    yield p("openssl dgst", "openssl", "dgst", "-sha512", lines, files=[lines, *ssl])
    yield p("openssl enc", "openssl", "enc", "-aes-256-ctr", "-K", "00" * 32, "-iv", "11" * 16,
            "-in", lines, files=[lines, *ssl])
    yield p("openssl speed", "openssl", "speed", "-seconds", "1", "-bytes", "1024", "sha256",
            files=ssl, expect=[b"sha256 "], what="SIGALRM")
    yield p("openssl prime", "openssl", "prime", "2305843009213693951", files=ssl)
    yield p("redis-server --version", "redis-server", "--version")
    yield p("redis-benchmark --version", "redis-benchmark", "--version")
    yield p("gzip", "/bin/gzip", "-9nc", lines, files=[lines])
    yield p("xz", "/usr/bin/xz", "-c", lines, files=[lines])
    yield p("find", "/usr/bin/find", os.path.dirname(lines), "-name", "lines", files=[lines])
    yield p("tar", "/bin/tar", "-C", os.path.dirname(lines), "--mtime=@0", "--owner=0", "--group=0",
            "-cf", "-", "lines", files=[lines, "/etc/passwd", "/etc/group"])


def python(p, lines):
    """Debian's, not one of the user's."""
    written = lines + ".written"
    name = next((n for n in ("/usr/bin/python3.11", "/usr/bin/python3.12", "/usr/bin/python3.13")
                 if os.path.exists(n)), "/usr/bin/python3")
    version = os.path.basename(os.path.realpath(name))
    library = f"/usr/lib/{version}"
    if not os.path.isdir(library):
        yield Skip("python3: no Debian package python3 here")
        return
    files = [library + "/" + f for f in ("threading.py", "_weakrefset.py", "functools.py",
                                         "collections", "reprlib.py", "keyword.py", "operator.py",
                                         "types.py", "heapq.py", "json", "re", "enum.py",
                                         "copyreg.py", "encodings", "random.py", "warnings.py",
                                         "bisect.py", "hashlib.py", "_collections_abc.py",
                                         "codecs.py", "io.py", "abc.py", "os.py", "stat.py",
                                         "posixpath.py", "genericpath.py", "site.py",
                                         "_sitebuiltins.py", "importlib", "contextlib.py",
                                         "queue.py", "traceback.py", "linecache.py",
                                         "tokenize.py", "token.py", "textwrap.py", "__pycache__",
                                         "lib-dynload")]
    files = [f for f in files if os.path.exists(f)]
    yield p("python3 threading", name, "-c",
            "import threading, json\n"
            "r = []; local = threading.local(); lock = threading.Lock()\n"
            "def f(i):\n"
            "    local.x = i\n"
            "    for n in range(2000): local.x += 1\n"
            "    with lock: r.append(local.x)\n"
            "ts = [threading.Thread(target=f, args=(i,)) for i in range(5)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]\n"
            "e = threading.Event(); threading.Timer(0.01, e.set).start(); e.wait(100)\n"
            "print(sorted(r), e.is_set(), json.dumps({'a': [1, 2.5, None]}))\n"
            "import sys; sys.exit(7)", files=files, what="threads, locks, time-outs", status=7)
    yield p("python3 exceptions", name, "-c",
            "import signal, os, math\n"
            "signal.signal(signal.SIGUSR1, lambda s, f: print('signal', s))\n"
            "os.kill(os.getpid(), signal.SIGUSR1)\n"
            "try: open('/none')\n"
            "except FileNotFoundError as e: print(e)\n"
            f"open('{written}', 'w').write('x' * 10000); print(os.stat('{written}').st_size)\n"
            "print(math.factorial(50), sum(i * i for i in range(100000)))",
            files=files + [library + "/signal.py", lines], what="signals, files")


def go(work):
    need("go")
    program = os.path.join(work, "goroutines")
    environment = dict(os.environ, CGO_ENABLED="0", GOCACHE=os.path.join(work, "go-cache"),
                       GOPATH=os.path.join(work, "go"), GOFLAGS="-mod=mod", GO111MODULE="off",
                       HOME=work)
    shell("go", "build", "-o", program, os.path.join(HERE, "goroutines.go"), env=environment)
    yield Program("goroutines", "go", [program, "x"], libc="none (Go)",
                  what="goroutines over its threads, garbage collection, a SIGSEGV that becomes a panic")


def rust(work):
    need("rustc")
    source = os.path.join(HERE, "threads.rs")
    for name, options in (("dynamic", []), ("static", ["-Ctarget-feature=+crt-static"])):
        program = os.path.join(work, f"rust-{name}")
        shell("rustc", "-O", *options, source, "-o", program)
        yield Program(f"std {name}", "rust", [program],
                      what="`thread_local!` with destructors, a panic that is caught")


GROUPS = {
    "glibc-static": built("glibc-static", "glibc", "gcc", WHAT),
    "glibc-static-pie": built("glibc-static-pie", "glibc", "gcc", WHAT),
    "glibc-dynamic": built("glibc-dynamic", "glibc", "gcc", WHAT),
    "musl-static": built("musl-static", "musl", "musl-gcc", WHAT),
    "musl-dynamic": built("musl-dynamic", "musl", "musl-gcc", WHAT),
    "cxx-static": built("cxx-static", "glibc", "g++", WHAT),
    "cxx-static-pie": built("cxx-static-pie", "glibc", "g++", WHAT),
    "cxx-dynamic": built("cxx-dynamic", "glibc", "g++", WHAT),
    "busybox": busybox,
    "debian": debian,
    "go": go,
    "rust": rust,
}


def programs_of(names, work, skipped):
    """The programs of these groups that the machine has; the others' reasons are
    appended to skipped."""
    os.makedirs(work, exist_ok=True)
    for name in names:
        try:
            for program in GROUPS[name](os.path.abspath(work)):
                if isinstance(program, Skip):
                    skipped.append(f"{name}: {program}")
                else:
                    yield program
        except Skip as reason:
            skipped.append(f"{name}: {reason}")


@dataclasses.dataclass
class Result:
    status: int
    out: bytes
    err: bytes

    def text(self):
        return (f"status {self.status}\n--- output:\n{self.out.decode(errors='replace')[-3000:]}"
                f"\n--- standard error:\n{self.err.decode(errors='replace')[-3000:]}")


def run(command, stdin, **options):
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT, **options)
    except subprocess.TimeoutExpired as error:
        return Result(124, error.stdout or b"", (error.stderr or b"") + b"\ntime-out")
    status = done.returncode
    return Result(status if status >= 0 else 128 - status, done.stdout, done.stderr)


def run_here(program):
    if program.status is None:
        return Result(0, b"", b"")
    path = shutil.which(program.command[0])
    return run([path, *program.command[1:]], program.stdin, cwd="/",
               env=dict(v.split("=", 1) for v in program.env))


def run_in_stub(program, runner, options):
    command = [*runner, *options, f"--timeout={TIMEOUT - 20}"]
    for file in program.files:
        command.append(f"--file={file}")
    for variable in program.env:
        command.append(f"--env={variable}")
    return run([*command, shutil.which(program.command[0]), *program.command[1:]], program.stdin)


def differs(program, here, there):
    """What is wrong with the run in the stub; "" if nothing."""
    if program.expect is not None:  # what is here is not what is there
        if there.status:
            return f"exit status {there.status}"
        missing = [e for e in program.expect if e not in there.out]
        return f"output lacks {missing[0]!r}" if missing else ""
    if there.status != here.status:
        return f"exit status {there.status}, here {here.status}"
    if there.out != here.out:
        return "another output than here"
    if program.stderr and there.err != here.err:
        return "another standard error than here"
    return ""


def check(options):
    failed, skipped = 0, []
    for program in programs_of(options.groups, options.work, skipped):
        if options.only and not re.search(options.only, program.name):
            continue
        here = run_here(program)
        if program.status is not None and here.status != program.status:
            print(f"FAILED: {program.group}: {program.name}: not even here: {here.text()}")
            failed += 1
            continue
        for config in options.config or [""]:
            there = run_in_stub(program, options.runner, shlex.split(config))
            trouble = differs(program, here, there)
            print(f"{'FAILED' if trouble else 'ok'}: {program.group}: {program.name}"
                  f"{' [' + config + ']' if config else ''}{': ' + trouble if trouble else ''}",
                  flush=True)
            if trouble:
                failed += 1
                print(f"--- here: {here.text()}\n--- in the stub: {there.text()}", flush=True)
    for reason in skipped:
        print(f"skipped: {reason}")
    return failed != 0


# The table.

# The first run's --strace tells the system calls.
RING_RUNS = (("ring 0", ["--strace"]), ("ring 0, 4 CPUs", ["--smp=4"]),
             ("ring 3, 4 CPUs", ["--ring=3", "--smp=4"]))
CALL = re.compile(rb"^\[pid (\d+)\] (\w+)\((.*)", re.M)


def linking(path):
    headers = shell("readelf", "-lW", path)
    if "INTERP" in headers:
        return "dynamic"
    return "static-pie" if "DYN (" in headers or "Type DYN" in headers else "static"


MODELS = (("R_X86_64_DTPMOD64", "GD/LD"), ("R_X86_64_TPOFF64", "IE"), ("R_X86_64_TLSDESC", "TLSDESC"))


def tls_models(path, files):
    """Of the program, and of the libraries that it loads at start."""
    found = set()
    objects = [path, *[f for f in files if f.endswith(".so")]]
    if linking(path) == "dynamic":
        listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        objects += re.findall(r"(/\S+) \(0x", listed)
        objects += re.findall(r"NEEDED.*\[(/.*)\]", shell("readelf", "-dW", path))
    for number, name in enumerate(objects):
        dump = shell("readelf", "-rlW", name)
        for relocation, model in MODELS:
            if relocation in dump:
                found.add(model)
        if number == 0 and " TLS " in dump:
            found.add("LE")
    return ", ".join(sorted(found)) or "none"


def table(options):
    skipped, rows, missing, all_calls = [], [], collections.defaultdict(set), []
    for program in programs_of(options.groups or GROUPS, options.work, skipped):
        here = run_here(program)
        theres = [run_in_stub(program, options.runner, flags) for _, flags in RING_RUNS]
        runs = ["no" if differs(program, here, there) else "yes" for there in theres]
        traced = theres[0]
        calls, threads = set(), set()
        for thread, name, rest in CALL.findall(traced.err):
            calls.add(name)
            threads.add(thread)
            if rest.endswith(b"-1 ENOSYS"):
                missing[name.decode()].add(program.name)
        all_calls.append(calls)
        path = shutil.which(program.command[0])
        rows.append((program.group, program.name, program.libc, linking(path), str(len(threads)),
                     tls_models(path, program.files), str(len(calls)), *runs, program.what))
        print(rows[-1], file=sys.stderr)
    heads = ("group", "program", "C library", "linking", "threads", "TLS models", "system calls",
             *[name for name, _ in RING_RUNS], "what it uses")
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print("\nSystem calls that they made and that the stub does not have (`ENOSYS`):\n")
    for name in sorted(missing):
        users = sorted(missing[name])
        print(f"- `{name}`: {', '.join(users[:6])}{' and others' if len(users) > 6 else ''}")
    if not missing:
        print("none.")
    every = set().union(*(set(r) for r in all_calls)) if all_calls else set()
    print(f"\nAll of them together made {len(every)} different calls.")
    for reason in skipped:
        print(f"\nSkipped: {reason}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("check", "table"))
    parser.add_argument("groups", nargs="*", help=", ".join(GROUPS))
    parser.add_argument("--work", required=True, metavar="DIR", help="where programs are built")
    parser.add_argument("--config", action="append", metavar="OPTIONS")
    parser.add_argument("--only", metavar="REGEX", help="only programs whose name has this")
    words = sys.argv[1:]
    if "--" not in words:
        parser.error("say after '--' how the runner is called")
    at = words.index("--")
    options = parser.parse_args(words[:at])
    options.runner = words[at + 1:]
    unknown = [g for g in options.groups if g not in GROUPS]
    if unknown:
        parser.error(f"no group {unknown[0]}")
    if shutil.which(options.runner[0]) is None:
        parser.error(f"no runner {options.runner[0]}")
    return check(options) if options.action == "check" else table(options)


if __name__ == "__main__":
    sys.exit(main())
