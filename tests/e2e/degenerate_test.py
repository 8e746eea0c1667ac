# SPDX-License-Identifier: Apache-2.0
"""Embeddings at the edge of what can be analysed have a stated result, or are refused by file and row; scores are cleanlab's."""
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    from cleanlab.outlier import OutOfDistribution

N, D = 50, 8


def rows(seed, count=N, width=D):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def changed(at, value, of=None):
    array = rows(1) if of is None else of.copy()
    array[at] = value
    return array


class Degenerate(unittest.TestCase):
    def setUp(self):
        self.begin_anew()

    def begin_anew(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def job_on(self, arrays, *words, labels=None, logits=None, code=0):
        given = self.folder / "given"
        given.mkdir()
        for t, array in enumerate(arrays):
            np.save(given / f"{10 * t}.npy", array)
        if labels is not None:
            np.save(self.folder / "labels.npy", labels)
            words += ("--labels", self.folder / "labels.npy")
        if logits is not None:
            (self.folder / "logits").mkdir()
            for t, array in enumerate(logits):
                np.save(self.folder / f"logits/{10 * t}.npy", np.float32(array))
            words += ("--logits", self.folder / "logits")
        _, said = job.run(["analyze", "--embeddings", given, "--run", self.folder / "run", "--quiet", "--no-progress", *words], code=code)
        return said

    def analysed(self, arrays, *words, labels=None, logits=None):
        self.job_on(arrays, *words, labels=labels, logits=logits)
        with h5py.File(self.folder / "run/analysis.h5") as file:
            found = {name: file[name][()] for name in file}
        self.assertTrue(np.isfinite(found["aligned"]).all())
        self.assertLessEqual(np.abs(found["aligned"]).max(), 5 + 1e-9)
        for array, scores in zip(arrays, found["ood_score"], strict=True):
            neighbours = min(10, len(array) - 1)
            expected = OutOfDistribution({"k": neighbours}).fit_score(features=array.astype(np.float64), verbose=False)
            np.testing.assert_allclose(scores, expected, atol=1e-6)
        job.run(["render", "--run", self.folder / "run", "--size", "640x360", "--quiet", "--no-progress"])
        return found

    def test_rows_that_are_all_equal_are_one_point(self):
        found = self.analysed([np.ones((N, D), np.float32)] * 3)
        self.assertEqual(np.abs(found["aligned"]).max(), 0)
        self.assertEqual(found["explained_variance_ratio"].max(), 0)
        self.assertTrue(np.isnan(found["linear_cka"]).all() and np.isnan(found["effective_rank"]).all())
        np.testing.assert_array_equal(found["duplicate_set"], 0)

    def test_a_collapsed_checkpoint_among_others_is_a_point(self):
        found = self.analysed([rows(1), np.ones((N, D), np.float32), rows(2)])
        self.assertEqual(np.abs(found["aligned"][1]).max(), 0)
        self.assertGreater(np.abs(found["aligned"][2]).max(), 1)

    def test_procrustes_refuses_a_single_point(self):
        said = self.job_on([np.ones((N, D), np.float32)] * 2, "--projection", "each", code=3)
        self.assertIn("single distinct point", said)

    def test_as_many_rows_as_neighbours_and_fewer(self):
        for count in (2, 3, 9, 11):
            with self.subTest(count=count):
                self.begin_anew()
                found = self.analysed([rows(1, count), rows(2, count)])
                self.assertEqual(found["neighbour_preservation"][1], 1)  # all others are neighbours

    def test_one_row_or_one_column_makes_no_picture(self):
        for array in (rows(1, 1), rows(1, N, 1)):
            self.begin_anew()
            said = self.job_on([array] * 2, code=3)
            self.assertIn("0.npy: is of", said)
            self.assertIn("two rows and two columns", said)

    def test_two_and_three_columns(self):
        for width in (2, 3):
            self.begin_anew()
            found = self.analysed([rows(1, N, width), rows(2, N, width)])
            if width == 2:
                np.testing.assert_allclose(found["explained_variance_ratio"].sum(axis=1), 1)

    def test_constant_columns_and_rows_of_zeros(self):
        self.analysed([changed((slice(None), 3), 7), changed((slice(None), 3), 7, rows(2))])
        self.begin_anew()
        self.analysed([changed(slice(None, None, 5), 0), changed(slice(None, None, 5), 0, rows(2))])
        self.begin_anew()
        self.analysed([np.zeros((N, D), np.float32)] * 2)

    def test_a_column_a_quintillion_times_as_wide(self):
        wide = rows(1) * np.float32([1e18, 1, 1, 1, 1, 1, 1, 1])
        found = self.analysed([wide, wide + rows(2)])
        np.testing.assert_allclose(found["explained_variance_ratio"][:, 0], 1, atol=1e-9)

    def test_all_on_a_line(self):
        line = np.outer(np.arange(1, N + 1), np.arange(1, D + 1)).astype(np.float32)
        found = self.analysed([line, line])
        np.testing.assert_allclose(found["explained_variance_ratio"], [[1, 0], [1, 0]], atol=1e-9)
        np.testing.assert_allclose(found["effective_rank"], 1, atol=1e-6)

    def test_numbers_that_are_none_are_named(self):
        for value, word in ((np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")):
            self.begin_anew()
            said = self.job_on([rows(1), changed((4, 2), value)], code=3)
            self.assertIn("10.npy: row 4, column 2: is " + word, said)

    def test_values_whose_results_overflow_float32(self):
        largest = [np.random.default_rng(seed).uniform(-3.3e38, 3.3e38, size=(20, D)).astype(np.float32) for seed in (1, 2)]
        said = self.job_on(largest, code=3)
        self.assertRegex(said, r"analysis\.h5: /\w+: value \d+ is -?inf, .*the embeddings' values are too large")
        self.assertFalse((self.folder / "run/analysis.h5").exists())

    def test_a_single_checkpoint(self):
        found = self.analysed([rows(1)])
        for curve in ("linear_cka", "neighbour_preservation", "camera_share", "shape_disparity", "temporal_preservation", "stability_kendall"):
            self.assertTrue(np.isnan(found[curve]).all(), curve)

    def test_where_nothing_moves_no_motion_is_judged(self):
        found = self.analysed([rows(1)] * 4)
        for curve in ("camera_share", "seen_share", "stability_pearson", "stability_kendall", "stability_stress"):
            self.assertTrue(np.isnan(found[curve]).all(), curve)
        np.testing.assert_array_equal(np.isnan(found["temporal_preservation"]), [True, True, False, False])
        np.testing.assert_array_equal(found["temporal_preservation"][2:], 0)
        np.testing.assert_allclose(found["shape_disparity"][1:], 0, atol=1e-9)

    def test_logits_that_say_nothing_or_all(self):
        labels = np.arange(N, dtype=np.int64) % 3
        sure = np.where(np.arange(3) == labels[:, None], 1e30, -1e30)
        wrong = np.roll(sure, 1, axis=1)
        found = self.analysed([rows(1), rows(2), rows(3)], labels=labels, logits=[np.zeros((N, 3)), sure, wrong])
        np.testing.assert_allclose(found["hardness"], [[np.log(3)] * N, [0] * N, [0] * N], atol=1e-12)
        right = np.where(labels == 0, 1 / 3, 2 / 3)  # of equal logits the first class is predicted
        np.testing.assert_allclose(found["mistakenness"], [right, [0] * N, [1] * N], atol=1e-12)
        np.testing.assert_allclose(found["normalized_margin"], [[0.5] * N, [1] * N, [0] * N], atol=1e-12)
        self.assertTrue(np.isfinite(found["confidence_weighted_entropy"]).all())
        np.testing.assert_array_equal(found["label_issue"][1], 0)

    def test_logits_of_one_class(self):
        found = self.analysed([rows(1)], labels=np.zeros(N, np.int64), logits=[rows(2, N, 1)])
        for name, value in (("accuracy", 1), ("self_confidence", 1), ("normalized_margin", 1), ("hardness", 0), ("mistakenness", 0),
                            ("confidence_weighted_entropy", 0), ("label_issue", 0)):
            np.testing.assert_array_equal(found[name], np.full_like(found[name], value), err_msg=name)

    def test_logits_that_are_none_are_named(self):
        said = self.job_on([rows(1)], labels=np.zeros(N, np.int64), logits=[changed((4, 2), np.nan)], code=3)
        self.assertIn("0.npy: row 4, column 2: is nan", said)

    def test_one_class_and_classes_without_members(self):
        found = self.analysed([rows(1), rows(2)], labels=np.zeros(N, np.int64))
        self.assertTrue(np.isnan(found["class_separation"]).all())
        np.testing.assert_array_equal(found["knn_accuracy"], 1)
        self.begin_anew()
        labels = np.arange(N, dtype=np.int64) % 2 * 9
        found = self.analysed([rows(1), rows(2)], labels=labels, logits=[rows(3, N, 12), rows(4, N, 12)])
        self.assertTrue(np.isfinite(found["class_separation"]).all())
        for name in ("self_confidence", "normalized_margin", "confidence_weighted_entropy", "mistakenness"):
            self.assertTrue(((found[name] >= 0) & (found[name] <= 1)).all(), name)


if __name__ == "__main__":
    unittest.main()
