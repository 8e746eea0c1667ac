# SPDX-License-Identifier: Apache-2.0
"""Starts zoetrope and its peers, and reads what they leave."""

import csv
import json
import random
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
        launch = [*self.options.mpirun, "-n", ranks] if ranks > 1 else []
        return self.run([*launch, self.options.build / name, *words])

    def zoetrope(self, words, ranks=1):
        return self.program("zoetrope", words, ranks)

    def new_run(self):
        self._runs += 1
        return self.scratch / f"run-{self._runs}"

    def made_up_images(self, count, side):
        """Grey images of noise in IDX format, `count` for training and as many for the test."""
        folder = self.scratch / f"images-{count}-{side}"
        if not folder.exists():
            folder.mkdir()
            noise = random.Random(42)
            for split in ("train", "t10k"):
                with open(folder / f"{split}-images-idx3-ubyte", "wb") as file:
                    file.write(struct.pack(">IIII", 0x803, count, side, side))
                    for _ in range(count):
                        file.write(noise.randbytes(side * side))
                labels = bytes(i % 10 for i in range(count))
                (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels)
        return f"idx:{folder}"

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


def embeddings(run):
    """{step: float32 [N, D]} of all checkpoints."""
    import h5py

    found = {}
    for path in sorted(run.glob("checkpoint-*/embeddings.h5")):
        with h5py.File(path) as file:
            found[int(path.parent.name.split("-")[1])] = file["embeddings"][:]
    return found
