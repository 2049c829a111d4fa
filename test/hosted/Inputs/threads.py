# Threads, subprocesses and signals in CPython.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import concurrent.futures
import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

ticks = 0


def tick(number, frame):
    global ticks
    ticks += 1


signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)


def work(n):
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(256)) * n)
        file.seek(0)
        time.sleep(0.001)
        ctypes.set_errno(n)
        return hashlib.sha256(file.read()).hexdigest()[:8], ctypes.get_errno() == n


with concurrent.futures.ThreadPoolExecutor(6) as pool:
    results = list(pool.map(work, range(1, 60)))
assert all(ok for _, ok in results)
print(hashlib.sha256(repr(results).encode()).hexdigest())

local = threading.local()
done = []


def end():
    local.x = os.getpid()
    done.append(local.x == os.getpid())


for _ in range(40):
    threads = [threading.Thread(target=end) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
print(len(done), all(done))
signal.setitimer(signal.ITIMER_REAL, 0)
print(subprocess.run(["/bin/echo", "subprocess"], capture_output=True).stdout)
pid = os.fork()
if pid == 0:
    t = threading.Thread(target=end)
    t.start()
    t.join()
    os._exit(len(done) % 100)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
sys.exit(3 if ticks >= 0 else 4)
