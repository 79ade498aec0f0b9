"""What the runs amount to: order statistics, ratios to the best peer with their intervals, and the tables of them."""

import random
import re
import statistics

OURS = "workpool"
HELPS = "_help"  # ends the name of a contender whose submitting thread runs tasks as well
RESAMPLES = 2000
LEAST_RUNS = 5  # of each of the two: an interval drawn from fewer would look far too sure


def in_order(workloads):
    """w2 before w10."""
    def numbers_as_such(name):
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
    return sorted(workloads, key=numbers_as_such)


def interval_of_ratio(values, others):
    """Gives: the bounds between which the ratio of the medians lies in 95 of 100 resamples of both (bootstrap)."""
    if min(len(values), len(others)) < LEAST_RUNS:
        return None
    chance = random.Random(1)
    ratios = []
    for _ in range(RESAMPLES):
        other = statistics.median(chance.choices(others, k=len(others)))
        if other > 0:
            ratios.append(statistics.median(chance.choices(values, k=len(values))) / other)
    if not ratios:
        return None
    ratios.sort()
    return [ratios[int(0.025 * len(ratios))], ratios[int(0.975 * len(ratios))]]


def reference(rows, name):
    """The contender that `name` is compared with: the best peer that helps, or does not help, as `name` itself. Where
    no peer takes part in the workload at all, our own best."""
    peers = [other for other, row in rows.items() if row["library"] != OURS]
    alike = [other for other in peers if other.endswith(HELPS) == name.endswith(HELPS)]
    return min(alike if peers else rows, key=lambda other: rows[other]["median"], default=None)


def summary(runs):
    """Gives: per workload and metric the contenders' figures."""
    tables = {}
    for run in runs:
        for metric, value in run["metrics"].items():
            row = tables.setdefault(run["workload"], {}).setdefault(metric, {}).setdefault(
                run["contender"], {"library": run["library"], "values": []})
            row["values"].append(value)
    for metrics in tables.values():
        for rows in metrics.values():
            for row in rows.values():
                values = row["values"]
                row.update(median=statistics.median(values), minimum=min(values), maximum=max(values), runs=len(values))
            for name, row in rows.items():
                other = rows.get(reference(rows, name))
                row.update(compared_with=reference(rows, name), ratio=None, ratio_interval=None)
                if other is row:
                    row.update(ratio=1.0, ratio_interval=[1.0, 1.0])
                elif other and other["median"] > 0:
                    row.update(ratio=row["median"] / other["median"],
                               ratio_interval=interval_of_ratio(row["values"], other["values"]))
            for row in rows.values():
                del row["values"]
    return tables


def median_facts(runs, workload, contender):
    chosen = [run["facts"] for run in runs if (run["workload"], run["contender"]) == (workload, contender)]
    return {name: statistics.median(facts[name] for facts in chosen) for name in chosen[0]} if chosen else {}


def show_metric(workload, metric, rows):
    print(f"\n{workload}: {metric}")
    print(f"  {'contender':<24}{'median':>10}{'minimum':>10}{'maximum':>10}{'ratio':>9}  {'95 %':<16}{'to':<18}runs")
    for name, row in sorted(rows.items(), key=lambda item: item[1]["median"]):
        mark = "> " if row["library"] == OURS else "  "
        ratio, interval = "", ""
        if row["ratio"] is not None:
            ratio = f"{row['ratio']:.2f}x"
        if row["ratio_interval"] is not None and row["compared_with"] != name:
            interval = "{:.2f} … {:.2f}".format(*row["ratio_interval"])
        print(f"{mark}{name:<24}{row['median']:>10.4g}{row['minimum']:>10.4g}{row['maximum']:>10.4g}{ratio:>9}  "
              f"{interval:<16}{row['compared_with'] or 'no peer':<18}{row['runs']}")


def show(tables, runs, entries):
    versions = {(run["workload"], run["contender"]): run["version"] for run in runs}
    for workload in in_order({entry["workload"] for entry in entries}):
        group = [entry for entry in entries if entry["workload"] == workload]
        for metric, rows in tables.get(workload, {}).items():
            show_metric(workload, metric, rows)
        print(f"\n{workload}: versions and consumption")
        for entry in group:
            name = entry["contender"]
            if (workload, name) in versions:
                facts = median_facts(runs, workload, name)
                print(": ".join([f"  {name:<24}{versions[workload, name]}",
                                 *filter(None, [", ".join(f"{key} {value:.4g}" for key, value in facts.items())])]))
            elif entry["program"] is None:
                print(f"  {name:<24}absent: {entry['remedy'] or 'see WORKPOOL_BENCH_PEERS'}")
            else:
                print(f"  {name:<24}no clean run")
