# SPDX-License-Identifier: Apache-2.0
"""Decision regions: the model's own classifier on the plane of each picture, as numpy finds it; in the pictures pixel by pixel; refused
where there are none."""
import shutil
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    from PIL import Image
    from safetensors.numpy import load_file

STEPS = (0, 10, 20)
TRAINING = ["--train-limit", "640", "--test-limit", "500", "--max-steps", "20", "--save-steps", "10", "--learning-rate", "1e-3"]
PICTURES = ["--size", "600x600", "--tween", "0", "--no-progress"]


def frame(folder, step):
    return np.array(Image.open(Path(folder) / f"checkpoint-{step}" / "frame.png").convert("RGB"))


def legend(axes):
    """Where the legend is, which is half transparent: within the long grey lines of its frame."""
    grey = (axes == axes[..., :1]).all(-1) & (axes[..., 0] > 200) & (axes[..., 0] < 255)
    lines = np.flatnonzero(grey.sum(1) > 80)
    columns = np.flatnonzero(grey[lines].any(0))
    return np.s_[lines[0] - 2:lines[-1] + 3, columns[0] - 2:columns[-1] + 3]


def forget_classifiers(run):
    """Leaves embeddings.h5 as older versions wrote them."""
    for path in run.glob("checkpoint-*/embeddings.h5"):
        with h5py.File(path, "r+") as file:
            del file["classifier_weight"], file["classifier_bias"], file.attrs["zoetrope_digest"]


