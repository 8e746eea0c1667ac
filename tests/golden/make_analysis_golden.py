#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/analysis from the real libraries: cleanlab, scikit-learn and SciPy.

analysis.json lists cases whose arrays lie in analysis.bin at the given byte offsets (C order, little-endian).
Run it again with: .venv/bin/python tests/golden/make_analysis_golden.py
"""
import json
import warnings
from pathlib import Path

import cleanlab
import numpy as np
import scipy
import scipy.special
import scipy.stats
import sklearn
from cleanlab.outlier import OutOfDistribution
from cleanlab.rank import get_label_quality_scores
from scipy.spatial import procrustes
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

FOLDER = Path(__file__).parent / "analysis"
VERSIONS = {"cleanlab": cleanlab.__version__, "scikit-learn": sklearn.__version__, "scipy": scipy.__version__,
            "numpy": np.__version__}
K = 10


class Blob:
    """Arrays laid one after the other, each described by where it lies."""

    def __init__(self):
        self.bytes = b""

    def add(self, array):
        array = np.ascontiguousarray(array)
        place = {"offset": len(self.bytes), "shape": list(array.shape), "dtype": str(array.dtype)}
        self.bytes += array.tobytes()
        return place


def clusters(rng, count, width, classes, spread):
    centres = rng.normal(size=(classes, width))
    labels = rng.integers(0, classes, count)
    return centres[labels] + spread * rng.normal(size=(count, width)), labels


def duplicates(rng):
    """Groups of 2, 3 and 13 equal rows: fewer and more than k others."""
    rows = rng.normal(size=(60, 6))
    rows[[5, 40]] = rows[0]
    rows[7] = rows[59]
    rows[20:33] = rows[19]
    return rows


def zeros(rng):
    """Zero rows, one of them with negative zeros, and rows too short for scikit-learn to normalise."""
    rows = rng.normal(size=(40, 5))
    rows[[3, 17, 39]] = 0
    rows[17] *= -1.0
    rows[8] *= 1e-8
    rows[9] *= 1e-8
    return rows


def grid(columns):
    """All points of a grid, so that most distances are tied."""
    return np.stack(np.meshgrid(*columns, indexing="ij"), axis=-1).reshape(-1, len(columns)).astype(float)


def point_sets():
    """name: (rows, True where float64 cleanlab agrees with float32, True where float32 can tell distances)."""
    rng = np.random.default_rng(20240711)
    parallel = rng.uniform(0.5, 2.0, size=(30, 1)) * rng.normal(size=(1, 6))
    anisotropic = 20 * rng.normal(size=(1, 24)) + rng.normal(size=(120, 24))
    collapsed = rng.normal(size=(1, 8)) + 1e-4 * rng.normal(size=(30, 8))  # distances below cleanlab's EPSILON
    constant = rng.normal(size=(90, 9))
    constant[:, [0, 4]] = [7.5, 0.0]
    flat_duplicates = rng.normal(size=(130, 2))
    flat_duplicates[100:] = flat_duplicates[:30]
    return {
        "random": (rng.normal(size=(137, 8)), True, True),
        "clustered": (clusters(rng, 500, 16, 6, 0.3)[0], True, True),
        "one_direction": (anisotropic, True, False),
        "collapsed": (collapsed, True, False),
        "duplicates": (duplicates(rng), True, True),
        "zeros": (zeros(rng), False, True),
        "parallel": (parallel, True, False),
        "all_equal": (np.tile(rng.normal(size=(1, 5)), (20, 1)), True, True),
        "constant_columns": (constant, True, True),
        "fewer_than_k": (rng.normal(size=(7, 12)), True, True),
        "two_rows": (rng.normal(size=(2, 4)), True, True),
        "two_by_two": (rng.normal(size=(2, 2)), True, True),
        "wide": (rng.normal(size=(20, 50)), True, True),
        "flat_small": (rng.normal(size=(50, 3)), True, True),
        "flat_large": (rng.normal(size=(150, 2)), True, True),
        "flat_duplicates": (flat_duplicates, True, True),
        "flat_grid": (grid([range(12), range(13)]), True, True),
        "line": (rng.normal(size=(101, 1)), True, True),
    }


def scores(rows):
    return OutOfDistribution().fit_score(features=rows, verbose=False)


def pca(rows, blob):
    """float64 and the full solver: scikit-learn's own choice is float32 or randomised, so approximate."""
    if min(rows.shape) < 2 or np.ptp(rows, axis=0).max() == 0:
        return None
    fitted = PCA(n_components=2, svd_solver="full")
    points = fitted.fit_transform(rows.astype(np.float64))
    return {"points": blob.add(points), "components": blob.add(fitted.components_), "mean": blob.add(fitted.mean_),
            "variance": blob.add(fitted.explained_variance_), "ratio": blob.add(fitted.explained_variance_ratio_)}


def make_sets(blob):
    cases = []
    for name, (rows, same_in_float64, float32_resolves) in point_sets().items():
        rows = rows.astype(np.float32)
        wide = rows.astype(np.float64)
        cases.append({"name": name, "rows": blob.add(rows),
                      "score_float32": blob.add(scores(rows)) if float32_resolves else None,
                      "score_float64": blob.add(scores(wide)) if same_in_float64 else None,
                      "pca": pca(rows, blob)})
    return cases


def make_joint_pca(blob):
    """A PCA fitted on three sets together, far from the origin."""
    rng = np.random.default_rng(5)
    sets = [(1000 + rng.normal(size=(count, 7)) * np.arange(1, 8)).astype(np.float32) for count in (40, 1, 33)]
    return {"sets": [blob.add(rows) for rows in sets], "pca": pca(np.concatenate(sets), blob)}


