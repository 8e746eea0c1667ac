#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the analysis with cleanlab, scikit-learn, SciPy and zadu as installed, on data too large for golden files.

    peer_test.py DRIVER

Skipped where a library is missing.
"""
import functools
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np
    from cleanlab.filter import find_label_issues
    from cleanlab.outlier import OutOfDistribution
    from cleanlab.rank import get_label_quality_scores
    from scipy.spatial import procrustes
    from scipy.spatial.distance import cdist, pdist
    from scipy.stats import entropy, kendalltau, pearsonr, spearmanr
    from sklearn.decomposition import PCA
    from sklearn.manifold import trustworthiness
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
    from zadu import ZADU

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
    found |= {name: read(f"{name}.f64", np.float64, 2) for name in ("shown_before", "shown_after")}
    found |= {name: read(f"{name}.f64", np.float64, 1)[:, 0] for name in ("score", "trust", "continuity_of_each")}
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


def effective_rank(rows):
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    share = values[values > 0] / values.sum()
    return np.exp(-np.sum(share * np.log(share)))


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
    checks.near("quick linear CKA", found["quick_linear_cka"], linear_cka(wide, wide_after), 1e-6)
    checks.near("effective rank", found["effective_rank"], effective_rank(wide), 1e-6)
    compare_motion(checks, found, wide, wide_after)
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
    compare_quality(checks, found, before, labels, points, index)


def compare_quality(checks, found, before, labels, points, index):
    metric = metric_for(before)
    checks.near("trustworthiness", found["trustworthiness"], trustworthiness(before, points, n_neighbors=K, metric=metric), 1e-9)
    # On rows of length 1 the Euclidean distance, which scikit-learn takes on this side, orders as the cosine's.
    unit = before / np.linalg.norm(before, axis=1, keepdims=True) if metric == "cosine" else before
    checks.near("continuity", found["continuity"], trustworthiness(points, unit, n_neighbors=K), 1e-9)
    checks.near("trust of each", found["trust"].mean(), found["trustworthiness"], 1e-12)
    each = ZADU([{"id": "tnc", "params": {"k": K}}], unit, return_local=True).measure(points)[1][0]
    checks.near("trust of each, zadu", found["trust"], each["local_trustworthiness"], 1e-9)
    checks.near("continuity of each, zadu", found["continuity_of_each"], each["local_continuity"], 1e-9)
    shown = NearestNeighbors(n_neighbors=K).fit(points).kneighbors()[1]
    preserved = np.mean([len(set(a) & set(b)) / K for a, b in zip(index, shown)])
    checks.near("neighbourhood preservation", found["neighbourhood_preservation_2d"], preserved, 1e-12)
    checks.near("neighbourhood hit", found["neighbourhood_hit"], np.mean(labels[shown] == labels[:, None]), 1e-12)


class NearestByNumber:
    """NearestNeighbors with the order of equal distances, which it leaves open: by the rows' numbers."""

    def __init__(self, n_neighbors):
        self.count = n_neighbors

    def fit(self, points):
        self.distance = distances(points, "euclidean")
        return self

    def kneighbors(self, return_distance):
        assert not return_distance
        return np.argsort(self.distance, axis=1, kind="stable")[:, :self.count]


def distances(rows, metric):
    """Of each pair, Euclidean ones squared, the largest of a row to itself. Cosine distances that only rounding sets apart are equal."""
    found = np.round(pairwise_distances(rows, metric=metric), 12) if metric == "cosine" else cdist(rows, rows, "sqeuclidean")
    np.fill_diagonal(found, found.max() + 1)
    return found


def compare_quality_of_ties(case, driver, folder, rows):
    """How far a picture can be trusted, of rows of which many are equally far from one another."""
    found = run_driver(driver, folder, rows, rows, np.arange(len(rows)) % 7)
    checks, points, metric = Checks(case), found["pca_before"], metric_for(rows)
    apart, drawn = distances(rows.astype(np.float64), metric), distances(points, "euclidean")
    with mock.patch("numpy.argsort", functools.partial(np.argsort, kind="stable")), \
            mock.patch("sklearn.manifold._t_sne.NearestNeighbors", NearestByNumber):
        trust = trustworthiness(apart, points, n_neighbors=K, metric="precomputed")
        # The cosine's neighbours are those of another distance than scikit-learn takes on this side.
        with mock.patch.object(NearestByNumber, "fit", lambda self, _: setattr(self, "distance", apart) or self):
            continuity = trustworthiness(drawn, points, n_neighbors=K, metric="precomputed")
    checks.near("trustworthiness", found["trustworthiness"], trust, 1e-9)
    checks.near("continuity", found["continuity"], continuity, 1e-9)
    checks.near("trust of each", found["trust"].mean(), found["trustworthiness"], 1e-12)
    checks.near("continuity of each", found["continuity_of_each"].mean(), found["continuity"], 1e-12)
    near, shown = (np.argsort(of, axis=1, kind="stable")[:, :K] for of in (apart, drawn))
    preserved = np.mean([len(set(a) & set(b)) / K for a, b in zip(near, shown)])
    checks.near("neighbourhood preservation", found["neighbourhood_preservation_2d"], preserved, 1e-12)
    return checks.failed


