"""What config.hpp says, for Python: its steps are slower, and its hogs are processes."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import FORK, WORKERS, check, report, seconds, spin

LONG_TASKS, SHORT_TASKS, LONG_S, SHORT_S = 600, 5000, 1e-3, 100e-6


def hog(steps, times, ready, go, took):
    ready.release()
    go.wait()
    took.put(seconds(lambda: [spin(steps) for _ in range(times)]))


def hogs(steps, times):
    """Gives: the seconds that so many plain processes as there are workers need for times * WORKERS tasks."""
    ready, go, took = FORK.Semaphore(0), FORK.Event(), FORK.SimpleQueue()
    all_of_them = [FORK.Process(target=hog, args=(steps, times, ready, go, took)) for _ in range(WORKERS)]
    for one in all_of_them:
        one.start()
    for _ in all_of_them:
        ready.acquire()
    go.set()
    each = [took.get() for _ in all_of_them]
    for one in all_of_them:
        one.join()
    return sum(each) / len(each)


def run(make):
    trial = 20000
    step_s = min(seconds(lambda: spin(trial)) for _ in range(10)) / trial
    metrics = {}
    for name, tasks, length in (("1ms", LONG_TASKS, LONG_S), ("100us", SHORT_TASKS, SHORT_S)):
        steps = round(length / step_s)
        expected = spin(steps)
        before = hogs(steps, tasks // WORKERS)
        pool = make()
        results = []

        def batch(count):
            futures = [pool.submit(spin, steps) for _ in range(count)]
            results.extend(pool.get(one) for one in futures)

        batch(100)
        took = seconds(lambda: batch(tasks))
        pool.close()
        check(set(results) == {expected}, "a task gave back something else")
        metrics["time_over_ideal_" + name] = took / ((before + hogs(steps, tasks // WORKERS)) / 2)
    report(metrics)
