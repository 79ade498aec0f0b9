"""What config.hpp says, for Python."""

import os
import pathlib
import re
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from peers.process_pools import add_one, check, report

COUNT, TASKS, REST_S = 4, 400, 0.3


def pss_of(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return float(re.search(r"^Pss: *(\d+)", text, re.MULTILINE).group(1))


def run(make):
    pool = make(COUNT)
    for i in range(0, TASKS, COUNT):
        results = [pool.submit(add_one, j) for j in range(i, i + COUNT)]
        check([pool.get(one) for one in results] == list(range(i + 1, i + COUNT + 1)), "a result is another")
    time.sleep(REST_S)
    pids = pool.pids()
    check(len(pids) == COUNT, f"{len(pids)} workers")
    each = [pss_of(pid) for pid in pids]
    host = pss_of(os.getpid())
    pool.close()
    report({"worker_pss_kb": sum(each) / COUNT}, host_pss_kb=host)
