"""What config.hpp says, for Python."""

import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import check, median, pause, report, seconds

ROUNDS, COUNT = 15, 16


def there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run(make):
    took = []
    for _ in range(ROUNDS):
        pool = make(COUNT)
        for one in [pool.submit(pause, 0.02) for _ in range(COUNT)]:
            pool.get(one)
        pids = pool.pids()
        took.append(seconds(pool.close) * 1e3)
        check(len(pids) == COUNT and not any(map(there, pids)), f"one of {len(pids)} workers is still there")
    report({"gone_16_ms": median(took)})
