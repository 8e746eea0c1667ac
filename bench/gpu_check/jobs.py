# SPDX-License-Identifier: Apache-2.0
"""Starts zoetrope and its peers, and reads what they leave."""

import array
import csv
import json
import random
import re
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
TIMEOUT = 900  # seconds of one command

VIT_B_16 = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, image_size=224,
                patch_size=16)
VIT_REHEARSAL = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, image_size=32,
                     patch_size=16)


class JobFailed(Exception):
    pass


class Jobs:
    def __init__(self, options, scratch):
        self.options, self.scratch, self.rehearse = options, scratch.resolve(), options.rehearse
        self.device = "cpu" if options.rehearse else "cuda"
        self.model = VIT_REHEARSAL if options.rehearse else VIT_B_16
        self.config = self.scratch / "config.json"
        self.config.write_text(json.dumps({"model_type": "vit", "architectures": ["ViTForImageClassification"], **self.model}))
        self._runs = 0
        self.shares_gpus = False  # whether ranks may outnumber GPUs
        self._preload = None
        if options.nccl:
            # In a place without the spaces and colons that the loader takes for ends of names.
            self._preload = self.scratch / "libnccl.so.2"
            self._preload.symlink_to(options.nccl.resolve())

    def run(self, command):
        """Standard output of a command; JobFailed with its last words when it fails."""
        words = [str(word) for word in command]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT, cwd=self.scratch)
        except subprocess.TimeoutExpired:
            raise JobFailed(f"{' '.join(words)}: not done after {TIMEOUT} s") from None
        if done.returncode != 0:
            last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
            raise JobFailed(f"{' '.join(words)}: exit code {done.returncode}: {last}")
        return done.stdout

    def program(self, name, words, ranks=1):
        return self.run(self.command(name, words, ranks))

    def command(self, name, words, ranks=1):
        launch = [*self.options.mpirun, "-n", ranks, *(["--oversubscribe"] if self.shares_gpus else [])] if ranks > 1 else []
        environment = [f"LD_PRELOAD={self._preload}"] if self._preload else []
        if self.shares_gpus:
            environment.append("NCCL_MULTI_RANK_GPU_ENABLE=1")
        return [str(word) for word in (*launch, *(["env", *environment] if environment else []), self.path_of(name), *words)]

    def path_of(self, name):
        """Of a program, in a build folder or in a bundle's bin/."""
        in_bundle = self.options.build / name
        return in_bundle if in_bundle.exists() else self.options.build / "bench" / name

    def zoetrope(self, words, ranks=1):
        return self.program("zoetrope", words, ranks)

    def new_run(self):
        self._runs += 1
        return self.scratch / f"run-{self._runs}"

    def images(self, count):
        """Fashion-MNIST where it is there; else `count` images that can be told apart: each class is a pattern under noise."""
        if FASHION_MNIST.is_dir():
            return f"idx:{FASHION_MNIST}"
        return self._write_images(f"classes-{count}", count, 28, [random.Random(label).randbytes(28 * 28) for label in range(10)])

    def made_up_images(self, count, side):
        """Grey images of noise in IDX format, `count` for training and as many for the test."""
        return self._write_images(f"images-{count}-{side}", count, side)

    def _write_images(self, name, count, side, patterns=None):
        folder = self.scratch / name
        if not folder.exists():
            folder.mkdir()
            noise = random.Random(42)
            for split in ("train", "t10k"):
                with open(folder / f"{split}-images-idx3-ubyte", "wb") as file:
                    file.write(struct.pack(">IIII", 0x803, count, side, side))
                    for i in range(count):
                        pixels = noise.randbytes(side * side)
                        file.write(bytes((a + b) // 2 for a, b in zip(pixels, patterns[i % 10])) if patterns else pixels)
                labels = bytes(i % 10 for i in range(count))
                (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels)
        return f"idx:{folder}"

    def embeddings(self, run):
        """{step: rows of float32} of all checkpoints, as h5dump reads them: the bundle's own, or that of hdf5-tools."""
        own = ROOT / "libexec/h5dump"
        h5dump = own if own.exists() else "h5dump"
        found = {}
        for path in sorted(run.glob("checkpoint-*/embeddings.h5")):
            values, file = array.array("f"), self.scratch / "embeddings.bin"
            header = self.run([h5dump, "-d", "/embeddings", "-b", "NATIVE", "-o", file, path])
            values.frombytes(file.read_bytes())
            width = int(re.search(r"SIMPLE \{ \( \d+, (\d+) \)", header)[1])
            found[int(path.parent.name.split("-")[1])] = [values[i:i + width] for i in range(0, len(values), width)]
        return found

    def peer(self, script, words):
        """One of bench/peers, in Python: its lines of JSON."""
        output = self.run([sys.executable, ROOT / "bench/peers" / script, *words])
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def log(run):
    """log.csv as rows of numbers."""
    with open(run / "log.csv", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def stage(run, name):
    return json.loads((run / "summary.json").read_text())["stages"][name]
