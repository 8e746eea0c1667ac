#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the analysis with cleanlab, scikit-learn and SciPy as installed, on data too large for golden files.

    peer_test.py DRIVER

Skipped where a library is missing.
"""
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np
    from cleanlab.outlier import OutOfDistribution
    from scipy.spatial import procrustes
    from scipy.spatial.distance import pdist
    from sklearn.decomposition import PCA
    from sklearn.manifold import trustworthiness
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

K = 10


def clusters(seed, count, width, classes):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    # Variances that differ, so that the two leading components are determined.
    rows = 2 * rng.normal(size=(classes, width))[labels] + rng.normal(size=(count, width)) * np.geomspace(2, 0.2, width)
    return rows.astype(np.float32), labels.astype(np.int64)


def with_duplicates(rows):
    rows = rows.copy()
    rows[-300:] = rows[:300]
    rows[50:70] = rows[49]
    rows[[7, 90]] = 0
    return rows


def run_driver(driver, folder, before, after, labels):
    folder.mkdir(parents=True, exist_ok=True)
    before.tofile(folder / "before.f32")
    after.tofile(folder / "after.f32")
    labels.tofile(folder / "labels.i64")
    subprocess.run([driver, folder, *map(str, before.shape), str(K)], check=True)

    def read(name, dtype, columns):
        return np.fromfile(folder / name, dtype).reshape(-1, columns)

    found = {name: read(f"{name}.f64", np.float64, 2) for name in ("pca_before", "pca_after", "aligned")}
    found["distance"] = read("distance.f64", np.float64, K)
    found["index"] = read("index.i64", np.int64, K)
    found["score"] = read("score.f64", np.float64, 1)[:, 0]
    return found | json.loads((folder / "numbers.json").read_text())


def metric_for(rows):
    return "cosine" if rows.shape[1] > 3 else "euclidean"


def linear_cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def class_separation(points, labels):
    groups = [points[labels == label] for label in np.unique(labels)]
    centres = np.array([group.mean(axis=0) for group in groups])
    spread = np.mean([np.linalg.norm(group - centre, axis=1).mean() for group, centre in zip(groups, centres)])
    return pdist(centres).mean() / spread


class Checks:
    def __init__(self, case):
        self.case, self.failed = case, 0

    def near(self, what, found, expected, tolerance):
        difference = float(np.max(np.abs(np.asarray(found) - np.asarray(expected))))
        good = difference <= tolerance  # also false for nan
        self.failed += not good
        print(f"{'ok' if good else 'FAILED':6s} {self.case}: {what} differs by {difference:.3g} (at most {tolerance:g})")


def score(rows):
    return OutOfDistribution().fit_score(features=rows, verbose=False)


def compare(case, driver, folder, before, after, labels):
    found = run_driver(driver, folder, before, after, labels)
    checks = Checks(case)
    wide, wide_after = before.astype(np.float64), after.astype(np.float64)
    checks.near("score, cleanlab in float32", found["score"], score(before), 1e-5)
    checks.near("score, cleanlab in float64", found["score"], score(wide), 1e-9)
    points, points_after = (PCA(n_components=2, svd_solver="full").fit_transform(rows) for rows in (wide, wide_after))
    extent = np.abs(points).max()
    checks.near("PCA over its extent", found["pca_before"] / extent, points / extent, 1e-6)
    _, aligned, disparity = procrustes(found["pca_before"], found["pca_after"])
    checks.near("Procrustes", found["aligned"], aligned, 1e-9)
    checks.near("disparity", found["disparity"], disparity, 1e-9)
    checks.near("class separation", found["class_separation"], class_separation(points, labels), 1e-6)
    checks.near("linear CKA", found["linear_cka"], linear_cka(wide, wide_after), 1e-9)
    if len(np.unique(before, axis=0)) == len(before):  # else which of the equal rows are neighbours is arbitrary
        compare_neighbourhoods(checks, found, wide, wide_after, labels, points)
    return checks.failed


def compare_neighbourhoods(checks, found, before, after, labels, points):
    metric = metric_for(before)
    search = NearestNeighbors(n_neighbors=K, metric=metric)
    distance, index = search.fit(before).kneighbors()
    checks.near("distance", found["distance"], distance, 1e-9)
    checks.near("neighbour", found["index"], index, 0)
    later = search.fit(after).kneighbors()[1]
    preserved = np.mean([len(set(a) & set(b)) / K for a, b in zip(index, later)])
    checks.near("neighbour preservation", found["neighbour_preservation"], preserved, 1e-12)
    voted = KNeighborsClassifier(n_neighbors=K, metric=metric).fit(before, labels).predict(None)
    checks.near("kNN accuracy", found["knn_accuracy"], np.mean(voted == labels), 1e-12)
    trust = trustworthiness(before, points, n_neighbors=K, metric=metric)
    checks.near("trustworthiness", found["trustworthiness"], trust, 1e-5)


def main(driver):
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        return 1 if compare_all(driver, Path(scratch)) else 0


def compare_all(driver, scratch):
    failed = 0
    for case, count, width in [("tall", 2000, 128), ("wide", 300, 768), ("flat", 2000, 3), ("prime", 1511, 37)]:
        before, labels = clusters(1, count, width, 7)
        after = before + clusters(2, count, width, 7)[0]
        failed += compare(case, driver, scratch / case, before, after, labels)
        if count >= 1000:
            before = with_duplicates(before)
            failed += compare(f"{case}, duplicates", driver, scratch / case, before, after, labels)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
