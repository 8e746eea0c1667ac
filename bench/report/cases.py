# SPDX-License-Identifier: Apache-2.0
"""What script/bench measures: zoetrope's work and others' forms of the same work, in sizes that fit the machine."""

import csv
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from measure import ROOT, Case, OtherSide, Program, Worker

PEERS = ROOT / "bench/peers"
PYTHON = Path(sys.executable)
BASE = dict(
    hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, image_size=224, patch_size=16, num_channels=3
)  # ViT-B/16


@dataclass
class Sizes:
    steps: int = 200
    test_images: int = 10000
    rows: int = 10000  # of embeddings that are analysed
    batch: int = 64  # of embedding and of a model's forward pass
    repeats: int = 20  # batches of a repetition
    with_base: bool = True  # ViT-B/16, too
    with_article: bool = True
    compiled: bool = True  # torch.compile takes a minute for each form


QUICK = Sizes(steps=10, test_images=200, rows=600, batch=16, repeats=2, with_base=False, with_article=False, compiled=False)


def flop_of_forward(config):
    """One image's, no more than has to be: of the last layer the CLS token's row alone, without keys and values of the others (see
    encoder_layer_of_first() in src/model/cpu/engine.hpp)."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    patches = (config["image_size"] // config["patch_size"]) ** 2
    tokens = patches + 1
    layer = 2 * tokens * width * (4 * width + 2 * inner) + 4 * tokens * tokens * width
    last = 2 * width * (4 * width + 2 * inner) + 4 * config["num_attention_heads"] * tokens * width
    pixels = config["num_channels"] * config["patch_size"] ** 2
    return (config["num_hidden_layers"] - 1) * layer + last + 2 * patches * width * pixels


class Cases:
    def __init__(self, options, sizes, folder):
        self.sizes, self.folder, self.build = sizes, folder, options.build
        self.zoetrope = options.build / "zoetrope"
        self.data, self.model = options.data, folder / "model/checkpoint-0"
        self.cores = len(os.sched_getaffinity(0))
        self.config = json.loads((self.model / "config.json").read_text())

    def all(self):
        small = [
            self.training(),
            self.embedding(),
            self.ranks(),
            self.all_reduce(),
            *self.one_batch("small ViT", self.model, self.config),
            self.outliers(),
            self.pca(),
            self.preprocessing(),
            self.writing(),
        ]
        if not self.sizes.with_base:
            return small
        return small + list(self.one_batch("ViT-B/16", self.folder / "base", BASE))

    def fair(self, work, form, *flags, model=None, launch=()):
        compiled = self.sizes.compiled and form != "transformers"
        name = {"packed": "packed ViT", "timm": "timm", "transformers": "transformers"}[form]
        command = [*(launch or [PYTHON]), PEERS / "fair.py", work, "--model", model or self.model, "--form", form, *flags]
        name += (", compiled" if compiled else "") + (", torchrun" if launch else "")
        return Worker(name, command + (["--compile"] if compiled else []))

    def finetune(self, launch=()):
        run = self.folder / "finetune"
        steps = self.sizes.steps
        command = [
            *launch,
            self.zoetrope,
            "finetune",
            "--run",
            run,
            "--model",
            self.model,
            "--data",
            f"idx:{self.data}",
            "--max-steps",
            steps,
            "--save-steps",
            steps,
            "--logging-steps",
            steps,
            "--quiet",
            "--no-progress",
            "--device",
            "cpu",
        ]

        def read(_):
            with open(run / "log.csv") as file:
                loss = float(list(csv.DictReader(file))[-1]["loss"])
            return {"seconds": stages(run)["training"]["seconds"], "items": 32 * steps, "answer": loss}

        return Program("zoetrope", command, read, lambda: shutil.rmtree(run, ignore_errors=True))

    def training(self):
        flags = ("--data", self.data, "--steps", self.sizes.steps)
        return Case(
            "training, small ViT",
            "images/s",
            self.finetune(),
            [self.fair("train", form, *flags) for form in ("packed", "timm")],
            work={"flop": 3 * flop_of_forward(self.config)},
            why="matrices of 128 columns: a product is over before the cores' pipelines are full, and LayerNorm, softmax, GELU and "
            "AdamW are bound by caches",
        )

    def ranks(self):
        """Two ranks against two processes of PyTorch's."""
        torchrun = [PYTHON.with_name("torchrun"), "--nproc-per-node", 2]
        peer = self.fair(
            "train", "packed", "--data", self.data, "--steps", self.sizes.steps, "--threads", max(1, self.cores // 2), launch=torchrun
        )
        return Case(
            "training on 2 ranks, small ViT",
            "images/s",
            self.finetune(["mpirun", "-n", 2, "--bind-to", "none", "--oversubscribe"]),
            [peer],
            work={"flop": 3 * flop_of_forward(self.config)},
            why="as training on one rank, and the ranks wait for one another",
        )

    def embedding(self):
        run = self.folder / "extract"
        checkpoint = run / "checkpoint-0"
        count = self.sizes.test_images
        if not checkpoint.exists():
            shutil.copytree(self.model, checkpoint)
        command = [
            self.zoetrope,
            "extract",
            "--run",
            run,
            "--data",
            f"idx:{self.data}",
            "--test-limit",
            count,
            "--quiet",
            "--no-progress",
            "--device",
            "cpu",
        ]

        def read(_):
            with h5py.File(checkpoint / "embeddings.h5") as file:
                answer = float(np.abs(file["embeddings"][:].astype(np.float64)).sum())
            return {"seconds": stages(run)["embedding"]["seconds"], "items": count, "answer": answer}

        flags = ("--data", self.data, "--test-limit", count, "--batch", self.sizes.batch, "--out", self.folder / "peer.h5")
        return Case(
            "embedding, small ViT, with its file",
            "images/s",
            Program("zoetrope", command, read, lambda: (checkpoint / "embeddings.h5").unlink(missing_ok=True)),
            [self.fair("embed", form, *flags) for form in ("packed", "timm")],
            work={"flop": flop_of_forward(self.config)},
            why="small matrices, as in training; and reading the model and flushing the file are in its time",
        )

    def one_batch(self, name, model, config):
        batch = self.sizes.batch if config["hidden_size"] < 768 else 8
        repeats = self.sizes.repeats if config["hidden_size"] < 768 else 2
        for work, words, passes in (("forward", "forward", 1), ("backward", "forward and backward", 3)):
            flags = ("--batch", batch, "--threads", self.cores, "--repeats", repeats)
            program = Program(
                "zoetrope",
                [self.build / "bench/model_bench", "train" if work == "backward" else work, model, *flags],
                lambda out, batch=batch: json.loads(out) | {"items": batch},
            )
            yield Case(
                f"{words}, {name}, batches of {batch}",
                "images/s",
                program,
                [self.fair(work, form, *flags, model=model) for form in ("packed", "timm", "transformers")],
                work={"flop": passes * flop_of_forward(config)},
                why="all cores share each small product, and wait for one another; a job gives every thread images of its own",
            )

    def analysis(self, key, stage):
        """analysis_bench and analysis.py time all of a frame; `key` of their sums is compared."""
        ours, theirs = self.folder / "analysis.json", self.folder / "analysis_peer.json"
        flags = ["--rows", self.sizes.rows, "--columns", 128, "--sets", 1, "--no-trustworthiness", "--json"]

        def read(path):
            def seconds(_):
                result = json.loads(path.read_text())
                return {"seconds": result[stage]["wall_s"], "items": self.sizes.rows, "answer": result["sums"][0][key]}

            return seconds

        return (
            Program("zoetrope", [self.build / "bench/analysis_bench", *flags, ours], read(ours)),
            Program("cleanlab, scikit-learn", [PYTHON, PEERS / "analysis.py", *flags, theirs], read(theirs)),
        )

    def outliers(self):
        ours, theirs = self.analysis("scores", "outlier_scores")
        rows = self.sizes.rows
        # Each pair of rows is multiplied once.
        return Case(
            f"outlier scores, {rows} x 128",
            "images/s",
            ours,
            [theirs],
            allowed=1e-4,
            work={"flop": rows * 128},
            why="beside each block of products, candidates are picked out of it and their distances settled in float64",
        )

    def pca(self):
        ours, theirs = self.analysis("points", "pca")
        return Case(
            f"PCA, {self.sizes.rows} x 128",
            "images/s",
            ours,
            [theirs],
            allowed=1e-3,
            work={"flop": 128 * 128},
            why="the covariance is summed in float64, whose peak is half; and there is an eigenvalue problem",
        )

    def preprocessing(self):
        def read(out):
            line = next(line for line in out.splitlines() if line.strip().startswith("32 x  32"))
            numbers = line.split()
            is_ours = "torchvision" not in line
            rate = float(numbers[-2] if is_ours else re.search(r"(\d+) images/s", line).group(1))
            return {"seconds": 1 / rate, "items": 1, "answer": float(numbers[-1])}

        smoke = [] if self.sizes.with_base else ["--smoke"]
        # Resizing and normalising write 3 x 224 x 224 bytes and floats, and read the bytes.
        return Case(
            "32x32 to normalised 224x224, one core",
            "images/s",
            Program("zoetrope", [self.build / "bench/preprocess_bench", *smoke], read),
            [Program("torchvision processor", [PYTHON, PEERS / "preprocess.py", *smoke], read)],
            allowed=2e-3,
            work={"memory_bytes": 3 * 224 * 224 * (1 + 1 + 4)},
            why="one core of those that share the memory; and the resize computes",
        )

    def writing(self):
        flags = ["--rows", self.sizes.test_images, "--columns", 128]
        ours, theirs = self.folder / "written", self.folder / "written_peer"
        for folder in (ours, theirs):
            folder.mkdir(exist_ok=True)
        return Case(
            f"writing of embeddings.h5, {self.sizes.test_images} x 128",
            "rows/s",
            Worker("zoetrope", [self.build / "bench/store_bench", ours, *flags]),
            [Worker("h5py", [PYTHON, PEERS / "write_h5py.py", theirs, *flags])],
            allowed=0,
            work={"disk_bytes": 4 * 128},
            why="a few MB: what a flush of file and folder takes, whatever is in them; ours has digests",
        )

    def all_reduce(self):
        worker = Worker(
            "zoetrope", ["mpirun", "-n", 2, "--bind-to", "none", "--oversubscribe", self.build / "bench/raw_all_reduce"], key="zoetrope"
        )
        # Each rank reads both and writes its own.
        return Case(
            "all-reduce of 4 MiB between 2 ranks",
            "calls/s",
            worker,
            [OtherSide("MPI_Allreduce", worker, "MPI_Allreduce")],
            allowed=0,
            work={"memory_bytes": 2 * 3 * (4 << 20)},
            why="messages go through shared memory in pieces, and are copied there and back",
        )


def stages(run):
    return json.loads((run / "summary.json").read_text())["stages"]
