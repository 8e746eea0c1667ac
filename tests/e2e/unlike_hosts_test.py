# SPDX-License-Identifier: Apache-2.0
"""Hosts that have other images, labels or another model under the same path: no job goes on with a mixture of them."""
import json
import random
import shutil
import socket
import subprocess
import unittest

import job

MODEL = {"model_type": "vit", "image_size": 28, "patch_size": 14, "num_channels": 3, "hidden_size": 16, "num_attention_heads": 2,
         "intermediate_size": 16, "num_hidden_layers": 1}
HERE = socket.gethostname()


def write_images(folder, count):
    noise = random.Random(1)
    for split in "train", "test":
        for kind in "cat", "dog":
            images = folder / split / kind
            images.mkdir(parents=True)
            for i in range(count):
                (images / f"{i}.pgm").write_bytes(b"P5 28 28 255\n" + noise.randbytes(28 * 28))


class UnlikeHosts(unittest.TestCase):
    """Each rank starts in a folder of its own, which stands for a host's disk."""

    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = job.Path(folder.name).resolve()
        for host in "alpha", "beta":
            (self.root / host).mkdir()
            write_images(self.root / host / "data", 10)
            (self.root / host / "model").mkdir()
            (self.root / host / "model/config.json").write_text(json.dumps(MODEL))
        self.run_folder = self.root / "run"

    def call(self, stage, *options, code=3):
        """Standard error of two ranks, one on each host."""
        words = [job.PROGRAM, stage, "--run", str(self.run_folder), "--no-progress", *options]
        done = subprocess.run([*job.MPIRUN, "-n", "1", "--wdir", self.root / "alpha", *words, ":", "-n", "1", "--wdir", self.root / "beta",
                               *words], capture_output=True, text=True, timeout=120 * job.SLOWER)
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        return done.stderr

    def train(self, model="model/config.json", **options):
        return self.call("finetune", "--data", "folder:data", "--model", model, "--max-steps", "3", "--batch-size", "8", **options)

    def test_alike_they_train(self):
        self.train(code=0)
        self.assertTrue((self.run_folder / "checkpoint-3").is_dir())

    def assert_nothing_trained(self):
        self.assertEqual([path.name for path in self.run_folder.glob("checkpoint-*")], [])

    def test_a_host_lacks_training_images(self):
        for i in range(8):
            (self.root / f"beta/data/train/cat/{i}.pgm").unlink()
        self.assertRegex(self.train(), rf"--data folder:data: rank 1 on {HERE} reads 12 training images of 2 classes \(digest \w+\), "
                                       rf"rank 0 on {HERE} 20 training images of 2 classes \(digest \w+\): give files that all hosts share")
        self.assert_nothing_trained()

    def test_a_host_has_another_image(self):
        (self.root / "beta/data/train/dog/3.pgm").write_bytes(b"P5 28 28 255\n" + bytes(28 * 28))
        errors = self.train()
        self.assertRegex(errors, rf"rank 1 on {HERE} reads 20 training images of 2 classes \(digest (\w+)\), rank 0 on {HERE} 20 ")
        self.assert_nothing_trained()

    def test_a_host_names_a_class_otherwise(self):
        for split in "train", "test":
            (self.root / "beta/data" / split / "dog").rename(self.root / "beta/data" / split / "god")
        self.assertIn(f"rank 1 on {HERE} reads 20 training images", self.train())
        self.assert_nothing_trained()

    def test_a_host_has_other_test_images(self):
        self.train(code=0)
        (self.root / "beta/data/test/dog/3.pgm").unlink()
        self.assertRegex(self.call("extract", "--data", "folder:data"), rf"rank 1 on {HERE} reads 19 test images .* 20 test images")

    def test_a_host_has_another_model(self):
        self.train(code=0)
        checkpoint = self.run_folder / "checkpoint-0"
        for step, host in (0, "alpha"), (3, "beta"):
            shutil.copytree(self.run_folder / f"checkpoint-{step}", self.root / host / "trained")
        self.assertTrue((checkpoint / "model.safetensors").exists())
        shutil.rmtree(self.run_folder)
        self.assertRegex(self.train(model="trained"),
                         rf"--model trained: rank 1 on {HERE} reads another model there \(digest of the weights \w+\) than rank 0 on {HERE}")
        self.assert_nothing_trained()

    def test_a_host_has_another_configuration(self):
        (self.root / "beta/model/config.json").write_text(json.dumps({**MODEL, "num_hidden_layers": 2}))
        self.assertIn("--model model/config.json: rank 1 on ", self.train())
        self.assert_nothing_trained()


if __name__ == "__main__":
    unittest.main()
