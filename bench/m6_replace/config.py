"""What config.hpp says, for Python. A pool that is broken by the death of its worker is made anew, as its users must;
the task of a multiprocessing.Pool that is lost is never settled, and so nobody waits for it."""

import os
import pathlib
import signal
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import check, median, own_pid, pause, report

ROUNDS, SETTLE_S = 20, 0.020


def run(make):
    pool = make(1)
    took = []
    for _ in range(ROUNDS):
        victim = pool.get(pool.submit(own_pid))
        pool.submit(pause, 100)
        time.sleep(SETTLE_S)
        start = time.perf_counter()
        os.kill(victim, signal.SIGKILL)
        replacement = None
        while replacement is None:
            try:
                replacement = pool.get(pool.submit(own_pid))
            except pool.Lost:
                pool.close()
                pool = make(1)
        took.append((time.perf_counter() - start) * 1e3)
        check(replacement != victim, "the task ran in a process that had been killed")
    pool.close()
    report({"replaced_ms": median(took), "replaced_worst_ms": max(took)})
