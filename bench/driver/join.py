#!/usr/bin/env python3
"""Joins measurements of the same commit on the same machine: prints the tables of all their runs together, then for each
figure of ours the ratio in each measurement, so that one sees what moves from hour to hour; writes the joined file and
its plots.

    bench/driver/join.py --output bench/results/<commit>.json first.json second.json third.json
"""

import argparse
import json
import pathlib
import sys

import plot
from summary import OURS, in_order, show, summary


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measurements", nargs="+", type=pathlib.Path, help="files that run.py has written")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="where to write the joined figures")
    return parser.parse_args()


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}; give files that run.py has written")


def show_spread(parts, joined):
    print(f"\nratios of each measurement, and of all\n  {'figure':<58}{'each':<30}all")
    for workload in in_order(joined):
        for metric, rows in joined[workload].items():
            for name in sorted(name for name, row in rows.items() if row["library"] == OURS):
                seen = [part.get(workload, {}).get(metric, {}).get(name, {}).get("ratio") for part in parts]
                each = "  ".join("-" if ratio is None else f"{ratio:.2f}" for ratio in seen)
                row = rows[name]
                if row["ratio"] is not None and row["compared_with"] != name:
                    print(f"  {workload + ' ' + metric + ' ' + name:<58}{each:<30}{row['ratio']:.2f} of "
                          f"{row['compared_with']}")


def main():
    chosen = arguments()
    parts = [load(path) for path in chosen.measurements]
    for field in ("commit", "machine", "compiler", "flags", "noise_limit"):
        if any(part[field] != parts[0][field] for part in parts):
            sys.exit(f"{field} differs: {[part[field] for part in parts]}; only measurements of the same thing are joined")
    runs = [run | {"measurement": number} for number, part in enumerate(parts, 1) for run in part["runs"]]
    clean = [run for run in runs if not run["noisy"]]
    tables = summary(clean)
    absent = {name: remedy for part in parts for name, remedy in part["absent"].items()}
    places = {(run["workload"], run["contender"]) for run in runs} | {tuple(name.split("/")) for name in absent}
    present = {(run["workload"], run["contender"]) for run in runs}
    entries = [{"workload": workload, "contender": name, "program": name if (workload, name) in present else None,
                "remedy": absent.get(f"{workload}/{name}")} for workload, name in sorted(places)]
    show(tables, clean, entries)
    show_spread([part["summary"] for part in parts], tables)

    first = parts[0]
    origin = (f"{first['commit']} · {first['machine']['cpu']} x {first['machine']['cores']} · "
              f"{first['machine']['kernel']} · {first['compiler']} {first['flags']}")
    print(f"\n{origin}\n{len(clean)} runs counted, {len(runs) - len(clean)} noisy left out, of {len(parts)} measurements")
    result = {field: first[field] for field in ("commit", "machine", "compiler", "flags", "noise_limit")}
    result |= {"measurements": [{field: part[field] for field in ("started", "load_before", "quiet_probe_ns")}
                                for part in parts],
               "absent": absent, "failures": [text for part in parts for text in part["failures"]],
               "summary": tables, "runs": runs}
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(result, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
    plot.write(chosen.output.with_suffix(""), tables, entries, origin)


if __name__ == "__main__":
    main()
