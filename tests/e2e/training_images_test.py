# SPDX-License-Identifier: Apache-2.0
"""Training images beside the test images: embedded, projected, compared as scikit-learn and cleanlab do it, and shown."""
import csv
import gzip
import io
import struct
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    from cleanlab import Datalab
    from cleanlab.outlier import OutOfDistribution
    from PIL import Image
    from sklearn.decomposition import PCA

FASHION = Path("/usr/share/datasets/fashion-mnist")
NUM_TRAIN, NUM_TEST, SAMPLE = 640, 500, 300
TRAINING = ["--max-steps", "20", "--save-steps", "10", "--logging-steps", "5", "--learning-rate", "1e-3", "--no-progress"]
PICTURES = ["--size", "960x540", "--tween", "1"]


def read_idx(name):
    data = gzip.decompress((FASHION / f"{name}.gz").read_bytes())
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def write_idx(path, array):
    path.write_bytes(struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes())


def make_data(folder):
    """Fashion-MNIST's first images; 40 training images are test images, too, half of them a little changed."""
    folder.mkdir()
    train, test = read_idx("train-images-idx3-ubyte")[:NUM_TRAIN], read_idx("t10k-images-idx3-ubyte")[:NUM_TEST].copy()
    test[100:140] = train[50:90]
    test[120:140, 5, 5] ^= 1
    write_idx(folder / "train-images-idx3-ubyte", train)
    write_idx(folder / "train-labels-idx1-ubyte", read_idx("train-labels-idx1-ubyte")[:NUM_TRAIN])
    write_idx(folder / "t10k-images-idx3-ubyte", test)
    write_idx(folder / "t10k-labels-idx1-ubyte", read_idx("t10k-labels-idx1-ubyte")[:NUM_TEST])


def datasets(path):
    with h5py.File(path) as file:
        return {name: file[name][()] for name in file}


