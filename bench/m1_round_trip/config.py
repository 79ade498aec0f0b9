"""What config.hpp says, for Python."""

import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import add_one, check, percentile, report

WARM_UP, HOT, IDLE, PAUSE_S = 500, 4000, 100, 0.005


def run(make):
    pool = make()

    def round_trip(value):
        start = time.perf_counter()
        answer = pool.get(pool.submit(add_one, value))
        took = time.perf_counter() - start
        check(answer == value + 1, f"{value} came back as {answer}")
        return took * 1e6

    for i in range(WARM_UP):
        round_trip(i)
    hot = [round_trip(i) for i in range(HOT)]
    idle = []
    for i in range(IDLE):
        time.sleep(PAUSE_S)
        idle.append(round_trip(i))
    pool.close()
    report({"hot_p50_us": percentile(hot, 0.5), "hot_p99_us": percentile(hot, 0.99),
            "idle_p50_us": percentile(idle, 0.5), "idle_p99_us": percentile(idle, 0.99)})
