"""What config.hpp says, for Python."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import add_one, check, median, report, seconds

ROUNDS, SIZE, PAGE = 15, 2 << 30, 4096


def run(make):
    memory = bytearray(SIZE)
    for at in range(0, SIZE, PAGE):
        memory[at] = 1
    pools = []

    def milliseconds():
        def step():
            pools.append(make(1))
            check(pools[-1].get(pools[-1].submit(add_one, 41)) == 42, "a result is not 42")
        return seconds(step) * 1e3

    first = milliseconds()
    later = []
    for _ in range(ROUNDS):
        later.append(milliseconds())
        pools.pop().close()
    pools.pop().close()
    report({"first_ms": first, "another_ms": median(later)})
