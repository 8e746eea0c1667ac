# SPDX-License-Identifier: Apache-2.0
"""--analyze beside: what is analysed while a training goes on is, to the bit, what an analysis after it gives."""
import re
import shutil
import signal
import unittest
from pathlib import Path

import job
import timeline

# Steps enough for the first checkpoints to be analysed before the last of them, on a machine that does other things, too.
TRAINING = ["--train-limit", "2000", "--test-limit", "1500", "--max-steps", "80", "--save-steps", "10", "--logging-steps", "10",
            "--learning-rate", "1e-3", "--size", "640x360", "--tween", "1", "--no-progress"]
STEPS = list(range(0, 81, 10))
SAID = r"analysed beside the training: (\d+) of \d+ checkpoints"


class Beside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        cls.after = cls.root / "after/run"
        _, said = job.run(["run", "--run", cls.after, *TRAINING, "--analyze", "after"])
        assert "beside" not in said, said
        cls.run_of = {1: cls.after}

    def run_after(self, ranks):
        if ranks not in self.run_of:
            self.run_of[ranks] = self.root / f"after-{ranks}/run"
            job.run(["run", "--run", self.run_of[ranks], *TRAINING, "--analyze", "after"], ranks)
        return self.run_of[ranks]

    def assert_same(self, expected, folder):
        job.assert_same_results(expected, folder)
        job.assert_no_leftovers(folder)
        # The page's title is the folder's name, which is the same.
        files = ["animation.gif", "poster.png", "issues.csv", "review.html", *(f"{name}/frame.png" for name in job.checkpoints(expected))]
        for name in files:
            self.assertEqual((folder / name).read_bytes(), (expected / name).read_bytes(), name)

    def assert_used(self, said):
        found = re.search(SAID, said)
        self.assertIsNotNone(found, said)
        self.assertIn(int(found[1]), range(1, len(STEPS)), "the last checkpoint is beside nothing")

    def known(self, folder):
        return {path.name for path in (folder / "analysis.parts").glob("known-*.h5")}

    def stop_in_training(self, name, kind, ranks=1):
        """Once two checkpoints are analysed."""
        folder = self.root / name / "run"
        process = job.start(["run", "--run", folder, *TRAINING, "--analyze", "beside"], ranks)
        job.wait_for(lambda: {"known-0.h5", "known-10.h5"} <= self.known(folder), process)
        process.send_signal(kind)
        _, said = process.communicate(timeout=120)
        self.assertFalse((folder / "checkpoint-80").exists(), f"the signal came too late to test anything\n{said}")
        return folder, process.returncode

    def test_the_same_results(self):
        for ranks in (1, 2):
            folder, file = self.root / f"beside-{ranks}/run", self.root / f"{ranks}.json"
            _, said = job.run(["run", "--run", folder, *TRAINING, "--analyze", "beside", "--trace", file], ranks)
            self.assert_used(said)
            self.assert_same(self.run_after(ranks), folder)
            self.check_timeline(timeline.tracks(timeline.events(file)))

    def check_timeline(self, tracks):
        beside = [span for span in tracks[0, "zt-analysis"] if span["name"] == "analysing beside the training"]
        self.assertEqual([span["args"]["step"] for span in beside], STEPS[:len(beside)])
        last_step = max(span["ts"] for span in tracks[0, "main"] if span["name"] == "step")
        self.assertLess(beside[0]["ts"], last_step)
        self.assertNotIn((1, "zt-analysis"), tracks)

    def test_the_same_where_ranks_share_a_checkpoint(self):
        words = [*TRAINING]
        words[words.index("--save-steps") + 1] = "40"  # three checkpoints
        expected, folder = self.root / "team/run", self.root / "team-beside/run"
        job.run(["run", "--run", expected, *words, "--analyze", "after"], 4)
        _, said = job.run(["run", "--run", folder, *words, "--analyze", "beside"], 4)
        self.assert_used(said)
        self.assert_same(expected, folder)

    def test_the_same_in_situ(self):
        folder = self.root / "in-situ/run"
        _, said = job.run(["run", "--run", folder, *TRAINING, "--save", "in-situ", "--analyze", "beside"])
        self.assert_used(said)
        self.assert_same(self.after, folder)

    def test_the_same_with_training_images_and_each_ones_own_plane(self):
        more = ["--split", "both", "--train-sample", "300", "--layout", "article", "--fit-on", "both"]
        whole, folder = self.root / "whole/run", self.root / "more/run"
        job.run(["run", "--run", whole, *TRAINING, *more, "--analyze", "after"])
        _, said = job.run(["run", "--run", folder, *TRAINING, *more, "--analyze", "beside"])
        self.assert_used(said)
        self.assert_same(whole, folder)

    def test_goes_on_after_a_kill(self):
        folder, _ = self.stop_in_training("killed", signal.SIGKILL)
        again = self.root / "killed-after/run"
        shutil.copytree(folder, again)
        _, said = job.run(["run", "--run", folder, *TRAINING, "--analyze", "beside"])
        self.assert_used(said)
        self.assert_same(self.after, folder)
        _, said = job.run(["run", "--run", again, *TRAINING, "--analyze", "after"])  # what is there is taken
        self.assert_used(said)
        self.assert_same(self.after, again)

    def test_goes_on_after_a_signal_to_two_ranks(self):
        expected = self.run_after(2)
        folder, code = self.stop_in_training("stopped", signal.SIGUSR1, 2)
        self.assertEqual(code, 75)
        _, said = job.run(["run", "--run", folder, *TRAINING, "--analyze", "beside"], 2)
        self.assert_used(said)
        self.assert_same(expected, folder)

    def test_what_is_damaged_or_of_other_options_is_made_again(self):
        folder, _ = self.stop_in_training("damaged", signal.SIGTERM)
        part = folder / "analysis.parts/known-0.h5"
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 4
        part.write_bytes(content)
        other = self.root / "other/run"
        shutil.copytree(folder, other)
        _, said = job.run(["run", "--run", folder, *TRAINING, "--analyze", "after"])
        self.assertRegex(said, "known-0.h5: .*; it is made again")
        self.assert_same(self.after, folder)
        (other / "analysis.parts/known-0.h5").unlink()
        _, said = job.run(["run", "--run", other, *TRAINING, "--analyze", "after", "--neighbours", 5])
        self.assertNotRegex(said, SAID)

    def test_another_word_is_refused(self):
        _, said = job.run(["run", "--run", self.root / "words", *TRAINING, "--analyze", "besides"], code=2)
        self.assertIn("--analyze besides: choose one of auto, beside, after", said)


if __name__ == "__main__":
    unittest.main()
