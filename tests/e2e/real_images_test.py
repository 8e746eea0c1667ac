# SPDX-License-Identifier: Apache-2.0
"""The demo's fine-tuning on a third of Fashion-MNIST: test accuracy, and frames that show the classes part."""
import hashlib
import json
import subprocess
import unittest
from pathlib import Path

import job

# script/demo's options, with fewer images and frames.
DEMO = ["--epochs", "1", "--batch-size", "64", "--learning-rate", "1e-3", "--logging-steps", "7", "--save-steps", "134",
        "--train-limit", "20000", "--test-limit", "3000"]


class RealImages(unittest.TestCase):
    def test_a_model_learns_and_the_frames_show_it(self):
        with job.scratch() as folder:
            run = Path(folder) / "run"
            out, _ = job.run(["run", "--run", run, *DEMO, "--no-progress"], timeout=3000)
            summary = json.loads((run / "summary.json").read_text())
            self.assertGreaterEqual(summary["test_accuracy"], 0.85, out)

            out, _ = job.run(["inspect", run / "analysis.h5"])
            separation = next(line for line in out.splitlines() if "class_separation" in line).split()
            first, last = float(separation[1]), float(separation[3])
            self.assertGreater(last, 1.1 * first, out)

            kind = subprocess.run(["file", "-b", str(run / "animation.gif")], capture_output=True, text=True).stdout
            self.assertTrue(kind == "" or "1920 x 1080" in kind, kind)
            self.assertEqual(len(list(run.glob("checkpoint-*/frame.png"))), len(job.checkpoints(run)))

    def test_the_default_model_is_the_one_that_its_recipe_made(self):
        model = Path(__file__).resolve().parents[2] / "models/fashion-vit"
        recorded = json.loads((model / "pretraining.json").read_text())["sha256"]
        self.assertEqual(hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest(), recorded)


if __name__ == "__main__":
    unittest.main()
