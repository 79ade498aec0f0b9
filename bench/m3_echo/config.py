"""What config.hpp says, for Python."""

import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import check, echo, median, report

SIZES = {"echo_1kib_us": (1 << 10, 2000), "echo_64kib_us": (64 << 10, 500), "echo_1mib_us": (1 << 20, 60),
         "echo_64mib_us": (64 << 20, 3)}


def run(make):
    pool = make()
    metrics = {}
    for name, (size, rounds) in SIZES.items():
        sent = bytes(i * 7 // 3 & 255 for i in range(768)) * (size // 768) + bytes(size % 768)
        took = []
        for _ in range(rounds + 1):  # the first warms up
            start = time.perf_counter()
            back = pool.get(pool.submit(echo, sent))
            took.append((time.perf_counter() - start) * 1e6)
            check(back == sent, f"{len(sent)} bytes came back as {len(back)}, or as others")
        metrics[name] = median(took[1:])
    pool.close()
    report(metrics)
