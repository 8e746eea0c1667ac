# SPDX-License-Identifier: Apache-2.0
"""Numbers at the ends of what a double or an integer can be, in options and in files: refused by their names, or drawn in bounded time and
memory."""
import json
import resource
import shutil
import subprocess
import unittest
from pathlib import Path

import job

MEMORY = 16 << 30  # of addresses, of which libtorch alone takes some
PATIENCE_S = 120
RUN = ["--train-limit", "64", "--test-limit", "50", "--max-steps", "2", "--save-steps", "1", "--logging-steps", "1", "--batch-size", "16",
       "--neighbours", "3", "--size", "640x360", "--no-progress"]


def run(words, code):
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731
    done = subprocess.run(job.command(words), capture_output=True, text=True, timeout=PATIENCE_S, preexec_fn=limit)
    assert done.returncode == code, f"exit code {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}"
    return done.stderr


class Numbers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.original = Path(scratch.name) / "original"
        run(["run", "--run", cls.original, "--model", job.GOLDEN / "vit-tiny", *RUN], 0)

    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.run_folder = Path(scratch.name) / "run"
        shutil.copytree(self.original, self.run_folder)

    def forget(self, *names):
        """Of each checkpoint: what damaged files would be mended by."""
        for folder in self.run_folder.glob("checkpoint-*"):
            for name in names:
                (folder / name).unlink()

    def test_options(self):
        for option, values in {
                "--learning-rate": ("1e-323", "1e300", "0", "-1", "nan", "inf"),
                "--weight-decay": ("-1", "1e300", "nan"),
                "--epochs": ("1e300", "0", "nan", "-5e-324"),
                "--warmup-ratio": ("1", "nan", "-1e300"),
                "--resume-every": ("inf", "nan", "1e300", "-1"),
                "--fps": ("5e-324", "1e300", "nan", "0"),
                "--tween": ("-1", "1001"),
                "--size": ("0x0", "-640x360", "99999999999x360", "16384x1"),
                "--max-steps": ("-1", "9223372036854775807"),
                "--save-steps": ("0", "9223372036854775807"),
                "--logging-steps": ("-1", "9223372036854775807"),
                "--timeout": ("0", "9223372036854775807"),
                "--train-limit": ("-1", "9223372036854775807"),
                "--keep-optimizer": ("0", "9223372036854775807"),
                "--neighbours": ("0", "9223372036854775807"),
                "--outliers": ("-1", "9223372036854775807"),
                "--batch-size": ("0", "9223372036854775808")}.items():
            for value in values:
                said = run(["run", "--run", self.run_folder / "new", f"{option}={value}", "--check-options"], 2)
                self.assertIn(option.lstrip("-"), said)

    def test_a_log_is_drawn_whatever_its_values(self):
        self.forget("training.json", "trainer_state.json")
        log = self.run_folder / "log.csv"
        header = log.read_text().splitlines()[0]
        for values in ("5e-324,5e-324,0,0.5", "1e300,1.7e308,1e300,-1e300", "-1e300,-1.7e308,0,1e300", "nan,inf,-inf,nan"):
            log.write_text(f"{header}\n1,0.25,{values},100\n2,0.5,{values},100\n")
            run(["render", "--run", self.run_folder, "--no-progress"], 0)
            run(["review", "--run", self.run_folder, "--no-progress"], 0)

    def test_a_log_is_refused_where_no_training_comes_to(self):
        self.forget("training.json", "trainer_state.json")
        log = self.run_folder / "log.csv"
        header = log.read_text().splitlines()[0]
        for place in ("-1,0.5", "9223372036854775807,0.5", "1,1e300", "1,-1", "1,nan"):
            log.write_text(f"{header}\n{place},0.5,1e-3,0,0.5,100\n")
            self.assertIn("log.csv: line 2: step", run(["render", "--run", self.run_folder, "--no-progress"], 3))

    def test_a_processor(self):
        model = self.run_folder / "checkpoint-2"
        processor = model / "preprocessor_config.json"
        good = json.loads(processor.read_text())
        for key, value in (("rescale_factor", 1e300), ("image_mean", [0.5, -1e300, 0.5]), ("image_std", [5e-324, 0.5, 0.5]),
                           ("image_std", [0.5, 1e300, 0.5])):
            processor.write_text(json.dumps({**good, key: value}))
            self.assertRegex(run(["inspect", model], 3), f'preprocessor_config.json: "{key}" is .*; .* must be')

    def test_a_trainers_state(self):
        # A Trainer's folders, of which nothing else is known.
        self.forget("training.json", "embeddings.h5")
        (self.run_folder / "log.csv").unlink()
        states = list(self.run_folder.glob("checkpoint-*/trainer_state.json"))
        good = {state: {**json.loads(state.read_text()), "trial_params": None} for state in states}
        for epoch in (1e300, -1.0, float("nan"), float("inf")):
            for state in states:
                state.write_text(json.dumps({**good[state], "epoch": epoch}))
            self.assertIn("trainer_state.json", run(["extract", "--run", self.run_folder, "--no-progress"], 3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
