"""The process pools of Python's standard library, with one surface, and what their workloads share."""

import concurrent.futures.process
import json
import math
import multiprocessing
import os
import platform
import time

WORKERS = 2
VERSION = f"Python {platform.python_version()}"


class Executor:
    """concurrent.futures.ProcessPoolExecutor."""

    Lost = concurrent.futures.process.BrokenProcessPool
    start = "fork"

    def __init__(self, workers=WORKERS):
        context = multiprocessing.get_context(self.start)
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, mp_context=context)

    def submit(self, body, *arguments):
        return self.pool.submit(body, *arguments)

    @staticmethod
    def get(result):
        return result.result()

    def map_singly(self, body, items):
        return list(self.pool.map(body, items, chunksize=1))

    def map_by_default(self, body, items):
        return list(self.pool.map(body, items))

    def pids(self):
        return list(self.pool._processes)  # nothing public tells

    def close(self):
        self.pool.shutdown(wait=True)


class SpawnExecutor(Executor):
    """The same, whose workers are programs started afresh."""

    start = "spawn"


class ForkserverExecutor(Executor):
    """The same, whose workers are forks of a program started afresh."""

    start = "forkserver"


class Pool:
    """multiprocessing.Pool."""

    Lost = TimeoutError

    def __init__(self, workers=WORKERS):
        self.pool = multiprocessing.get_context("fork").Pool(workers)

    def submit(self, body, *arguments):
        return self.pool.apply_async(body, arguments)

    @staticmethod
    def get(result):
        return result.get()

    def map_singly(self, body, items):
        return self.pool.map(body, items, chunksize=1)

    def map_by_default(self, body, items):
        return self.pool.map(body, items)

    def pids(self):
        return [one.pid for one in self.pool._pool]

    def close(self):
        self.pool.terminate()
        self.pool.join()


def percentile(samples, share):
    return sorted(samples)[max(math.ceil(share * len(samples)), 1) - 1]


def median(samples):
    return percentile(samples, 0.5)


def seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def check(right, what):
    if not right:
        raise SystemExit("wrong answer: " + what)


def report(metrics, **facts):
    """The line that the driver reads: see driver/run.hpp."""
    print(json.dumps({"version": VERSION, "metrics": metrics, "facts": facts}))


def add_one(value):
    return value + 1


def echo(value):
    return value


def own_pid(_=None):
    return os.getpid()


def pause(duration):
    time.sleep(duration)


def spin(steps):
    value = steps
    for _ in range(steps):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF
    return value
