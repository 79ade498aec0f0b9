#!/usr/bin/env python3
"""Measures every contender of every workload and says how they compare.

Reads contenders.json, which the build writes. Interleaves: round, then workload, then contender, whose order turns by
one each round. Between any two runs a probe takes a fixed amount of work on two cores; a run beside a slow probe is
noisy, is repeated a few times, and is left out when it stays noisy. Prints median, minimum, maximum and the ratio of
the medians to the best peer's of the same session with its 95 % bootstrap interval; writes bench/results/<commit>.json
with every single run, noisy ones too, and bench/results/<commit>/<workload>.svg.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # a cache beside these files would make the tree differ from its commit

import plot
from summary import in_order, show, summary

BENCH = pathlib.Path(__file__).resolve().parent.parent
RUN_LIMIT_S = 120  # a run takes about a second; ten times the slowest peer ever seen


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="the folder of contenders.json: <build tree>/bench")
    parser.add_argument("--rounds", type=int, default=9, help="clean runs to aim at for each contender (default: 9)")
    parser.add_argument("--only", action="append", metavar="WORD", default=[],
                        help="only workloads, or workload/contender, whose name contains WORD; may be repeated")
    parser.add_argument("--noise", type=float, default=1.10,
                        help="a run is noisy beside a probe slower than this times what is usual (default: 1.10)")
    parser.add_argument("--retries", type=int, default=4, help="how often a noisy run is repeated (default: 4)")
    parser.add_argument("--keep-noisy", action="store_true",
                        help="repeat and leave out nothing, write no file: to try the harness on a busy machine")
    parser.add_argument("--output", type=pathlib.Path,
                        help="where to write the figures (default: bench/results/<commit>.json)")
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error(f"--rounds is {chosen.rounds}: give at least 1")
    return chosen


class Noise:
    """How long the probe takes now, against what it takes when the machine is quiet: the lower quartile so far. The
    fastest would be one lucky moment; a machine whose clock varies by 9 % then calls every other run noisy."""

    def __init__(self, program):
        self.program = program
        self.probes = [self._once() for _ in range(15)]

    def _once(self):
        done = subprocess.run([self.program], capture_output=True, text=True, check=True, timeout=RUN_LIMIT_S)
        return float(done.stdout)

    def now(self):
        took = self._once()
        self.probes.append(took)
        return took

    def quiet(self):
        return statistics.quantiles(self.probes, n=4)[0]

    def of(self, run):
        return max(run["probes_ns"]) / self.quiet()


def command(*words):
    try:
        return subprocess.run(words, cwd=BENCH, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit():
    """The commit measured; what differs from it outside bench/results/ makes it -dirty."""
    name = command("git", "rev-parse", "--short=12", "HEAD")
    if not name:
        return "no-commit"
    changed = command("git", "status", "--porcelain", "--", ":/", ":(exclude,top)bench/results")
    return name + ("-dirty" if changed else "")


def machine():
    cpu = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": cpu or platform.machine(), "cores": len(os.sched_getaffinity(0)), "memory_mib": memory >> 20,
            "kernel": f"{platform.system()} {platform.release()}", "libc": "-".join(platform.libc_ver())}


def wanted(entry, words):
    name = f"{entry['workload']}/{entry['contender']}"
    return not words or any(word in name for word in words)


def measure(entry, modules):
    """One run of one program; Node finds peers in `modules`. Gives: its line, decoded. Raises RuntimeError when it fails
    or its answer is wrong."""
    name = f"{entry['workload']}/{entry['contender']}"
    words = [entry["interpreter"]] if "interpreter" in entry else []
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NODE_PATH": modules}  # as above: no cache beside a script
    try:
        done = subprocess.run([*words, entry["program"]], capture_output=True, text=True, timeout=RUN_LIMIT_S, env=quiet)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{name} has not ended after {RUN_LIMIT_S} s") from None
    except OSError as error:
        raise RuntimeError(f"{name} cannot be started: {error}; build it first") from None
    if done.returncode != 0:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr.strip() or 'nothing on standard error'}")
    return json.loads(done.stdout)


class Session:
    def __init__(self, build, chosen):
        self.chosen = chosen
        self.modules = build["node_modules"]
        self.noise = Noise(build["noise_probe"])
        self.runs = []
        self.failures = []
        self.last_probe = self.noise.now()

    def noisy(self, run):
        return not self.chosen.keep_noisy and self.noise.of(run) > self.chosen.noise

    def one(self, round_number, entry):
        for attempt in range(self.chosen.retries + 1):
            try:
                line = measure(entry, self.modules)
            except RuntimeError as error:
                self.failures.append(str(error))
                print(f"\nfailed: {error}", file=sys.stderr)
                return
            after = self.noise.now()
            run = {"round": round_number, "workload": entry["workload"], "contender": entry["contender"],
                   "library": entry["library"], "probes_ns": [self.last_probe, after], **line}
            self.last_probe = after
            self.runs.append(run)
            if not self.noisy(run):
                return
            if attempt < self.chosen.retries:
                time.sleep(0.2 * (attempt + 1))
                self.last_probe = self.noise.now()

    def all(self, entries):
        workloads = in_order({entry["workload"] for entry in entries})
        tell = sys.stderr.isatty()
        for round_number in range(self.chosen.rounds):
            if not tell:
                print(f"round {round_number + 1} of {self.chosen.rounds}, {len(self.runs)} runs so far",
                      file=sys.stderr, flush=True)
            for workload in workloads:
                group = [entry for entry in entries if entry["workload"] == workload]
                turn = round_number % len(group)
                for entry in group[turn:] + group[:turn]:
                    if tell:
                        place = f"round {round_number + 1}/{self.chosen.rounds} {workload}/{entry['contender']}"
                        print("\r" + place.ljust(60), end="", file=sys.stderr, flush=True)
                    self.one(round_number, entry)
        if tell:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr)


def main():
    chosen = arguments()
    manifest = chosen.build / "contenders.json"
    try:
        build = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"{manifest}: {error.strerror}; configure with --preset bench and give <build tree>/bench")
    entries = [entry for entry in build["contenders"] if wanted(entry, chosen.only)]
    if not entries:
        sys.exit(f"no contender matches --only {' '.join(chosen.only)}")

    started, load_before = time.time(), os.getloadavg()[0]
    measured = commit()
    session = Session(build, chosen)
    try:
        session.all([entry for entry in entries if entry["program"] is not None])
    except KeyboardInterrupt:
        session.failures.append("interrupted: the figures are of what had been measured until then")

    # What is quiet was not known at first: judged again, all by the same measure.
    for run in session.runs:
        run["noisy"] = session.noisy(run)
    clean = [run for run in session.runs if not run["noisy"]]
    tables = summary(clean)
    show(tables, clean, entries)

    host = machine()
    origin = (f"{measured} · {host['cpu']} x {host['cores']} · {host['kernel']} · "
              f"{build['compiler']} {build['flags']}")
    print(f"\n{origin}")
    print(f"{len(clean)} runs counted, {len(session.runs) - len(clean)} noisy left out, load {load_before:.2f} before, "
          f"{time.time() - started:.0f} s")
    if chosen.keep_noisy:
        print("noisy runs are included: these are no results, and no file is written")
    elif clean:
        output = chosen.output or BENCH / "results" / f"{measured}.json"
        result = {"commit": measured, "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
                  "machine": host, "load_before": load_before, "compiler": build["compiler"], "flags": build["flags"],
                  "noise_limit": chosen.noise, "quiet_probe_ns": session.noise.quiet(),
                  "absent": {f"{e['workload']}/{e['contender']}": e["remedy"] for e in entries if e["program"] is None},
                  "failures": session.failures, "summary": tables, "runs": session.runs}
        output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, indent=1, sort_keys=True)
        output.write_text(text + "\n", encoding="utf-8")
        plots = output.with_suffix("")
        plot.write(plots, tables, entries, origin)
        print(f"written: {os.path.relpath(output)}, {os.path.relpath(plots)}/*.svg")
    starved = {(e["workload"], e["contender"]) for e in entries if e["program"] is not None}
    starved -= {(run["workload"], run["contender"]) for run in clean}
    problems = session.failures or [f"{workload}/{name} has no clean run" for workload, name in sorted(starved)]
    if problems:
        sys.exit("incomplete: " + "; ".join(problems))


if __name__ == "__main__":
    main()