def make_procrustes(blob):
    rng = np.random.default_rng(11)
    plane = rng.normal(size=(97, 2)) * [3.0, 1.0]
    angle = 2.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    line = np.outer(np.arange(9.0), [1.0, 2.0])
    pairs = {
        "same": (plane, plane),
        "turned_scaled_shifted": (plane, 7 * plane @ turn + [100, -50]),
        "mirrored": (plane, plane * [1.0, -1.0] + 3),
        "noisy": (plane, plane @ turn + rng.normal(size=plane.shape)),
        "unrelated": (plane, rng.normal(size=plane.shape)),
        "two_points": (rng.normal(size=(2, 2)), rng.normal(size=(2, 2))),
        "both_on_lines": (line, line[::-1] @ turn),
        "large_numbers": (plane * 1e150, plane @ turn * 1e-150),
    }
    cases = []
    for name, (reference, points) in pairs.items():
        _, aligned, disparity = procrustes(reference, points)
        cases.append({"name": name, "reference": blob.add(reference), "points": blob.add(points),
                      "aligned": blob.add(aligned), "disparity": disparity})
    return cases


def linear_cka(x, y):
    x, y = (z - z.mean(axis=0) for z in (x.astype(np.float64), y.astype(np.float64)))
    return np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def class_separation(points, labels):
    groups = [points[labels == label] for label in np.unique(labels)]
    centres = np.array([group.mean(axis=0) for group in groups])
    spread = np.mean([np.linalg.norm(group - centre, axis=1).mean() for group, centre in zip(groups, centres)])
    return scipy.spatial.distance.pdist(centres).mean() / spread


def make_drift(blob):
    rng = np.random.default_rng(3)
    before, labels = clusters(rng, 211, 20, 5, 1.0)
    before = before.astype(np.float32)
    after = (before @ rng.normal(size=(20, 20)) + rng.normal(size=before.shape)).astype(np.float32)
    # float32 coordinates, so that both sides look for neighbours among the same points
    points = PCA(n_components=2, svd_solver="full").fit_transform(before).astype(np.float32).astype(np.float64)
    found = [NearestNeighbors(n_neighbors=K, metric="cosine").fit(rows.astype(np.float64)).kneighbors()[1]
             for rows in (before, after)]
    voted = KNeighborsClassifier(n_neighbors=K, metric="cosine").fit(before.astype(np.float64), labels).predict(None)
    return {"before": blob.add(before), "after": blob.add(after), "labels": blob.add(labels),
            "points": blob.add(points),
            "knn_accuracy": np.mean(voted == labels),
            "neighbour_preservation": np.mean([len(set(a) & set(b)) / K for a, b in zip(*found)]),
            "linear_cka": linear_cka(before, after),
            "class_separation": class_separation(points, labels),
            "trustworthiness_cosine": trustworthiness(before.astype(np.float64), points, n_neighbors=K,
                                                      metric="cosine"),
            "trustworthiness_euclidean": trustworthiness(before.astype(np.float64), points, n_neighbors=K)}


def logit_sets(rng):
    """name: (logits, labels)."""
    edge = np.array([[60, 0, 0], [60, 0, 0], [1, 1, 1], [2, 2, 0], [0, 0, 900], [14, 0, 1], [14, 0, 1], [1e-7, 0, 0]])
    sets = {"edge": (edge, np.array([0, 1, 2, 1, 0, 0, 2, 1]))}
    for classes in (2, 10, 100):
        sets[f"{classes} classes"] = (rng.normal(size=(60, classes)) * rng.uniform(0.1, 4, size=(60, 1)), rng.integers(0, classes, 60))
    return sets


def make_label_quality(blob):
    """cleanlab's scores, and FiftyOne's formulas: fiftyone-brain 0.24.0, commit 7238036bcb5fb83177baf5c1b6b0c52937f32e58,
    fiftyone/brain/internal/core/hardness.py, Hardness.process_image, and mistakenness.py, _compute_mistakenness_class_conf."""
    cases = []
    for name, (logits, labels) in logit_sets(np.random.default_rng(29)).items():
        logits = logits.astype(np.float32)
        probabilities = scipy.special.softmax(logits.astype(np.float64), axis=1)
        m = (logits.argmax(axis=1) == labels).astype(float) * -2.0 + 1.0
        scores = {method: get_label_quality_scores(labels, probabilities, method=method)
                  for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy")}
        scores["hardness"] = np.array([scipy.stats.entropy(row) for row in probabilities])
        scores["mistakenness"] = (m * probabilities.max(axis=1) + 1.0) / 2.0
        cases.append({"name": name, "logits": blob.add(logits), "labels": blob.add(labels)}
                     | {score: blob.add(values) for score, values in scores.items()})
    return cases


def one_line_each(value):
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(case) for case in value) + "]"
    return json.dumps(value)


def main():
    warnings.simplefilter("ignore")
    blob = Blob()
    golden = {"versions": VERSIONS, "sets": make_sets(blob), "joint_pca": make_joint_pca(blob),
              "procrustes": make_procrustes(blob), "drift": make_drift(blob),
              "label_quality": make_label_quality(blob)}
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "analysis.bin").write_bytes(blob.bytes)
    text = ",\n".join(f'"{key}": {one_line_each(value)}' for key, value in golden.items())
    (FOLDER / "analysis.json").write_text(f"{{{text}}}\n")


if __name__ == "__main__":
    main()
