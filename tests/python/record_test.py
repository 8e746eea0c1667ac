# SPDX-License-Identifier: Apache-2.0
"""zoetrope.record in a plain loop."""
import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import unittest
import unittest.mock
import warnings
from pathlib import Path

import package
import require

with require.imports():
    import numpy as np
    import pandas as pd

import job

import zoetrope
from zoetrope import images, program, recording


class OnGpu:
    """As CuPy's arrays: it cannot become numpy's unasked."""

    def __array__(self, *words, **more):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


@contextlib.contextmanager
def only_so_large(size):
    """No file grows beyond so many bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


class Recording(package.InAFolder):
    def setUp(self):
        super().setUp()
        self.pixels, self.labels = package.fashion(60)
        self.vectors = {step: np.random.default_rng(step).normal(size=(60, 8)) for step in (0, 3, 12)}

    def test_a_loop_becomes_an_animation_with_images_and_names(self):
        names = [f"class {number}" for number in range(10)]
        logits = np.random.default_rng(1).normal(size=(60, 10)).astype("f4")
        for step, vectors in self.vectors.items():
            zoetrope.record(step, vectors, labels=self.labels, images=self.pixels, logits=logits, class_names=names, run="run")
        run = zoetrope.Run("run").draw(**package.DRAWN)
        self.assertEqual((run.steps, run.class_names), ([0, 3, 12], names))
        for step, vectors in self.vectors.items():
            np.testing.assert_array_equal(run.embeddings(step), vectors.astype("f4"))
        np.testing.assert_array_equal(run.logits(3), logits)
        np.testing.assert_array_equal(run.labels, self.labels)
        np.testing.assert_array_equal(run.analysis()["prediction"], logits.argmax(1))
        np.testing.assert_array_equal(np.asarray(run.to_datasets()[7]["image"].convert("L")), self.pixels[7])
        self.assertTrue(Path("run/animation.gif").exists() and Path("run/review.html").exists())

    def test_what_comes_later_is_taken_in(self):
        zoetrope.record(0, self.vectors[0], labels=["cat", "dog", "cat"] * 20, run="run")
        zoetrope.record(3, self.vectors[3], run="run")
        run = zoetrope.Run("run").draw(**package.DRAWN)
        self.assertEqual((run.steps, run.class_names, run.labels[:3].tolist()), ([0, 3], ["cat", "dog"], [0, 1, 0]))
        zoetrope.record(3, self.vectors[12], run="run")
        zoetrope.record(12, self.vectors[12], run="run")
        self.assertEqual(run.draw(**package.DRAWN).steps, [0, 3, 12])
        np.testing.assert_array_equal(run.embeddings(3), run.embeddings(12))

    def test_a_step_that_could_not_be_written_leaves_no_logits_behind(self):
        """As on a full disk, or when the process was killed in between."""
        logits = np.eye(10, dtype="f4")[self.labels]
        zoetrope.record(0, self.vectors[0], labels=self.labels, logits=logits, run="run")
        with only_so_large(5000), self.assertWarnsRegex(zoetrope.ZoetropeWarning, "step 3 is not recorded"):
            zoetrope.record(3, np.ones((60, 80)), logits=logits, run="run")
        self.assertEqual([path.name for path in Path("run/recorded/logits").iterdir()], ["step_0.npy"])
        shutil.copy("run/recorded/logits/step_0.npy", "run/recorded/logits/step_5.npy")
        self.assertEqual(zoetrope.Run("run").draw(**package.DRAWN).steps, [0])
        zoetrope.record(5, self.vectors[3], logits=logits, run="run")
        self.assertEqual(zoetrope.Run("run").draw(**package.DRAWN).steps, [0, 5])

    def test_every_step_has_logits_or_none(self):
        logits = np.eye(10, dtype="f4")[self.labels]
        zoetrope.record(0, self.vectors[0], labels=self.labels, logits=logits, run="run")
        with self.assertRaisesRegex(ValueError, "step 3 has no logits, and step 0 has some in run/recorded: give them for every step"):
            zoetrope.record(3, self.vectors[3], run="run")
        zoetrope.record(0, self.vectors[0], run="run")
        with self.assertRaisesRegex(ValueError, "step 3 has logits, and step 0 has none in run/recorded: give them for every step"):
            zoetrope.record(3, self.vectors[3], logits=logits, run="run")
        zoetrope.record(3, self.vectors[3], run="run")
        self.assertEqual(zoetrope.Run("run").draw(**package.DRAWN).steps, [0, 3])

    def test_logits_of_some_steps_that_were_kept_before_are_left_out(self):
        for step in (0, 3):
            zoetrope.record(step, self.vectors[step], labels=self.labels, run="run")
        Path("run/recorded/logits").mkdir()
        np.save("run/recorded/logits/step_0.npy", np.eye(10, dtype="f4")[self.labels])
        with self.assertWarnsRegex(zoetrope.ZoetropeWarning, "logits has logits of some steps only, and they are left out"):
            zoetrope.Run("run").draw(**package.DRAWN)

    def test_names_may_come_from_pandas_and_hold_any_character_but_a_line_end(self):
        names = np.array(["sea\u2028gull", "page\x0cbreak", "next\x85line"])[np.arange(60) % 3]
        for number, labels in enumerate([pd.Series(names), pd.Series(names).astype("category"), names.astype(object), list(names)]):
            zoetrope.record(0, self.vectors[0], labels=labels, images=self.pixels, run=f"run-{number}")
            run = zoetrope.Run(f"run-{number}")
            self.assertEqual(Path(run.path / "recorded/images/class_names.txt").read_bytes(),
                             Path(run.path / "recorded/class_names.txt").read_bytes())
        program.run("analyze", [f"--run={run.path}", *recording.Recording(run.path).options()])
        self.assertEqual([run.class_names[label] for label in run.labels], names.tolist())

    def test_numbers_of_classes_may_be_large(self):
        labels = np.array([17, 2_000_000_000])[np.arange(60) % 2]
        zoetrope.record(0, self.vectors[0], labels=labels, images=self.pixels, run="run")
        self.assertEqual(Path("run/recorded/images/class_names.txt").read_text(), "17\n2000000000\n")
        run = zoetrope.Run("run").draw(**package.DRAWN)
        self.assertEqual([run.class_names[label] for label in run.labels], [str(label) for label in labels])

    def test_a_run_may_lie_in_the_home_directory(self):
        with unittest.mock.patch.dict(os.environ, {"HOME": str(self.root)}):
            zoetrope.record(0, self.vectors[0], run="~/run")
            self.assertEqual(zoetrope.Run("~/run").path, self.root / "run")
        self.assertEqual([path.name for path in self.root.iterdir()], ["run"])

    def test_tensors_of_any_kind_become_float32(self):
        import torch
        torch.manual_seed(0)
        rows = torch.randn(60, 8, dtype=torch.bfloat16, requires_grad=True)
        zoetrope.record(0, rows, run="run")
        kept = np.load("run/recorded/embeddings/step_0.npy")
        self.assertEqual(kept.dtype, np.float32)
        np.testing.assert_array_equal(kept, rows.detach().float().numpy())

    def test_refuses_what_is_none(self):
        def refused(message, *words, **more):
            with self.assertRaisesRegex(ValueError, message):
                zoetrope.record(*words, run="run", **more)

        rows = self.vectors[0]
        refused(r"vectors are int64 \[60, 8\]", 0, rows.astype("i8"))
        refused(r"vectors are float64 \[60\]", 0, rows[:, 0])
        refused("row 4 holds a number that is not finite", 0, np.where(np.arange(60)[:, None] == 4, np.inf, rows))
        refused("row 4 holds a number that is not finite", 0, np.where(np.arange(60)[:, None] == 4, 1e300, rows))
        refused("step -1", -1, rows)
        refused("step 1.5 is no whole number", 1.5, rows)
        refused("step None is no whole number", None, rows)
        refused("vectors: a OnGpu cannot be read as a numpy array", 0, OnGpu())
        refused("labels: a OnGpu cannot be read", 0, rows, labels=OnGpu())
        refused("an image: a OnGpu cannot be read", 0, rows, images=[OnGpu()] * 60)
        refused("images for 60 vectors", 0, rows, images=5)
        refused(r"labels are object \[60\]", 0, rows, labels=pd.Series(["cat", None] * 30))
        refused("59 labels for 60 vectors", 0, rows, labels=self.labels[:59])
        refused("labels are float64", 0, rows, labels=rows[:, 0])
        refused("row 2 is -1", 0, rows, labels=np.where(np.arange(60) == 2, -1, 1))
        refused("a name is one line", 0, rows, labels=self.labels, class_names=["a\nb"])
        refused(r"an image is float64 \[28, 28\]", 0, rows, images=self.pixels / 255)
        refused("images for 60 vectors", 0, rows, images=self.pixels[:59])
        self.assertEqual(list(Path("run/recorded").iterdir()), [], "left behind")
        zoetrope.record(0, rows, labels=self.labels.astype("i4"), run="run")
        refused("58 vectors, and run/recorded/embeddings holds 60", 3, rows[:58])
        refused("labels are not those of", 3, rows, labels=self.labels[::-1])

    def test_a_disk_that_cannot_be_written_is_a_warning(self):
        Path("run").write_text("a file where the folder should be")
        with self.assertWarnsRegex(zoetrope.ZoetropeWarning, "step 0 is not recorded: .*; the training goes on"):
            zoetrope.record(0, self.vectors[0], run="run")

    def test_images_are_png_as_pillow_reads_them(self):
        import io

        from PIL import Image
        for pixels in (self.pixels[0], np.random.default_rng(0).integers(256, size=(5, 7, 3)).astype("u1")):
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(images.png(images.as_pixels(pixels))))), pixels)
            np.testing.assert_array_equal(images.as_pixels(Image.fromarray(pixels)), pixels)

    def test_the_program_is_no_rank_of_the_job_that_starts_it(self):
        for rank in range(2):
            zoetrope.record(0, self.vectors[0], run=f"run-{rank}")
            zoetrope.record(3, self.vectors[3], run=f"run-{rank}")
        script = f"import os, zoetrope\nzoetrope.Run('run-' + os.environ['OMPI_COMM_WORLD_RANK']).draw(**{package.DRAWN})"
        subprocess.run([*job.MPIRUN, "-n", "2", sys.executable, "-c", script], check=True, timeout=300)
        for rank in range(2):
            self.assertIn('"world_size": 1', Path(f"run-{rank}/summary.json").read_text())
            self.assertTrue(Path(f"run-{rank}/review.html").exists())

    def test_the_program_starts_inside_a_step_of_any_launcher(self):
        for step in (0, 3):
            zoetrope.record(step, self.vectors[step], run="run")
        here = {"SLURM_JOBID": "7", "SLURM_NODELIST": socket.gethostname(), "SLURM_STEPID": "0", "SLURM_STEP_ID": "0"}
        for variables in (here, {"FLUX_JOB_ID": "7"}, {"JSM_JSRUN_PORT": "5"}, {"ALPS_APP_ID": "3"}):
            with self.subTest(variables), unittest.mock.patch.dict(os.environ, variables):
                program.run("analyze", ["--run=run", "--embeddings=run/recorded/embeddings"])

    def test_needs_numpy_alone(self):
        script = ("import sys, numpy, zoetrope\nzoetrope.record(0, numpy.ones((3, 2)), run='run')\n"
                  "print([name for name in ('h5py', 'pandas', 'torch', 'transformers', 'PIL') if name in sys.modules])")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
        self.assertEqual(done.stdout.strip(), "[]")


if __name__ == "__main__":
    warnings.simplefilter("error", zoetrope.ZoetropeWarning)
    unittest.main()
