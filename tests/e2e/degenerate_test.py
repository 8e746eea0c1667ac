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

    def job_on(self, arrays, *words, labels=None, code=0):
        given = self.folder / "given"
        given.mkdir()
        for t, array in enumerate(arrays):
            np.save(given / f"{10 * t}.npy", array)
        if labels is not None:
            np.save(self.folder / "labels.npy", labels)
            words += ("--labels", self.folder / "labels.npy")
        _, said = job.run(["analyze", "--embeddings", given, "--run", self.folder / "run", "--quiet", "--no-progress", *words], code=code)
        return said

    def analysed(self, arrays, *words, labels=None):
        self.job_on(arrays, *words, labels=labels)
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

    def test_a_single_checkpoint(self):
        found = self.analysed([rows(1)])
        for curve in ("linear_cka", "neighbour_preservation", "camera_share", "shape_disparity"):
            self.assertTrue(np.isnan(found[curve]).all(), curve)

    def test_one_class_and_classes_without_members(self):
        found = self.analysed([rows(1), rows(2)], labels=np.zeros(N, np.int64))
        self.assertTrue(np.isnan(found["class_separation"]).all())
        np.testing.assert_array_equal(found["knn_accuracy"], 1)
        self.begin_anew()
        found = self.analysed([rows(1), rows(2)], labels=np.arange(N, dtype=np.int64) % 2 * 9)
        self.assertTrue(np.isfinite(found["class_separation"]).all())


if __name__ == "__main__":
    unittest.main()