def compare_ties(driver, scratch):
    rng = np.random.default_rng(5)
    copies = rng.permutation(np.repeat(rng.normal(size=(60, 32)), 4, axis=0))
    # Powers of two: rows in the same direction, between which rounding makes no difference.
    rays = np.concatenate([copies, copies[::3] * 2, copies[::5] / 4])
    grid = np.stack(np.meshgrid(*[np.arange(8)] * 3), axis=-1).reshape(-1, 3)
    line = rng.permutation(np.arange(400))[:, None] * np.array([1, 2, 2])
    sets = {"copies": copies, "rays": rays, "grid": grid, "grid, copies": rng.integers(0, 5, (700, 3)),
            "line": line, "copies, tall": np.delete(with_duplicates(clusters(1, 2000, 128, 7)[0]), [7, 90], axis=0)}
    return sum(compare_quality_of_ties(f"ties, {name}", driver, scratch / f"ties-{number}", rows.astype(np.float32))
               for number, (name, rows) in enumerate(sets.items()))


def compare_motion(checks, found, before, after):
    checks.near("shape disparity", found["shape_disparity"], procrustes(before, after)[2], 1e-9)
    centred, centred_after = before - before.mean(axis=0), after - after.mean(axis=0)
    shown, shown_after = found["shown_before"], found["shown_after"]
    # The maps of whole frames, of which each has rank 2: two axes, turned and scaled.
    axes, axes_after = (PCA(n_components=2, svd_solver="full").fit(rows).components_.T for rows in (before, after))
    plane, plane_after = (at @ np.linalg.lstsq(rows @ at, y, rcond=None)[0]
                          for rows, at, y in ((centred, axes, shown), (centred_after, axes_after, shown_after)))
    data = (centred_after - centred) @ (plane_after + plane) / 2
    camera = (centred_after + centred) / 2 @ (plane_after - plane)
    extent = np.abs(shown).max()
    checks.near("data and camera over the extent", (data + camera) / extent, (shown_after - shown) / extent, 1e-9)
    of_data, of_camera = np.sum(data ** 2), np.sum(camera ** 2)
    checks.near("camera share", found["camera_share"], of_camera / (of_data + of_camera), 1e-9)
    scale = (np.linalg.norm(plane) + np.linalg.norm(plane_after)) / 2 / np.sqrt(2)
    checks.near("seen share", found["seen_share"], of_data / np.sum(((centred_after - centred) * scale) ** 2), 1e-9)
    moved, drawn = np.linalg.norm(after - before, axis=1), np.linalg.norm(shown_after - shown, axis=1)
    checks.near("stability, Pearson", found["stability_pearson"], pearsonr(moved, drawn)[0], 1e-9)
    checks.near("stability, Kendall", found["stability_kendall"], kendalltau(moved, drawn)[0], 1e-9)
    checks.near("stability, Spearman", found["stability_spearman"], spearmanr(moved, drawn)[0], 1e-9)
    a, b = moved / moved.max(), drawn / drawn.max()
    checks.near("stability, stress", found["stability_stress"], np.sum((a - b) ** 2) / np.sum(a ** 2), 1e-9)


def compare_label_quality(checks, what, found, labels, probabilities):
    for scores, method in zip(found, ("self_confidence", "normalized_margin", "confidence_weighted_entropy")):
        # The last divides the rounding of 1 + w by w, which it takes for 1e-6 at least.
        checks.near(f"{what}, {method}", scores, get_label_quality_scores(labels, probabilities, method=method), 1e-9 if "entropy" in method else 1e-12)
    # fiftyone-brain's formulas: see tests/golden/make_analysis_golden.py
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    checks.near(f"{what}, hardness", found[3], entropy(probabilities, axis=1), 1e-12)
    checks.near(f"{what}, mistakenness", found[4], (np.where(right, -1.0, 1.0) * confidence + 1) / 2, 1e-12)


def compare_label_issues(driver, scratch):
    """Random classifiers of 2 to 300 classes, good and bad ones, with labels that are wrong, and classes without images."""
    rng = np.random.default_rng(5)
    checks, found = Checks("label issues"), 0
    for case in range(60):
        classes = int(rng.choice([2, 3, 5, 10, 16, 17, 40, 120, 300]))
        count = int(rng.integers(classes, 1500))
        truth = rng.integers(0, classes, count) if case % 3 else np.minimum(rng.geometric(min(1, 3 / classes), count), classes) - 1
        logits = rng.normal(size=(count, classes)) * rng.uniform(0.3, 3)
        logits[np.arange(count), truth] += rng.uniform(0, 6)
        labels = np.where(rng.random(count) < rng.uniform(0, 0.3), rng.integers(0, classes, count), truth).astype(np.int64)
        logits = (np.round(logits * 4) / 4 if case % 4 == 0 else logits).astype(np.float32)  # many are equal
        folder = scratch / f"issues-{case}"
        folder.mkdir()
        logits.tofile(folder / "logits.f32")
        labels.tofile(folder / "labels.i64")
        subprocess.run([driver, folder, str(count), str(classes)], check=True)
        shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        # The order of equal values, which numpy leaves open.
        with mock.patch("numpy.argsort", functools.partial(np.argsort, kind="stable")):
            expected = find_label_issues(labels, shifted / shifted.sum(axis=1, keepdims=True), n_jobs=1)
        what = f"{classes} classes, {count} images"
        checks.near(what, np.fromfile(folder / "label_issue.i64", np.int64), expected, 0)
        found += expected.sum()
        compare_label_quality(checks, what, np.fromfile(folder / "quality.f64").reshape(5, count), labels, shifted / shifted.sum(axis=1, keepdims=True))
    assert found > 1000, found
    return checks.failed


def main(driver):
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        return 1 if compare_all(driver, Path(scratch)) else 0


def compare_all(driver, scratch):
    failed = compare_label_issues(driver, scratch) + compare_ties(driver, scratch)
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
