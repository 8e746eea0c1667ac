# SPDX-License-Identifier: Apache-2.0
"""--log tensorboard, read back by TensorBoard's own reader: with the Python of .venv-viewers."""
import csv
import math
import os
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import job  # noqa: E402
import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

LOGGED = [*job.SMALL, "--log", "tensorboard"]
TRAINING = ["--train-limit", "2000", "--test-limit", "300", "--max-steps", "60", "--save-steps", "20", "--logging-steps", "2",
            "--learning-rate", "1e-3", "--no-progress", "--log", "tensorboard"]
COLUMNS = ("loss", "learning_rate", "grad_norm", "accuracy", "epoch", "images_per_second")


def read(folder):
    """All that TensorBoard finds in a folder of event files; none left out as it would of many."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    accumulator.Reload()
    return accumulator


def scalars(folder):
    events = read(folder)
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def logged(run):
    """log.csv, as scalars() gives it."""
    with open(run / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [(int(row["step"]), float(np.float32(row[name]))) for row in rows] for name in COLUMNS}


class TensorBoard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        cls.made = cls.root / "run"
        cls.out, _ = job.run(["run", "--run", cls.made, *LOGGED])

    def copy(self, name):
        return Path(shutil.copytree(self.made, self.root / name))

    def check_curves(self, run):
        found = scalars(run / "tensorboard/analysis")
        with h5py.File(run / "analysis.h5") as file:
            steps = file["step"][:].tolist()
            curves = {name: file[name][:] for name in file if file[name].shape == (len(steps),) and name not in ("step", "epoch", "loss")}
            curves["explained_variance"] = file["explained_variance_ratio"][:].sum(axis=1)
        self.assertIn("trustworthiness", curves)
        curves.pop("embeddings_digest", None)
        for name, curve in curves.items():
            known = [(step, float(np.float32(value))) for step, value in zip(steps, curve) if math.isfinite(value)]
            self.assertEqual(found.pop(name, []), known, name)
        self.assertEqual(found, {})

    def check_frames(self, run):
        events = read(run / "tensorboard/frames")
        self.assertEqual(events.Tags()["images"], ["frame"])
        frames = events.Images("frame")
        self.assertEqual([frame.step for frame in frames], [0, 5, 10, 15, 20])
        for frame in frames:
            self.assertEqual((frame.width, frame.height), (960, 540))
            self.assertEqual(frame.encoded_image_string, (run / f"checkpoint-{frame.step}/frame.png").read_bytes())

    def test_the_training_log(self):
        self.assertEqual(scalars(self.made / "tensorboard/training"), logged(self.made))
        self.assertEqual(len(logged(self.made)["loss"]), 4)

    def test_the_curves_of_the_analysis(self):
        self.check_curves(self.made)

    def test_the_frames(self):
        self.check_frames(self.made)

    def test_what_is_made_is_named(self):
        self.assertRegex(self.out, rf"tensorboard +{self.made}/tensorboard\n")

    # Which run.ini keeps for the jobs that follow.
    def test_another_render_replaces_frames_and_curves(self):
        run = self.copy("again")
        job.run(["render", "--run", run, "--projection", "joint", "--theme", "dark"])
        self.assertNotEqual((run / "checkpoint-0/frame.png").read_bytes(), (self.made / "checkpoint-0/frame.png").read_bytes())
        self.check_curves(run)
        self.check_frames(run)
        self.assertEqual(len(list((run / "tensorboard/frames").iterdir())), 1)

    # What an open TensorBoard has read already counts no more: files of before and after beside one another.
    def test_a_later_file_replaces_an_earlier_one(self):
        run = self.copy("beside")
        before = {path.relative_to(run): path.read_bytes() for path in (run / "tensorboard").rglob("events*")}
        job.run(["run", "--run", run, *LOGGED, "--theme", "dark"])
        for path, content in before.items():
            self.assertFalse((run / path).exists())
            (run / path).write_bytes(content)
        self.assertEqual(len(before), 3)
        self.assertEqual(scalars(run / "tensorboard/training"), logged(run))
        self.check_curves(run)
        self.check_frames(run)

    def test_a_run_that_was_trained_without(self):
        run = self.copy("late")
        shutil.rmtree(run / "tensorboard")
        job.run(["finetune", "--run", run, *job.SMALL_TRAINING, "--log", "tensorboard"])
        self.assertEqual(scalars(run / "tensorboard/training"), logged(run))
        times = [event.wall_time for event in read(run / "tensorboard/training").Scalars("loss")]
        self.assertEqual(times, sorted(set(times)))
        self.assertFalse((run / "tensorboard/frames").exists())

    def test_nobody_asks_for_it(self):
        run = self.root / "without"
        job.run(["run", "--run", run, *job.SMALL])
        self.assertFalse((run / "tensorboard").exists())

    def test_a_killed_training_goes_on(self):
        run = self.root / "killed"
        process = job.start(["run", "--run", run, *TRAINING, "--resume-every", "0"])
        job.wait_for(lambda: (run / "checkpoint-20").exists() and len(scalars(run / "tensorboard/training").get("loss", ())) > 12, process)
        process.kill()
        process.communicate()
        killed = scalars(run / "tensorboard/training")
        self.assertLess(len(killed["loss"]), 30, "the kill came too late to test anything")
        lines = {name: values[:len(killed["loss"])] for name, values in logged(run).items()}
        self.assertEqual(killed, lines)

        job.run(["run", "--run", run, *TRAINING])
        whole = scalars(run / "tensorboard/training")
        self.assertEqual(whole, logged(run))
        self.assertEqual([step for step, _ in whole["loss"]], list(range(2, 61, 2)))

    # As a full disk or a crash of the machine leaves it.
    def test_a_file_that_is_cut(self):
        run = self.copy("cut")
        path, = (run / "tensorboard/training").iterdir()
        whole = logged(run)["loss"]
        os.truncate(path, path.stat().st_size - 5)
        self.assertEqual(scalars(run / "tensorboard/training")["loss"], whole[:-1])
        job.run(["run", "--run", run, *LOGGED])
        self.assertEqual(scalars(run / "tensorboard/training")["loss"], whole)

    def test_an_unknown_log(self):
        _, errors = job.run(["run", "--run", self.root / "unknown", "--log", "wandb"], code=2)
        self.assertIn("--log wandb: choose one of tensorboard", errors)


if __name__ == "__main__":
    unittest.main()
