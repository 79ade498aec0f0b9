"""What config.hpp says, for Python."""

import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import add_one, check, median, report

ROUNDS = 15


def run(make):
    def milliseconds(count):
        start = time.perf_counter()
        pool = make(count)
        answer = pool.get(pool.submit(add_one, 41))
        took = time.perf_counter() - start
        pool.close()
        check(answer == 42, f"a result is {answer}")
        return took * 1e3

    report({"first_2_ms": milliseconds(2), "again_2_ms": median([milliseconds(2) for _ in range(ROUNDS)]),
            "again_16_ms": median([milliseconds(16) for _ in range(ROUNDS)])})
