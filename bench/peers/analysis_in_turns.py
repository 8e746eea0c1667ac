#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""analysis_bench and the libraries of analysis.py in turns, set by set, on one busy or quiet machine.

Prints medians and minima of wall-clock and CPU time, and their ratios.
"""
import argparse
import json
import statistics
import subprocess
import time

from analysis import linear_cka, make_rows
from cleanlab.outlier import OutOfDistribution
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits


def measure(work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def peers(rows, before, with_scores):
    times = {"pca": measure(lambda: PCA(n_components=2).fit_transform(rows)),
             "linear_cka": measure(lambda: linear_cka(before, rows))}
    if with_scores:
        times["outlier_scores"] = measure(lambda: OutOfDistribution({"k": 10}).fit_score(features=rows, verbose=False))
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", help="build/bench/analysis_bench")
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--columns", type=int, default=768)
    parser.add_argument("--sets", type=int, default=10)
    parser.add_argument("--scored-sets", type=int, default=3, help="of which cleanlab scores so many")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    ours = subprocess.Popen(
        [options.bench, "--rows", str(options.rows), "--columns", str(options.columns), "--sets", str(options.sets),
         "--threads", str(options.threads), "--no-trustworthiness", "--in-turns"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ours.stdout.readline()  # before the first set
    found, before = {}, make_rows(options.rows, options.columns, 0)
    with threadpool_limits(options.threads):
        for number in range(options.sets):
            rows = make_rows(options.rows, options.columns, number)
            ours.stdin.write("\n")
            ours.stdin.flush()
            mine = json.loads(ours.stdout.readline())
            theirs = peers(rows, before, number < options.scored_sets)
            for stage, times in theirs.items():
                found.setdefault(stage, []).append((mine[stage], times))
            if number > 0:
                found.setdefault("quality's part of a frame", []).append((mine["frame_unjudged"], mine["frame"]))
    ours.stdin.close()
    ours.stdout.read()
    if ours.wait() != 0:
        raise SystemExit("analysis_bench failed")
    print(f"{options.rows} x {options.columns}, {options.threads} threads, {options.sets} sets in turns")
    for stage, pairs in found.items():
        for clock in ("wall_s", "cpu_s"):
            for name, of in (("median", statistics.median), ("least", min)):
                mine, theirs = (of([pair[side][clock] for pair in pairs]) for side in (0, 1))
                print(f"{stage:26s} {clock[:-2]:5s} {name:7s} {mine:8.4f} s, other side {theirs:8.4f} s, "
                      f"{theirs / mine:5.2f}x")


if __name__ == "__main__":
    main()