class Regions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.trained = cls.root / "run"
        job.run(["run", "--run", cls.trained, *TRAINING, *PICTURES, "--regions", "on"])
        job.run(["review", "--run", cls.trained, "--export", "npz"])

    def analysis(self, run=None):
        with h5py.File((run or self.trained) / "analysis.h5") as file:
            return {name: file[name][:] for name in file}

    def assert_numpys(self, run):
        """The regions are those of model.safetensors at the embedding of each place, whatever takes the points there."""
        found = self.analysis(run)
        for t, step in enumerate(STEPS):
            folder = run / f"checkpoint-{step}"
            with h5py.File(folder / "embeddings.h5") as file:
                rows = file["embeddings"][:].astype(float)
            model = load_file(folder / "model.safetensors")
            weight, bias = model["classifier.weight"].astype(float), model["classifier.bias"].astype(float)
            axes = np.linalg.lstsq(rows - rows.mean(0), found["pca"][t] - found["pca"][t].mean(0), rcond=None)[0]
            ones = np.ones((len(rows), 1))
            back = np.linalg.lstsq(np.hstack([found["aligned"][t], ones]), found["pca"][t] - found["pca"][t].mean(0), rcond=None)[0]
            places = np.stack(np.meshgrid(np.linspace(-5, 5, 41), np.linspace(-5, 5, 41)), -1).reshape(-1, 2)
            places = np.hstack([places, np.ones((len(places), 1))])
            embedded = rows.mean(0) + places @ back @ axes.T  # on the plane through the images' mean
            logits, stored = embedded @ weight.T + bias, places @ found["plane_classifier"][t].T
            np.testing.assert_allclose(stored, logits, atol=1e-6 * np.abs(logits).max(), err_msg=str(step))
            np.testing.assert_array_equal(stored.argmax(1), logits.argmax(1), str(step))
            of_images = np.hstack([found["aligned"][t], ones]) @ found["plane_classifier"][t].T
            self.assertEqual(found["region_agreement"][t], np.mean(of_images.argmax(1) == found["prediction"][t]), step)

    def test_regions_are_those_that_numpy_finds(self):
        self.assert_numpys(self.trained)

    def test_classifiers_of_older_embeddings_are_read_from_the_models(self):
        other = self.root / "older"
        shutil.copytree(self.trained, other)
        (other / "analysis.h5").unlink()
        forget_classifiers(other)
        job.run(["analyze", "--run", other])
        self.assert_numpys(other)

    def test_regions_go_with_every_projection_and_alignment(self):
        other = self.root / "other"
        shutil.copytree(self.trained, other)
        for options in (["--projection", "each"], ["--projection", "last"], ["--projection", "each", "--align", "last", "--scale", "run"]):
            job.run(["analyze", "--run", other, *options])
            self.assert_numpys(other)

    def test_ranks_find_the_same(self):
        other = self.root / "ranks"
        shutil.copytree(self.trained, other)
        (other / "analysis.h5").unlink()
        job.run(["analyze", "--run", other], ranks=2)
        job.assert_same_hdf5(self.trained / "analysis.h5", other / "analysis.h5")

    def test_the_export_has_them(self):
        with np.load(self.trained / "review.npz") as export:
            for name in ("plane_classifier", "region_agreement"):
                np.testing.assert_array_equal(export[name], self.analysis()[name])

    def test_pictures_are_tinted_with_the_greatest_logit_in_every_pixel(self):
        """In every pixel where the figure of the article is white without them: there is nothing but regions there."""
        other = self.root / "pictures"
        shutil.copytree(self.trained, other)
        drawn = ["render", "--run", other, "--layout", "article", "--size", "800x800", "--no-progress"]
        job.run([*drawn, "--regions", "off"])
        without = [frame(other, step) for step in STEPS]
        job.run([*drawn, "--regions", "on"])
        found = self.analysis(other)
        left, top, side = 800 * 0.245139, 800 * (1 - 0.345278 - 0.534722), 800 * 0.534722
        columns, rows = np.arange(int(left) + 2, int(left + side) - 2), np.arange(int(top) + 2, int(top + side) - 2)
        x = (columns + 0.5 - left - side / 2) / (side / 10)
        y = -(rows + 0.5 - top - side / 2) / (side / 10)
        for t, step in enumerate(STEPS):
            a, b, c = (found["plane_classifier"][t][:, k, None, None] for k in range(3))
            classes = (a * x[None, None, :] + b * y[None, :, None] + c).argmax(0)
            white = (without[t][np.ix_(rows, columns)] == 255).all(-1)
            white[legend(without[t][np.ix_(rows, columns)])] = False
            pixels = frame(other, step)[np.ix_(rows, columns)]
            self.assertGreater(white.mean(), 0.4)
            tints = []
            for k in np.unique(classes[white]):
                of_class = pixels[white & (classes == k)].astype(int)
                tints.append(np.median(of_class, axis=0))
                # One tint a region: but for a level where the rim of a mark is too faint to be seen on white.
                self.assertLessEqual(np.abs(of_class - tints[-1]).max(), 2, (step, k))
            self.assertGreater(len(tints), 1)
            apart = np.abs(np.array(tints)[:, None] - np.array(tints)[None]).max(-1)
            self.assertGreater(apart[~np.eye(len(tints), dtype=bool)].min(), 4, step)  # and each another

    def pictures(self, run):
        found = {path: digest for path, digest in job.digests(run).items() if path.suffix in (".png", ".gif")}
        self.assertEqual(len(found), len(STEPS) + 2)
        return found

    def test_off_is_as_without_the_option(self):
        other = self.root / "off"
        shutil.copytree(self.trained, other)
        (other / "run.ini").unlink()
        drawn = ["render", "--run", other, "--test-limit", "500", "--train-limit", "640", *PICTURES]
        job.run(drawn)
        without = self.pictures(other)
        job.run([*drawn, "--regions", "off"])
        self.assertEqual(self.pictures(other), without)
        self.assertTrue((frame(other, 20) != frame(self.trained, 20)).any())

    def refused(self, words):
        _, error = job.run(words, code=2)
        self.assertIn("--regions on: ", error)
        self.assertIn("leave", error)
        return error

    def test_refused_before_the_training_where_the_head_takes_the_patches(self):
        for family, why in (("dinov2", "DINOv2"), ("clip-tower", "CLIP")):
            run = self.root / family
            model = job.GOLDEN / "vit-families" / family / "config.json"
            error = self.refused(["run", "--run", run, "--model", model, *TRAINING, *PICTURES, "--regions", "on"])
            self.assertIn(why, error)
            self.assertEqual(job.checkpoints(run) if run.exists() else [], [])

    def test_runs_that_keep_no_models_have_the_same(self):
        run = self.root / "in-situ"
        job.run(["run", "--run", run, "--save", "in-situ", *TRAINING, *PICTURES, "--regions", "on"], ranks=2)
        self.assertFalse((run / "checkpoint-10" / "model.safetensors").exists())
        job.assert_same_results(self.trained, run)

    def test_refused_where_neither_models_nor_classifiers_are_kept(self):
        run = self.root / "older-in-situ"
        shutil.copytree(self.trained, run)
        (run / "checkpoint-10" / "model.safetensors").unlink()
        (run / "analysis.h5").unlink()
        forget_classifiers(run)
        job.run(["analyze", "--run", run])
        self.assertNotIn("plane_classifier", self.analysis(run))
        self.assertNotIn("region_agreement", self.analysis(run))
        self.assertIn("checkpoint-10 holds no model.safetensors", self.refused(["render", "--run", run, "--regions", "on"]))

    def test_refused_with_embeddings_that_are_given(self):
        given, run = self.root / "given", self.root / "of-given"
        given.mkdir()
        np.save(given / "1.npy", np.random.default_rng(1).normal(size=(30, 8)))
        self.refused(["render", "--run", run, "--embeddings", given, "--regions", "on"])
        self.assertFalse((run / "analysis.h5").exists())

    def test_other_weights_than_the_embeddings_have_no_regions(self):
        other = self.root / "weights"
        shutil.copytree(self.trained, other)
        (other / "analysis.h5").unlink()
        forget_classifiers(other)
        shutil.copyfile(other / "checkpoint-0" / "model.safetensors", other / "checkpoint-10" / "model.safetensors")
        _, said = job.run(["analyze", "--run", other])
        self.assertIn("checkpoint-10: holds other weights", said)
        found = self.analysis(other)
        self.assertEqual(np.isnan(found["region_agreement"]).tolist(), [False, True, False])
        self.assertEqual(np.isnan(found["plane_classifier"]).all((1, 2)).tolist(), [False, True, False])
        job.run(["render", "--run", other, *PICTURES])


if __name__ == "__main__":
    unittest.main()
