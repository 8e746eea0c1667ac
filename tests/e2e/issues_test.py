# SPDX-License-Identifier: Apache-2.0
"""Label issues, near duplicates and distances are those of cleanlab as installed; issues.csv has them."""
import csv
import functools
import io
import sys
import unittest
from pathlib import Path
from unittest import mock

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    from cleanlab.datalab.internal.issue_manager.duplicate import NearDuplicateIssueManager
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores
    from scipy.stats import entropy
    from sklearn.neighbors import NearestNeighbors


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def near_duplicates(rows):
    """Whose neighbours are near duplicates, by Datalab's rule, and what hangs together by that."""
    graph = NearestNeighbors(n_neighbors=10, metric="cosine").fit(rows).kneighbors_graph(mode="distance")
    nearest = graph.data.reshape(len(rows), -1)[:, 0]
    sets = NearDuplicateIssueManager._neighbors_within_radius(graph, 0.13, max(np.median(nearest), 1e-6))
    first = np.full(len(rows), -1)
    for i in range(len(rows)):
        if len(sets[i]) == 0 or first[i] >= 0:
            continue
        found, open_ones = {i}, [i]
        while open_ones:
            for other in sets[open_ones.pop()]:
                if other not in found:
                    found.add(int(other))
                    open_ones.append(int(other))
        first[list(found)] = min(found)
    return first


class Issues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.run_folder = Path(scratch.name) / "run"
        job.run(["run", "--run", cls.run_folder, "--save", "in-situ", *job.SMALL])
        with h5py.File(cls.run_folder / "analysis.h5") as file:
            cls.analysis = {name: file[name][()] for name in file}

    def embeddings(self, t):
        with h5py.File(self.run_folder / f"checkpoint-{self.analysis['step'][t]}" / "embeddings.h5") as file:
            return file["embeddings"][:], file["logits"][:].astype(np.float64)

    def test_label_issues_are_cleanlabs(self):
        labels = self.analysis["label"]
        found = 0
        for t in range(len(self.analysis["step"])):
            _, logits = self.embeddings(t)
            # Which of equal values comes first numpy leaves open, and its answer depends on the processor. Here it is the first.
            with mock.patch("numpy.argsort", functools.partial(np.argsort, kind="stable")):
                expected = find_label_issues(labels, softmax(logits), n_jobs=1)
            np.testing.assert_array_equal(self.analysis["label_issue"][t].astype(bool), expected)
            found += expected.sum()
        self.assertGreater(found, 20)

    def test_label_quality_is_cleanlabs_and_fiftyones(self):
        labels = self.analysis["label"]
        for t in range(len(self.analysis["step"])):
            p = softmax(self.embeddings(t)[1])
            for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
                expected = get_label_quality_scores(labels, p, method=method)
                np.testing.assert_allclose(self.analysis[method][t], expected, rtol=0, atol=1e-9 if "entropy" in method else 1e-12)
            # fiftyone-brain's formulas: see tests/golden/make_analysis_golden.py
            right = p.argmax(axis=1) == labels
            np.testing.assert_allclose(self.analysis["hardness"][t], entropy(p, axis=1), rtol=0, atol=1e-12)
            np.testing.assert_allclose(self.analysis["mistakenness"][t], (np.where(right, -1.0, 1.0) * p.max(axis=1) + 1) / 2, rtol=0, atol=1e-12)

    def test_duplicates_are_datalabs(self):
        found = 0
        for t in range(len(self.analysis["step"])):
            rows, _ = self.embeddings(t)
            expected = near_duplicates(rows.astype(np.float64))
            np.testing.assert_array_equal(self.analysis["duplicate_set"][t], expected)
            found += np.sum(expected >= 0)
        self.assertGreater(found, 0)

    def test_distances_can_be_compared(self):
        for t in range(len(self.analysis["step"])):
            rows, _ = self.embeddings(t)
            distance, _ = NearestNeighbors(n_neighbors=10, metric="cosine").fit(rows.astype(np.float64)).kneighbors()
            np.testing.assert_allclose(self.analysis["mean_distance"][t], distance.mean(axis=1), rtol=1e-6, atol=1e-9)

    def test_neighbours_are_the_nearest(self):
        for t in range(len(self.analysis["step"])):
            rows = self.embeddings(t)[0].astype(np.float64)
            distance, _ = NearestNeighbors(n_neighbors=10, metric="cosine").fit(rows).kneighbors()
            unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            found = self.analysis["neighbour"][t]
            np.testing.assert_allclose(1 - np.einsum("nd,nkd->nk", unit, unit[found]), distance, atol=1e-9)
            self.assertEqual({len(set(row) - {i}) for i, row in enumerate(found.tolist())}, {10})

    def test_the_page_takes_columns_and_names_a_line_that_is_wrong(self):
        table = self.run_folder / "own.csv"
        for lines, code, told in (("0,1\n1,2\n", 0, ""), ("0,1\n99999,2\n", 3, "own.csv: line 3: index 99999 is not one of 0 to ")):
            table.write_text("index,price\n" + lines)
            _, err = job.run(["review", "--run", self.run_folder, "--columns", table], code=code)
            self.assertIn(told, err)
        self.assertIn('"price"', (self.run_folder / "review.html").read_text())
        self.assertNotIn("columns", (self.run_folder / "run.ini").read_text())

    def test_the_list_has_them(self):
        a = self.analysis
        rows = list(csv.DictReader(io.StringIO((self.run_folder / "issues.csv").read_text(), newline="")))
        index = [int(row["index"]) for row in rows]
        right = a["prediction"] == a["label"]
        worth_a_look = (a["label_issue"][-1] > 0) | (a["duplicate_set"][-1] >= 0) | ~right.any(axis=0)
        worth_a_look[a["outlier"][-1]] = True
        self.assertEqual(sorted(index), np.flatnonzero(worth_a_look).tolist())
        believed = a["self_confidence"][-1][index]
        self.assertTrue(np.all(np.diff(believed) >= 0))
        names = [name.decode() for name in a["class_name"]]
        for i, row in zip(index, rows, strict=True):
            self.assertEqual((row["label"], row["prediction"]), (names[a["label"][i]], names[a["prediction"][-1][i]]))
            for score in ("self_confidence", "normalized_margin", "confidence_weighted_entropy", "mistakenness", "hardness"):
                self.assertEqual(float(row[score]), a[score][-1][i])
            self.assertEqual(int(row["label_issue"]), a["label_issue"][-1][i])
            learnt = a["step"][right[:, i]]
            self.assertEqual(row["first_learnt_step"], str(learnt[0]) if len(learnt) else "")


if __name__ == "__main__":
    unittest.main()
