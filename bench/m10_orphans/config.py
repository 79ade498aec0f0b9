"""What config.hpp says, for Python."""

import ctypes
import os
import pathlib
import signal
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import check, median, pause, report

ROUNDS, COUNT, SETTLE_S, LIMIT_S = 10, 4, 0.020, 1.0
PR_SET_CHILD_SUBREAPER = 36


def children():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        return []
    me = os.getpid()
    return [int(one) for one in pathlib.Path(f"/proc/self/task/{me}/children").read_text(encoding="ascii").split()]


def be_host(make, ready):
    pool = make(COUNT)
    for one in [pool.submit(pause, 0.02) for _ in range(COUNT)]:
        pool.get(one)
    results = [pool.submit(pause, 100) for _ in range(COUNT // 2)]
    time.sleep(SETTLE_S)
    os.write(ready, b"x")
    while results:
        signal.pause()


def run(make):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    took, left = [], 0
    for _ in range(ROUNDS):
        ready, says = os.pipe()
        host = os.fork()
        if host == 0:
            os.close(ready)
            be_host(make, says)
        os.close(says)
        check(os.read(ready, 1) == b"x", "the host has not begun")
        os.close(ready)
        start = time.perf_counter()
        os.kill(host, signal.SIGKILL)
        there = children()
        while there and time.perf_counter() - start < LIMIT_S:
            time.sleep(0.0001)
            there = children()
        took.append(1000.0 if there else (time.perf_counter() - start) * 1e3)
        left += len(there)
        while there:
            for one in there:
                os.kill(one, signal.SIGKILL)
            there = children()
    report({"gone_ms": median(took)}, left=left / ROUNDS)
