# SPDX-License-Identifier: Apache-2.0
"""Hosts that see one another's files late, as a network's file system lets them: what another has just written is found."""
import os
import shutil
import subprocess
import unittest
from pathlib import Path

import job

PRELOAD = os.environ["ZOETROPE_NEGATIVE_DENTRIES"]
# Six checkpoints: four ranks, two to a host, embed four alone and two together.
TRAINING = ["--train-limit", "640", "--test-limit", "700", "--max-steps", "25", "--save-steps", "5", "--logging-steps", "5",
            "--learning-rate", "1e-3", "--size", "960x540", "--no-progress"]


class RemoteHosts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        cls.trained = cls.root / "trained"
        job.run(["finetune", "--run", cls.trained, *TRAINING[:-3], "--no-progress"], 4)
        cls.undisturbed = cls.root / "undisturbed"
        shutil.copytree(cls.trained, cls.undisturbed)
        job.run(["run", "--run", cls.undisturbed, *TRAINING], 4)

    def setUp(self):
        self.marks = self.root / f"marks-{self._testMethodName}"
        self.marks.mkdir()
        self.run_folder = self.root / self._testMethodName

    def call(self, *words, code=0):
        """With four ranks on two hosts. What they find missing they go on seeing so, for half a minute."""
        environment = {**os.environ, "LD_PRELOAD": PRELOAD, "NEGATIVE_DENTRIES_OF": str(self.run_folder),
                       "NEGATIVE_DENTRIES_IN": str(self.marks)}
        done = subprocess.run(job.command(words, 4), capture_output=True, text=True, timeout=240, env=environment)
        self.assertEqual(done.returncode, code, done.stderr)

    def compare(self):
        job.assert_same_results(self.undisturbed, self.run_folder)
        job.assert_no_leftovers(self.run_folder)

    def test_the_stand_in_bites(self):
        name = self.run_folder / "x"
        self.run_folder.mkdir()
        environment = {**os.environ, "LD_PRELOAD": PRELOAD, "NEGATIVE_DENTRIES_OF": str(self.run_folder),
                       "NEGATIVE_DENTRIES_IN": str(self.marks)}

        def exists(rank):
            return subprocess.run(["test", "-e", name], env={**environment, "OMPI_COMM_WORLD_RANK": rank}).returncode == 0

        self.assertFalse(exists("0") or exists("2"))
        name.touch()  # by a third host
        self.assertFalse(exists("1") or exists("3"))
        self.assertTrue(exists("4"))
        subprocess.run(["ls", self.run_folder], env={**environment, "OMPI_COMM_WORLD_RANK": "1"}, check=True, stdout=subprocess.DEVNULL)
        self.assertTrue(exists("0"))
        self.assertFalse(exists("2"))

    def test_one_job_for_all(self):
        self.call("run", "--run", self.run_folder, *TRAINING)
        self.compare()

    def test_a_job_for_each_stage(self):
        self.call("finetune", "--run", self.run_folder, *TRAINING[:-3], "--no-progress")
        for stage, *options in (["extract"], ["analyze"], ["render", "--size", "960x540"], ["review"]):
            self.call(stage, "--run", self.run_folder, *options)
        self.compare()


if __name__ == "__main__":
    unittest.main()
