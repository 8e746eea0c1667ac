# SPDX-License-Identifier: Apache-2.0
"""--projection smooth: the planes that numpy finds, the same bits on 1, 2 and 4 ranks, and a camera that hardly moves."""
import shutil
import sys
import unittest
from itertools import pairwise
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np

AXES = 64  # of all checkpoints together, in which planes are looked for


def two_leading(symmetric):
    return np.linalg.eigh(symmetric)[1][:, ::-1][:, :2]


def smooth_planes(products, smoothness):
    """By exact eigenvectors alone, forwards and back, until nothing changes."""
    planes = [two_leading(sum(products))] * len(products)
    for sweep in range(20000):
        farthest = 0
        for t in range(len(products))[::1 if sweep % 2 == 0 else -1]:
            total = products[t] + sum(smoothness / 2 * planes[s] @ planes[s].T for s in (t - 1, t + 1) if 0 <= s < len(products))
            plane = two_leading(total)
            farthest = max(farthest, np.linalg.norm(plane @ plane.T - planes[t] @ planes[t].T))
            planes[t] = plane
        if farthest < 1e-12:
            return planes
    raise AssertionError("numpy's planes did not settle")


def turned(planes, last_products):
    """The last along its principal axes, those before turned onto the next."""
    axes = two_leading(planes[-1].T @ last_products @ planes[-1])
    planes = [*planes[:-1], planes[-1] @ axes]
    for c in range(2):
        column = planes[-1][:, c]
        column *= np.sign(column[np.abs(column).argmax()])
    for t in reversed(range(len(planes) - 1)):
        u, _, vt = np.linalg.svd(planes[t].T @ planes[t + 1])
        planes[t] = planes[t] @ u @ vt
    return planes


class Smooth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.trained = cls.root / "trained"
        job.run(["run", "--run", cls.trained, "--save", "in-situ", *job.SMALL])

    def analyzed(self, name, *words, ranks=1):
        folder = self.root / name
        shutil.copytree(self.trained, folder)
        job.run(["analyze", "--run", folder, *words], ranks)
        return folder

    def centred(self):
        steps = sorted(int(name.split("-")[1]) for name in job.checkpoints(self.trained))
        for step in steps:
            with h5py.File(self.trained / f"checkpoint-{step}" / "embeddings.h5") as file:
                rows = file["embeddings"][:].astype(np.float64)
            yield rows - rows.mean(axis=0)

    def test_planes_are_numpys(self):
        rows = list(self.centred())
        products = [x.T @ x / np.sum(x * x) for x in rows]
        axes = np.linalg.eigh(sum(products))[1][:, ::-1][:, :AXES]
        for smoothness in ("1", "0.1"):
            planes = smooth_planes([axes.T @ c @ axes for c in products], float(smoothness))
            planes = turned([axes @ plane for plane in planes], products[-1])
            found = self.analyzed(f"numpy-{smoothness}", "--projection", "smooth", "--smoothness", smoothness)
            with h5py.File(found / "analysis.h5") as file:
                points, shown, ratio = file["pca"][:], file["aligned"][:], file["explained_variance_ratio"][:]
            expected = np.stack([x @ plane for x, plane in zip(rows, planes, strict=True)])
            self.assertLess(np.abs(points - expected).max(), 1e-7 * np.abs(expected).max())
            self.assertLess(np.abs(shown - expected * 5 / np.abs(expected).max()).max(), 1e-6)  # one scale for all
            explained = [np.diag(plane.T @ c @ plane) for c, plane in zip(products, planes, strict=True)]
            self.assertLess(np.abs(ratio - explained).max(), 1e-9)

    def test_ranks_find_the_same(self):
        one = self.analyzed("one", "--projection", "smooth")
        for ranks in (2, 4):
            job.assert_same_hdf5(one / "analysis.h5", self.analyzed(f"{ranks}-ranks", "--projection", "smooth", ranks=ranks) / "analysis.h5")

    def test_the_camera_rests(self):
        def read(folder):
            with h5py.File(folder / "analysis.h5") as file:
                return np.nansum(file["camera_share"][:]), file["explained_variance_ratio"][:].sum()

        each, explained_by_each = read(self.analyzed("each", "--projection", "each"))
        smooth, explained = read(self.analyzed("smooth", "--projection", "smooth"))
        self.assertLess(smooth, each / 3)
        self.assertGreater(explained, 0.9 * explained_by_each)

    def test_temporal_preservation_is_numpys(self):
        with h5py.File(self.analyzed("temporal", "--projection", "each") / "analysis.h5") as file:
            neighbour, shown = file["neighbour"][:], file["aligned"][:]
            found, deviation = file["temporal_preservation"][:], file["temporal_preservation_std"][:]
        kept = np.array([[len(np.intersect1d(a, b)) / len(a) for a, b in zip(*pair, strict=True)] for pair in pairwise(neighbour)])
        moved = np.linalg.norm(np.diff(shown, axis=0), axis=2)
        each = np.array([np.corrcoef(a, b)[0, 1] if np.ptp(a) > 0 and np.ptp(b) > 0 else 0 for a, b in zip(kept.T, moved.T, strict=True)])
        self.assertGreater(len(kept), 1)
        self.assertLess(abs(found[-1] - each.mean()), 1e-9)
        self.assertLess(abs(deviation[-1] - each.std()), 1e-9)
        self.assertTrue(np.isnan(found[:2]).all() and np.isfinite(found[2:]).all())


if __name__ == "__main__":
    unittest.main()
