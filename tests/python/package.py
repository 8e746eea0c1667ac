# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share: the package as it lies in the repository, with the program of the build; with
ZOETROPE_INSTALLED in the environment the one that is installed, with its own program (wheel_check.py)."""
import os
import struct
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/e2e")]
if not os.environ.get("ZOETROPE_INSTALLED"):
    sys.path.insert(0, str(ROOT / "python"))
    os.environ["ZOETROPE_PROGRAM"] = os.environ["ZOETROPE"]
    os.environ["PYTHONPATH"] = str(ROOT / "python")  # of a notebook's kernel

import require  # noqa: F401

SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 28, "patch_size": 7}
DRAWN = {"size": "960x540", "neighbours": 3, "quality_neighbours": 4}


def enter_folder(test):
    """Works in a folder of its own until the test, or the class of tests, has ended."""
    add_cleanup = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    scratch = tempfile.TemporaryDirectory(prefix="zoetrope-test-", dir=os.getcwd())  # noqa: PTH109
    add_cleanup(scratch.cleanup)
    add_cleanup(os.chdir, Path.cwd())
    os.chdir(scratch.name)
    return Path(scratch.name)


class InAFolder(unittest.TestCase):
    def setUp(self):
        self.root = enter_folder(self)


def fashion(count):
    """uint8 [count, 28, 28] of Fashion-MNIST's test images, and their labels."""
    import gzip
    folder = Path("/usr/share/datasets/fashion-mnist")

    def content(name):
        path = folder / name
        return path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())

    import numpy as np
    pixels, labels = content("t10k-images-idx3-ubyte"), content("t10k-labels-idx1-ubyte")
    assert struct.unpack(">II", labels[:8])[0] == 0x801
    return np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28)[:count], np.frombuffer(labels, np.uint8, offset=8)[:count]