class TrainingImages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        make_data(cls.folder / "data")
        cls.data = ["--data", f"idx:{cls.folder / 'data'}"]
        cls.run_folder = cls.folder / "run"
        job.run(["run", "--run", cls.run_folder, *cls.data, *TRAINING, *PICTURES, "--split", "both", "--train-sample", SAMPLE])
        cls.analysis = datasets(cls.run_folder / "analysis.h5")
        cls.embedded = [[datasets(cls.run_folder / f"checkpoint-{step}" / name) for name in ("embeddings.h5", "embeddings-train.h5")]
                        for step in cls.analysis["step"]]

    def analyze(self, *options):
        job.run(["analyze", "--run", self.run_folder, "--no-progress", *options])
        return datasets(self.run_folder / "analysis.h5")

    def test_the_file_says_which_images_they_are(self):
        first = self.embedded[0][1]["index"]
        self.assertEqual(len(set(first)), SAMPLE)
        self.assertTrue(np.all(np.diff(first) > 0) and first[0] >= 0 and first[-1] < NUM_TRAIN)
        with h5py.File(self.run_folder / "checkpoint-0" / "embeddings-train.h5") as file:
            self.assertEqual(file.attrs["seed"], 42)
        labels = read_idx("train-labels-idx1-ubyte")
        np.testing.assert_array_equal(self.analysis["train_index"], first)
        np.testing.assert_array_equal(self.analysis["train_label"], labels[first])
        for test, training in self.embedded:
            np.testing.assert_array_equal(training["index"], first)
            same = [i for i in range(20) if 50 + i in first]
            self.assertGreater(len(same), 3)
            where = np.searchsorted(first, [50 + i for i in same])
            np.testing.assert_allclose(training["embeddings"][where], test["embeddings"][[100 + i for i in same]], atol=1e-5)

    def test_extract_makes_the_same_and_leaves_the_test_images(self):
        folder = self.folder / "extracted"
        job.run(["finetune", "--run", folder, *self.data, *TRAINING])
        job.run(["extract", "--run", folder, "--no-progress"])
        before = job.digests(folder)
        _, err = job.run(["analyze", "--run", folder, "--split", "both"], code=3)
        self.assertIn("embeddings-train.h5: does not exist; zoetrope extract --split train makes it", err)
        job.run(["extract", "--run", folder, "--no-progress", "--split", "train", "--train-sample", SAMPLE], ranks=2)
        for step in self.analysis["step"]:
            name = Path(f"checkpoint-{step}")
            self.assertEqual(job.digests(folder)[name / "embeddings.h5"], before[name / "embeddings.h5"])
            for file in ("embeddings.h5", "embeddings-train.h5"):
                job.assert_same_hdf5(folder / name / file, self.run_folder / name / file)
        job.assert_no_leftovers(folder)
        out, _ = job.run(["inspect", "--verify", folder])
        self.assertIn("whole", out)
        job.run(["analyze", "--run", folder, "--no-progress"], ranks=2)
        job.assert_same_hdf5(folder / "analysis.h5", self.run_folder / "analysis.h5")

    def test_without_them_the_test_images_are_as_ever(self):
        folder = self.folder / "alone"
        job.run(["run", "--run", folder, *self.data, *TRAINING, *PICTURES])
        alone = datasets(folder / "analysis.h5")
        self.assertNotIn("train_label", alone)
        for name, values in alone.items():
            np.testing.assert_array_equal(values, self.analysis[name], err_msg=name)
        without = self.analyze("--split", "test")
        self.assertEqual(without.keys(), alone.keys())
        job.assert_same_hdf5(folder / "analysis.h5", self.run_folder / "analysis.h5")
        job.assert_same_hdf5(folder / "checkpoint-20" / "embeddings.h5", self.run_folder / "checkpoint-20" / "embeddings.h5")

    def test_the_plane_is_scikit_learns_of_the_images_asked_for(self):
        for fit_on, rows_of in (("test", lambda test, training: test), ("train", lambda test, training: training),
                                ("both", lambda test, training: np.concatenate([test, training]))):
            found = self.analyze("--split", "both", "--projection", "each", "--fit-on", fit_on)
            for t, pair in enumerate(self.embedded):
                test, training = (file["embeddings"].astype(np.float64) for file in pair)
                pca = PCA(n_components=2, svd_solver="covariance_eigh").fit(rows_of(test, training))
                np.testing.assert_allclose(found["pca"][t], pca.transform(test), atol=1e-7)
                np.testing.assert_allclose(found["train_pca"][t], pca.transform(training), atol=1e-7)
                np.testing.assert_allclose(found["explained_variance_ratio"][t], pca.explained_variance_ratio_, rtol=1e-7)

    def test_they_lie_in_the_test_images_plane(self):
        for options in (["--projection", "smooth"], ["--projection", "smooth", "--fit-on", "train"], ["--projection", "joint", "--fit-on", "both"],
                        ["--projection", "each", "--align", "previous"], ["--projection", "last", "--fit-on", "train"]):
            found = self.analyze("--split", "both", *options)
            for t, pair in enumerate(self.embedded):
                test, training = (np.c_[file["embeddings"].astype(np.float64), np.ones(len(file["embeddings"]))] for file in pair)
                for name in ("pca", "aligned"):
                    plane = np.linalg.lstsq(test, found[name][t], rcond=None)[0]
                    np.testing.assert_allclose(test @ plane, found[name][t], atol=1e-6)
                    np.testing.assert_allclose(training @ plane, found["train_" + name][t], atol=1e-5)

    def test_outliers_are_cleanlabs_against_the_training_set(self):
        for t, (test, training) in enumerate(self.embedded):
            detector = OutOfDistribution()
            detector.fit(features=training["embeddings"], verbose=False)
            expected = detector.score(features=test["embeddings"])
            np.testing.assert_allclose(self.analysis["ood_vs_train"][t], expected, atol=1e-5)
            distance, _ = detector.params["knn"].kneighbors(test["embeddings"])
            np.testing.assert_allclose(self.analysis["mean_distance_to_train"][t], distance.mean(axis=1), atol=2e-7)

    def test_leaks_are_datalabs(self):
        planted = {100 + i: 50 + i for i in range(40) if 50 + i in self.analysis["train_index"]}
        for t, (test, training) in enumerate(self.embedded):
            rows = np.concatenate([test["embeddings"], training["embeddings"]])
            lab = Datalab({"label": np.zeros(len(rows), int)}, label_name="label", verbosity=0)
            lab.find_issues(features=rows.astype(np.float64), issue_types={"near_duplicate": {}})
            sets = lab.get_issues("near_duplicate")["near_duplicate_sets"]
            expected = [[int(j) - NUM_TEST for j in sets[i] if j >= NUM_TEST] for i in range(NUM_TEST)]
            found = self.analysis["leak"][t]
            self.assertEqual(np.flatnonzero(found >= 0).tolist(), [i for i, of in enumerate(expected) if of])
            for i in np.flatnonzero(found >= 0):
                self.assertIn(found[i], expected[i])
        for i in range(100, 120):
            if i in planted:
                self.assertEqual(self.analysis["train_index"][self.analysis["leak"][-1][i]], planted[i])
        rows = {int(row["index"]): row for row in csv.DictReader(io.StringIO((self.run_folder / "issues.csv").read_text(), newline=""))}
        for i, j in planted.items():
            if i < 120:
                self.assertEqual(rows[i]["leak"], str(j))
                self.assertEqual(float(rows[i]["outlier_score_vs_train"]), self.analysis["ood_vs_train"][-1][i])

    def test_accuracy_of_both_can_be_compared(self):
        for t, (_, training) in enumerate(self.embedded):
            prediction = training["logits"].argmax(axis=1)
            np.testing.assert_array_equal(self.analysis["train_prediction"][t], prediction)
            self.assertEqual(self.analysis["train_accuracy"][t], np.mean(prediction == self.analysis["train_label"]))

    def test_they_are_drawn_hollow(self):
        self.analyze("--split", "both", "--projection", "smooth")
        frame = self.run_folder / "checkpoint-20" / "frame.png"
        for layout in ("wide", "plot", "article"):
            job.run(["render", "--run", self.run_folder, "--split", "both", "--layout", layout, "--no-progress", *PICTURES])
            with_them = np.asarray(Image.open(frame).convert("RGB")).astype(int)
            job.run(["render", "--run", self.run_folder, "--split", "test", "--projection", "smooth", "--layout", layout, "--no-progress", *PICTURES])
            alone = np.asarray(Image.open(frame).convert("RGB")).astype(int)
            self.analyze("--split", "both", "--projection", "smooth")
            self.assertGreater(np.count_nonzero(np.abs(with_them - alone).max(axis=2) > 60), 500, layout)
        job.run(["render", "--run", self.run_folder, "--split", "both", "--tween-path", "projection", "--layout", "wide", "--no-progress", *PICTURES])

    def test_what_cannot_be_is_said(self):
        other = self.folder / "without"
        job.run(["finetune", "--run", other, *self.data, *TRAINING, "--save", "in-situ"])
        gone = "its model is no longer there to make it: a new run shows training images with --split both from its start; --split test goes on"
        for words, code, told in (
                (["analyze", "--run", other, "--split", "both"], 3, f"embeddings-train.h5: does not exist; {gone}"),
                (["extract", "--run", other, "--split", "train"], 3, f"embeddings-train.h5: there is no such file; {gone}"),
                (["extract", "--run", other, "--split", "train"], 3, f"embeddings-train.h5: there is no such file; {gone}"),  # now the last has it
                (["analyze", "--run", other, "--split", "test", "--test-limit", "90"], 3, "its model is no longer there to make it again: give the run's data"),
                (["analyze", "--run", self.run_folder, "--split", "both", "--train-sample", SAMPLE - 1], 3, "other training images than"),
                (["analyze", "--run", self.run_folder, "--split", "test", "--fit-on", "train"], 2, "give --split both"),
                (["extract", "--run", self.run_folder, "--train-sample", "1", "--split", "both"], 2, "--train-sample"),
                (["analyze", "--run", self.folder / "own", "--embeddings", self.folder, "--split", "both"], 2, "leave it out with --embeddings")):
            _, err = job.run(words, code=code)
            self.assertIn(told, err)


class InSitu(unittest.TestCase):
    def test_they_are_embedded_while_training(self):
        with job.scratch() as scratch:
            folder = Path(scratch) / "run"
            job.run(["run", "--run", folder, *job.SMALL, "--save", "in-situ", "--split", "both", "--train-sample", "100"], ranks=2)
            self.assertFalse((folder / "checkpoint-10" / "model.safetensors").exists())
            self.assertEqual(datasets(folder / "analysis.h5")["train_aligned"].shape, (5, 100, 2))
            page = (folder / "review.html").read_text()
            self.assertIn('"training":{"size":100}', page)
            # Again: all is there.
            job.run(["run", "--run", folder], ranks=2)
            (folder / "checkpoint-10" / "embeddings-train.h5").unlink()
            _, err = job.run(["run", "--run", folder], code=3)
            self.assertIn("checkpoint-10/embeddings-train.h5: there is no such file", err)
            self.assertIn("--split test goes on without training images", err)


if __name__ == "__main__":
    unittest.main()
