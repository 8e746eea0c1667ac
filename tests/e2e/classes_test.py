# SPDX-License-Identifier: Apache-2.0
"""A model's classes are the data's by name, in whatever order its classifier has them."""
import json
import shutil
import struct
import subprocess
import unittest
from pathlib import Path

import job

WORDS = ["--test-limit", "200"]


def rename(folder, change):
    """Lets `change` alter the list of class names in config.json."""
    config = json.loads((folder / "config.json").read_text())
    names = change([config["id2label"][str(i)] for i in range(len(config["id2label"]))])
    config["id2label"] = {str(i): name for i, name in enumerate(names)}
    config["label2id"] = {name: i for i, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(config))


def change_classifier(path, change):
    """Lets `change` alter the list of the classifier's rows, weights and biases alike."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header, values = json.loads(content[8:8 + size]), content[8 + size:]
    header["__metadata__"] = {"format": "pt"}  # without the digest, which is of the bytes before
    blocks = b""
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        first, last = tensor["data_offsets"]
        block = values[first:last]
        if name.startswith("classifier."):
            width = len(block) // tensor["shape"][0]
            rows = change([block[i:i + width] for i in range(0, len(block), width)])
            block, tensor["shape"][0] = b"".join(rows), len(rows)
        tensor["data_offsets"] = [len(blocks), len(blocks) + len(block)]
        blocks += block
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blocks)


def is_equal(first, second, name):
    """False also where a file has no dataset of the name. Sums of another order differ in the last bits."""
    return subprocess.run(["h5diff", "-d", "1e-5", first, second, name], capture_output=True).returncode == 0


class Classes(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        job.run(["finetune", "--run", self.root / "plain", "--train-limit", "320", "--max-steps", "10", "--save-steps", "10",
                 "--learning-rate", "1e-3", "--no-progress"])

    def analysed(self, name, change_names, change_rows, words=WORDS):
        """A copy of the run with other classes, and what its analysis said on standard error."""
        run = self.root / name
        shutil.copytree(self.root / "plain", run)
        for checkpoint in run.glob("checkpoint-*"):
            rename(checkpoint, change_names)
            change_classifier(checkpoint / "model.safetensors", change_rows)
        job.run(["extract", "--run", run, *words])
        _, errors = job.run(["analyze", "--run", run, *words], ranks=2)
        job.run(["inspect", run / "analysis.h5"])
        return run / "analysis.h5", errors

    def test_another_order_and_more_classes_give_the_same_numbers(self):
        same = lambda items: items
        reverse = lambda items: items[::-1]
        plain, _ = self.analysed("same", same, same)
        turned, errors = self.analysed("turned", reverse, reverse)
        self.assertNotIn("id2label", errors)
        more, _ = self.analysed("more", lambda names: ["owl", *names], lambda rows: [rows[0], *rows])
        for other in (turned, more):
            for name in ("/prediction", "/accuracy", "/self_confidence"):
                self.assertTrue(is_equal(plain, other, name), f"{other}: {name}")

    def test_other_classes_are_left_out_with_a_warning(self):
        for name, words in (("other", WORDS), ("few", ["--test-limit", "5"])):
            analysis, errors = self.analysed(name, lambda names: [*names, "owl"][1:], lambda rows: rows, words)
            self.assertEqual(errors.count("id2label"), 1, errors)
            self.assertFalse(is_equal(analysis, analysis, "/prediction"), "there is a prediction")


if __name__ == "__main__":
    unittest.main()
