# SPDX-License-Identifier: Apache-2.0
"""--save in-situ: where models go, nothing goes whose embeddings are not there, whole and of these images, and what can no longer be
embedded is said before a training goes on."""
import shutil
import signal
import unittest
from pathlib import Path

import job

WORDS = ["--train-limit", "64", "--max-steps", "40", "--save-steps", "4", "--batch-size", "8", "--logging-steps", "4", "--size", "640x360",
         "--no-progress"]
IN_SITU = [*WORDS, "--save", "in-situ"]
TEST = ["--test-limit", "40"]


class InSitu(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.whole = cls.root / "whole"
        job.run(["run", "--run", cls.whole, *IN_SITU, *TEST], 2)
        cls.full = cls.root / "full"
        job.run(["run", "--run", cls.full, *WORDS, *TEST])
        cls.stopped = cls.root / "stopped"
        process = job.start(["run", "--run", cls.stopped, *IN_SITU, *TEST])
        job.wait_for(lambda: (cls.stopped / "checkpoint-16").exists(), process)
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=240 * job.SLOWER)
        assert process.returncode == 75, process.returncode
        assert not (cls.stopped / "checkpoint-40").exists(), "the signal came too late to test anything"

    def copy(self, original):
        folder = self.root / self._testMethodName
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        return folder

    def refused(self, folder, words, pattern, ranks=1):
        before = job.digests(folder)
        _, errors = job.run(["run", "--run", folder, *words], ranks, code=3)
        self.assertRegex(errors, pattern)
        self.assertEqual(job.digests(folder), before, "a job that is refused changes nothing")

    def damage(self, path):
        data = bytearray(path.read_bytes())
        data[len(data) * 3 // 4] ^= 1
        path.write_bytes(data)

    def test_other_images_are_refused_before_the_training_goes_on(self):
        folder = self.copy(self.stopped)
        for ranks in 1, 2:
            self.refused(folder, [*IN_SITU, "--test-limit", "30"],
                         r"checkpoint-\d+/embeddings.h5: was made from other images than --data gives, .*: give those, or another --run", ranks)
        job.run(["run", "--run", folder, *IN_SITU, *TEST])
        job.assert_same_results(self.whole, folder)

    def test_more_images_are_refused_where_nothing_is_left_to_train(self):
        folder = self.copy(self.whole)
        self.refused(folder, [*IN_SITU, "--test-limit", "30"], "was made from other images than --data gives")
        self.refused(folder, [*IN_SITU, *TEST, "--split", "both"], r"embeddings-train.h5: .*--split test goes on without")
        job.run(["run", "--run", folder, "--no-progress"])
        job.assert_same_results(self.whole, folder)

    def test_a_damaged_model_that_is_not_embedded_is_said_before_the_training_goes_on(self):
        folder = self.copy(self.stopped)
        frame = folder / "checkpoint-8"
        (frame / "embeddings.h5").unlink()
        shutil.copy(self.full / frame.name / "model.safetensors", frame)
        self.damage(frame / "model.safetensors")
        self.refused(folder, [*IN_SITU, *TEST], f"{frame.name}/model.safetensors")

    def test_a_model_goes_whose_embeddings_are_whole_whatever_a_kill_has_left_beside_them(self):
        folder = self.copy(self.stopped)
        frame = folder / "checkpoint-8"
        shutil.copy(self.full / "checkpoint-8/model.safetensors", frame)
        shutil.copy(frame / "embeddings.h5", frame / "embeddings.shard-0-40.h5")
        job.run(["run", "--run", folder, *IN_SITU, *TEST])
        self.assertFalse((frame / "model.safetensors").exists())
        self.assertFalse((frame / "embeddings.shard-0-40.h5").exists())
        job.assert_same_results(self.whole, folder)

    def test_a_model_stays_whose_embeddings_are_damaged_or_of_other_images(self):
        folder = self.copy(self.full)
        self.damage(folder / "checkpoint-8/embeddings.h5")
        _, errors = job.run(["run", "--run", folder, *IN_SITU, *TEST])
        self.assertIn("checkpoint-8/embeddings.h5", errors)  # made again
        self.assertFalse((folder / "checkpoint-4/model.safetensors").exists())
        job.assert_same_results(self.whole, folder)

        folder = self.copy(self.full)
        job.run(["run", "--run", folder, *IN_SITU, "--test-limit", "30"])
        _, said = job.run(["inspect", "--verify", folder])
        self.assertNotIn("damaged", said)
        job.run(["extract", "--run", folder, *TEST])  # the models are there
        self.assertTrue((folder / "checkpoint-4/model.safetensors").exists())


if __name__ == "__main__":
    unittest.main()
