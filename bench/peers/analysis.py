#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of bench/analysis_bench with cleanlab, scikit-learn and SciPy, on the same numbers."""
import argparse
import json
import time

import numpy as np
from cleanlab.outlier import OutOfDistribution
from scipy.spatial import procrustes
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

CLASSES = 10


def noise(counter):
    """splitmix64 of a uint64 array, as numbers in [-1, 1)."""
    z = counter + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def make_rows(count, width, number):
    at = np.arange(count * width, dtype=np.uint64)
    centre = at // np.uint64(width) % np.uint64(CLASSES) * np.uint64(width) + at % np.uint64(width)
    return (noise(centre) + noise(np.uint64((number + 1) << 40) + at)).reshape(count, width)


class Stopwatch:
    def __init__(self):
        self.wall_s = self.cpu_s = float("inf")

    def time(self, work):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall_s = min(self.wall_s, time.perf_counter() - wall)
        self.cpu_s = min(self.cpu_s, time.process_time() - cpu)
        return result


def linear_cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--columns", type=int, default=128)
    parser.add_argument("--neighbours", type=int, default=10)
    parser.add_argument("--sets", type=int, default=3)
    parser.add_argument("--no-trustworthiness", action="store_true", help="it needs 24 bytes times rows squared")
    parser.add_argument("--json", help="also write FILE")
    options = parser.parse_args()
    watches = {name: Stopwatch() for name in ("outlier_scores", "pca", "procrustes", "linear_cka", "trustworthiness")}
    labels = np.arange(options.rows) % CLASSES
    sums, reference = [], None
    for number in range(options.sets):
        rows = make_rows(options.rows, options.columns, number)
        scoring = OutOfDistribution({"k": options.neighbours})
        scores = watches["outlier_scores"].time(lambda: scoring.fit_score(features=rows, verbose=False))
        points = watches["pca"].time(lambda: PCA(n_components=2).fit_transform(rows))
        reference, before = (points, rows) if reference is None else (reference, before)
        disparity = watches["procrustes"].time(lambda: procrustes(reference, points)[2])
        cka = watches["linear_cka"].time(lambda: linear_cka(before, rows))
        voted = KNeighborsClassifier(options.neighbours, metric="cosine").fit(rows, labels).predict(None)
        trust = None
        if not options.no_trustworthiness:
            trust = watches["trustworthiness"].time(
                lambda: trustworthiness(rows, points, n_neighbors=10, metric="cosine"))
        sums.append({"scores": float(scores.sum(dtype=float)), "points": float(np.abs(points).sum(dtype=float)),
                     "disparity": float(disparity), "knn_accuracy": float((voted == labels).mean()),
                     "linear_cka": float(cka), "trustworthiness": trust})
    result = {name: vars(watch) for name, watch in watches.items()} | {"sums": sums, "rows": options.rows,
                                                                        "columns": options.columns}
    for name, watch in watches.items():
        print(f"{name:16s} {watch.wall_s:8.4f} s, {watch.cpu_s:8.4f} s of CPU time")
    print("first set:", json.dumps(sums[0]))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
