# SPDX-License-Identifier: Apache-2.0
"""scaling.py FOLDER: a table of the runs that scaling.sbatch has left there, as CSV on standard output.

A line is a stage on a number of ranks, in the fastest of its repeats. speedup is the time on the fewest ranks over the
time here; efficiency is the speedup over the ranks added: 1 where twice the ranks take half the time.
"""
import csv
import json
import re
import sys
from pathlib import Path


def read_points(folder):
    """(ranks, nodes) -> the summaries of its repeats."""
    points = {}
    for path in Path(folder).glob("ranks-*-nodes-*-repeat-*/summary.json"):
        ranks, nodes, _ = map(int, re.findall(r"\d+", path.parent.name))
        points.setdefault((ranks, nodes), []).append(json.loads(path.read_text()))
    return points


def fastest(summaries):
    """Stage -> its shortest seconds, with items and unit; and "total" for the whole run."""
    best = {}
    for summary in summaries:
        total = {"seconds": summary["total_seconds"], "items": 1, "unit": "runs"}
        for name, stage in {**summary.get("stages", {}), "total": total}.items():
            if name not in best or stage["seconds"] < best[name]["seconds"]:
                best[name] = stage
    return best


def rows(points):
    base = {}
    for (ranks, nodes), summaries in sorted(points.items()):
        for name, stage in fastest(summaries).items():
            seconds = stage["seconds"]
            base_ranks, base_seconds = base.setdefault(name, (ranks, seconds))
            speedup = base_seconds / seconds if seconds > 0 else float("nan")
            yield {"stage": name, "ranks": ranks, "nodes": nodes, "threads_per_rank": summaries[0]["threads_per_rank"],
                   "repeats": len(summaries), "seconds": f"{seconds:.4f}", "items": stage["items"],
                   "unit": stage["unit"], "speedup": f"{speedup:.3f}",
                   "efficiency": f"{speedup * base_ranks / ranks:.3f}"}


def main():
    table = sorted(rows(read_points(sys.argv[1])), key=lambda row: (row["stage"], row["ranks"]))
    if not table:
        sys.exit(f"{sys.argv[1]}: holds no runs of scaling.sbatch")
    writer = csv.DictWriter(sys.stdout, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)


if __name__ == "__main__":
    main()
