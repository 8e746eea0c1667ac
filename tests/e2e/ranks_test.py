# SPDX-License-Identifier: Apache-2.0
"""1, 2 and 4 ranks: the same losses to 1e-5, the same embeddings to the bit, the same analysis."""
import json
import shutil
import subprocess
import unittest
from pathlib import Path

import job


class Ranks(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def test_losses_do_not_depend_on_the_number_of_ranks(self):
        for ranks in (1, 2, 4):
            job.run(["run", "--run", self.root / str(ranks), *job.SMALL], ranks)
        one = job.log(self.root / "1")
        self.assertEqual([row["step"] for row in one], [5, 10, 15, 20])
        for ranks in (2, 4):
            for expected, actual in zip(one, job.log(self.root / str(ranks)), strict=True):
                self.assertAlmostEqual(actual["loss"], expected["loss"], delta=1e-5 * expected["loss"])
                self.assertEqual(actual["learning_rate"], expected["learning_rate"])
            self.assertEqual(job.checkpoints(self.root / str(ranks)), job.checkpoints(self.root / "1"))

    def test_embeddings_and_analysis_do_not_depend_on_the_number_of_ranks(self):
        trained = self.root / "trained"
        job.run(["finetune", "--run", trained, *job.SMALL_TRAINING, "--no-progress"])
        for ranks in (1, 2, 4):
            folder = self.root / f"extracted-{ranks}"
            shutil.copytree(trained, folder)
            job.run(["extract", "--run", folder, "--test-limit", 700], ranks)
            job.run(["analyze", "--run", folder, "--test-limit", 700], ranks)
            job.assert_no_leftovers(folder)
        job.assert_same_results(self.root / "extracted-1", self.root / "extracted-2")
        job.assert_same_results(self.root / "extracted-1", self.root / "extracted-4")

    def test_in_situ_extraction_gives_the_same_bits_as_extraction_from_checkpoints(self):
        job.run(["run", "--run", self.root / "full", *job.SMALL], 2)
        job.run(["run", "--run", self.root / "in-situ", "--save", "in-situ", *job.SMALL], 2)
        job.assert_same_results(self.root / "full", self.root / "in-situ")
        self.assertFalse((self.root / "in-situ/checkpoint-5/model.safetensors").exists())
        self.assertTrue((self.root / "in-situ/checkpoint-20/model.safetensors").exists())

    def test_ranks_with_unlike_numbers_of_threads_embed_the_same_bits_in_training(self):
        for width, threads in ((16, "1 2"), (582, "2 3")):  # blocks of many images, and of few
            model = self.root / f"model-{width}.json"
            model.write_text(json.dumps({"model_type": "vit", "image_size": 28, "patch_size": 14, "num_channels": 3, "hidden_size": 16,
                                         "num_attention_heads": 2, "intermediate_size": width, "num_hidden_layers": 1}))
            words = ["--model", model, "--save", "in-situ", "--max-steps", "1", "--train-limit", "64", "--no-progress"]
            one, two = self.root / f"one-{width}", self.root / f"two-{width}"
            job.run(["finetune", "--run", one, *words])
            first, second = (["-n", "1", *job.command(["finetune", "--run", two, *words, "--threads", number])] for number in threads.split())
            done = subprocess.run([*job.MPIRUN, *first, ":", *second], capture_output=True, text=True, timeout=240 * job.SLOWER)
            self.assertEqual(done.returncode, 0, done.stderr)
            job.assert_same_hdf5(one / "checkpoint-0/embeddings.h5", two / "checkpoint-0/embeddings.h5")

    def test_running_again_changes_nothing(self):
        job.run(["run", "--run", self.root / "run", *job.SMALL], 2)
        before = {path: path.stat().st_mtime_ns for path in (self.root / "run").rglob("*.h5")}
        job.run(["run", "--run", self.root / "run", *job.SMALL], 2)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in (self.root / "run").rglob("*.h5")})


if __name__ == "__main__":
    unittest.main()
