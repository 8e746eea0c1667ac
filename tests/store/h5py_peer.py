# SPDX-License-Identifier: Apache-2.0
"""The run directory's HDF5 files and h5py, both ways. Usage: h5py_peer.py STORE_PEER"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    import xxhash

STORE_PEER = sys.argv.pop(1)
CLASS_NAMES = ["T-shirt/top", "<script>\"it's\"</script>", "Größe 大きさ حجم"]


def sample_rows(rows, columns):
    return (np.arange(rows)[:, None] + np.arange(columns) / 1024).astype(np.float32)


class StoreAndH5py(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def run_peer(self, verb):
        return subprocess.run([STORE_PEER, verb, self.folder], check=True, capture_output=True, text=True)

    def assert_digests(self, file):
        """As formats.md says that they are made."""
        kept = json.loads(file.attrs["zoetrope_digest"])
        self.assertEqual(kept["kind"], "xxh3-128")
        self.assertEqual(set(kept["datasets"]), {"/" + name for name in file})
        self.assertEqual({*kept["attributes"], "zoetrope_digest"}, set(file.attrs))
        for name, digest in kept["datasets"].items():
            self.assertEqual(xxhash.xxh3_128_hexdigest(file[name][()].tobytes()), digest, name)
        for name, digest in kept["attributes"].items():
            self.assertEqual(xxhash.xxh3_128_hexdigest(file.attrs[name].tobytes()), digest, name)

    def test_h5py_reads_embeddings(self):
        self.run_peer("write")
        with h5py.File(self.folder / "embeddings.h5") as file:
            self.assertEqual(file["embeddings"].dtype, np.float32)
            np.testing.assert_array_equal(file["embeddings"][:], sample_rows(11, 3))
            self.assert_digests(file)
            self.assertEqual(
                {key: value for key, value in file.attrs.items() if key != "zoetrope_digest"},
                {"step": 40, "epoch": 1 / 3, "model_digest": b"m1", "dataset_digest": b"d1", "feature": b"cls",
                 "dtype": b"float32", "num_rows": 11})

    def test_h5py_reads_the_analysis(self):
        self.run_peer("write")
        expected = {
            "step": ("int64", (5,)), "epoch": ("float64", (5,)), "loss": ("float64", (5,)), "label": ("int64", (13,)),
            "class_name": ("|S24", (3,)), "ood_score": ("float64", (5, 13)), "outlier": ("int64", (5, 2)),
            "pca": ("float64", (5, 13, 2)), "explained_variance_ratio": ("float64", (5, 2)),
            "aligned": ("float64", (5, 13, 2)), "disparity": ("float64", (5,)), "embeddings_digest": ("|S2", (5,)), "accuracy": ("float64", (5,)),
            "knn_accuracy": ("float64", (5,))}
        with h5py.File(self.folder / "analysis.h5") as file:
            self.assert_digests(file)
            self.assertEqual({name: (str(data.dtype), data.shape) for name, data in file.items()}, expected)
            self.assertEqual(list(file["class_name"].asstr()), CLASS_NAMES)
            np.testing.assert_array_equal(file["pca"][:].ravel(), 3 + 1 / (np.arange(5 * 13 * 2) + 3))
            self.assertTrue(np.isnan(file["loss"][0]))

    def test_store_reads_what_h5py_writes(self):
        frames, images = 2, 4
        with h5py.File(self.folder / "embeddings.h5", "w") as file:
            file["embeddings"] = sample_rows(7, 3)
            file.attrs.update(step=20, epoch=0.5, num_rows=7, model_digest=np.bytes_("m"), dataset_digest=np.bytes_("d"),
                              feature=np.bytes_("cls"), dtype=np.bytes_("float32"))
        with h5py.File(self.folder / "analysis.h5", "w") as file:
            file["step"] = np.arange(frames)
            file["label"] = np.zeros(images, np.int64)
            file["class_name"] = np.array([name.encode() for name in CLASS_NAMES])
            file["outlier"] = np.zeros((frames, 1), np.int64)
            for name in ("epoch", "loss", "disparity", "accuracy"):
                file[name] = np.zeros(frames)
            file["explained_variance_ratio"] = np.zeros((frames, 2))
            file["ood_score"] = np.zeros((frames, images))
            file["pca"] = file["aligned"] = np.zeros((frames, images, 2))
            file.attrs["source_digest"] = np.bytes_("s")
        lines = self.run_peer("read").stdout.splitlines()
        total = sample_rows(7, 3).astype(float).sum()
        self.assertEqual(lines[0], f"embeddings 7 x 3 step 20 epoch 0.5 model m sum {total:.17g}")
        self.assertEqual(lines[1:], ["analysis 2 x 4 curve accuracy"] + [f"class {name}" for name in CLASS_NAMES])


if __name__ == "__main__":
    unittest.main()
