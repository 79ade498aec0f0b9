"""What config.hpp says, for Python."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import add_one, check, report, seconds

WARM_UP, TASKS = 1000, 20000


def run(make):
    pool = make()

    def us_per_task(step, count):
        results = []
        took = seconds(lambda: results.extend(step()))
        check(sum(results) == count * (count + 1) // 2, "the results do not sum to what was submitted")
        return took * 1e6 / count

    def submit_all(count):
        return [pool.get(one) for one in [pool.submit(add_one, i) for i in range(count)]]

    us_per_task(lambda: submit_all(WARM_UP), WARM_UP)
    metrics = {"submit_us_per_task": us_per_task(lambda: submit_all(TASKS), TASKS),
               "map1_us_per_task": us_per_task(lambda: pool.map_singly(add_one, range(TASKS)), TASKS),
               "bulk_us_per_task": us_per_task(lambda: pool.map_by_default(add_one, range(TASKS)), TASKS)}
    pool.close()
    report(metrics)
