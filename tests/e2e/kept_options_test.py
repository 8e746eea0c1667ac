# SPDX-License-Identifier: Apache-2.0
"""A run remembers its data: what one job was told, the next need not be."""
import configparser
import fcntl
import json
import os
import shutil
import struct
import unittest
from pathlib import Path

import job


def run_ini(folder):
    parser = configparser.ConfigParser()
    parser.read_string("[run]\n" + (Path(folder) / "run.ini").read_text())
    return dict(parser["run"])


class KeptOptions(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def trainer_folder(self):
        """As a Hugging Face Trainer leaves it: checkpoints, and nothing of ours."""
        folder = self.root / "trainer"
        for step in 5, 10:
            checkpoint = Path(shutil.copytree(job.GOLDEN / "vit-tiny", folder / f"checkpoint-{step}"))
            (checkpoint / "golden.safetensors").unlink()
            (checkpoint / "trainer_state.json").write_text(json.dumps({"epoch": step / 10, "log_history": []}))
        return folder

    def test_a_trainers_folder_keeps_the_data_of_the_first_job(self):
        folder = self.trainer_folder()
        quiet = ["--run", folder, "--no-progress"]
        job.run(["extract", *quiet, "--test-limit", "60"], 2)
        self.assertEqual(run_ini(folder)["test-limit"], "60")
        self.assertNotIn("learning-rate", run_ini(folder), "nobody has said how this was trained")
        for command in (["analyze"], ["render", "--size", "960x540"], ["review"]):
            job.run([*command, *quiet])
        job.run(["extract", *quiet, "--test-limit", "50"])
        job.run(["analyze", *quiet])
        self.assertEqual(run_ini(folder)["test-limit"], "50")

    def test_a_refused_job_keeps_nothing(self):
        folder = self.trainer_folder()
        quiet = ["--run", folder, "--no-progress"]
        job.run(["extract", *quiet, "--test-limit", "60"])
        before = (folder / "run.ini").read_text()
        for command in "analyze", "review":
            job.run([command, *quiet, "--test-limit", "50"], code=3)
        job.run(["analyze", *quiet])
        job.run(["analyze", *quiet, "--test-limit", "50"], code=3)  # also where the analysis is there already
        self.assertEqual((folder / "run.ini").read_text(), before)

    def test_other_data_leave_the_training_options_as_they_are(self):
        folder = self.root / "run"
        job.run(["run", "--run", folder, *job.SMALL])
        before = run_ini(folder)
        job.run(["extract", "--run", folder, "--test-limit", "100", "--no-progress"])
        job.run(["analyze", "--run", folder, "--neighbours", "5", "--no-progress"])
        self.assertEqual(run_ini(folder), {**before, "test-limit": "100"})

    def write_while_it_waits(self, folder, words, text):
        """A job waits for another one, which writes run.ini and ends."""
        lock = os.open(folder / ".zoetrope.lock", os.O_RDWR | os.O_CREAT)
        fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        process = job.start(words, 2)
        for line in process.stderr:
            if "waits for another job" in line:
                break
        (folder / "run.ini").write_text(text)
        os.close(lock)
        _, errors = process.communicate(timeout=120 * job.SLOWER)
        return process.returncode, errors

    def test_what_another_job_keeps_meanwhile_stays(self):
        folder = self.root / "run"
        job.run(["finetune", "--run", folder, *job.SMALL_TRAINING, "--no-progress"])
        before = run_ini(folder)
        lines = (folder / "run.ini").read_text().splitlines(True)[1:-1]  # as a person edits it, without its digest
        text = "".join(lines).replace(f"resume-every = {before['resume-every']}\n", "resume-every = 77\n")
        words = ["extract", "--run", folder, "--test-limit", "100", "--no-progress"]
        code, errors = self.write_while_it_waits(folder, words, text)
        self.assertEqual(code, 0, errors)
        self.assertEqual(run_ini(folder), {**before, "resume-every": "77", "test-limit": "100"})

        code, errors = self.write_while_it_waits(folder, words, text + "lerning-rate = 1\n")
        self.assertEqual(code, 3, errors)
        self.assertIn("lerning-rate", errors)

    def test_a_job_that_waits_for_the_first_of_a_run_does_with_its_options(self):
        folder = self.trainer_folder()
        code, errors = self.write_while_it_waits(folder, ["extract", "--run", folder, "--no-progress"],
                                                 "learning-rate = 0.5\ntest-limit = 60\n")
        self.assertEqual(code, 0, errors)
        self.assertEqual({name: run_ini(folder)[name] for name in ("learning-rate", "test-limit")},
                         {"learning-rate": "0.5", "test-limit": "60"})

    def test_what_cannot_be_kept_is_told(self):
        folder = self.trainer_folder()
        data = self.root / "a#b"
        data.symlink_to("/usr/share/datasets/fashion-mnist")
        _, said = job.run(["extract", "--run", folder, "--data", f"idx:{data}", "--test-limit", "50", "--no-progress"])
        self.assertIn(f"--data idx:{data}: '#'", said)
        job.run(["analyze", "--run", folder, "--data", f"idx:{data}", "--no-progress"])


if __name__ == "__main__":
    unittest.main()
