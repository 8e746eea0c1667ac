#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The strongest fair forms of PyTorch that were found, on CPU cores: a plain loop, images as bytes in memory, fused AdamW, no Trainer.
Each starts from the same model folder, learns from the same batches and answers with numbers to compare.

    .venv/bin/python bench/peers/fair.py train --model DIR --form packed --compile     a training of --steps steps
    .venv/bin/python bench/peers/fair.py embed --model DIR --form timm                 embeddings of the test images, to an HDF5 file
    .venv/bin/python bench/peers/fair.py forward --model DIR                           a batch of made-up images, as model_bench
    .venv/bin/python bench/peers/fair.py backward --model DIR                          the same with gradients
    .venv/bin/torchrun --nproc-per-node 2 bench/peers/fair.py train --model DIR ...    DistributedDataParallel over gloo

A line on standard input is one repetition, answered by one line of JSON; at its end the program ends. So imports and compilation
are left out of what is timed, and another side can have its turn in between.
"""
import argparse
import json
import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from transformers import ViTForImageClassification, get_linear_schedule_with_warmup

from article import read_images, read_labels
from packed_vit import PackedViT
from sampler import epoch_order
from timm_vit import timm_vit


class Hugging(torch.nn.Module):
    """transformers' model under the calls of the others."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixel_values=pixels).logits

    def features(self, pixels):
        return self.model.vit(pixel_values=pixels).last_hidden_state[:, 0]


def make_model(options):
    theirs = ViTForImageClassification.from_pretrained(options.model, attn_implementation="sdpa")
    if options.form == "transformers":
        return Hugging(theirs)
    packed = PackedViT(theirs.config).load(theirs)
    return packed if options.form == "packed" else timm_vit(packed, theirs.config)


def to_pixels(images):
    """uint8 [B, S, S] -> float32 [B, 3, S, S], as ViTImageProcessor with its defaults"""
    return ((images.float() / 255 - 0.5) / 0.5)[:, None].expand(-1, 3, -1, -1)


def made_up_pixels(batch, side):
    """model_bench's."""
    i = torch.arange(batch * 3 * side * side)
    return ((37 * i + i * i) % 256).float().div(127.5).sub(1).view(batch, 3, side, side)


class Training:
    """Steps 0 to --steps of zoetrope's batches, from the initial weights each time."""

    def __init__(self, options):
        self.options = options
        self.images = torch.from_numpy(read_images(options.data, "train").copy())
        self.labels = torch.from_numpy(read_labels(options.data, "train").copy())
        self.order = torch.tensor(epoch_order(42, 0, len(self.images))[: options.steps * options.batch])
        self.network = make_model(options).train()
        self.start = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.rank, self.ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        model = DistributedDataParallel(self.network, gradient_as_bucket_view=True) if self.ranks > 1 else self.network

        def loss_of(images, labels):
            return F.cross_entropy(model(to_pixels(images)), labels)

        self.loss_of = torch.compile(loss_of) if options.compile else loss_of
        self.run(steps=3)  # compiles, and fills the allocator's pools

    def run(self, steps):
        self.network.load_state_dict(self.start)
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=5e-5, weight_decay=0.0, fused=True)
        schedule = get_linear_schedule_with_warmup(optimizer, -(-self.options.steps // 10), self.options.steps)
        share = self.options.batch // self.ranks
        losses = torch.zeros(steps)
        for step in range(steps):
            first = step * self.options.batch + self.rank * share
            rows = self.order[first : first + share]
            loss = self.loss_of(self.images[rows], self.labels[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses[step] = loss.detach()
        if self.ranks > 1:
            dist.all_reduce(losses)
        return losses / self.ranks

    def repeat(self):
        began = time.perf_counter()
        losses = self.run(self.options.steps)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "items": self.options.steps * self.options.batch, "answer": losses.mean().item()}


class Embedding:
    """All test images, and their embeddings in a file that is on the disk in the end."""

    def __init__(self, options):
        import h5py

        self.h5py, self.options = h5py, options
        self.images = torch.from_numpy(read_images(options.data, "t10k")[: options.test_limit].copy())
        self.network = make_model(options).eval()

        def features(images):
            return self.network.features(to_pixels(images))

        self.features = torch.compile(features) if options.compile else features
        self.embed(self.images[: 2 * options.batch])

    @torch.no_grad()
    def embed(self, images):
        return torch.cat([self.features(part) for part in images.split(self.options.batch)])

    def repeat(self):
        began = time.perf_counter()
        found = self.embed(self.images)
        with self.h5py.File(self.options.out, "w") as file:
            file["embeddings"] = found.numpy()
            file.flush()
            os.fsync(file.id.get_vfd_handle())
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "items": len(found), "answer": found.double().abs().sum().item()}


class Batch:
    """What model_bench times: a batch forward, or forward and backward."""

    def __init__(self, options):
        self.options = options
        self.network = make_model(options)
        side = json.loads((options.model / "config.json").read_text())["image_size"]
        self.pixels, self.labels = made_up_pixels(options.batch, side), torch.arange(options.batch) % 10
        self.is_forward = options.work == "forward"

        def loss_of(pixels, labels):
            logits = self.network(pixels)
            return logits if self.is_forward else F.cross_entropy(logits, labels)

        self.loss_of = torch.compile(loss_of) if options.compile else loss_of
        self.run()

    def run(self):
        with torch.set_grad_enabled(not self.is_forward):
            result = self.loss_of(self.pixels, self.labels)
        if self.is_forward:
            return result
        self.network.zero_grad(set_to_none=False)
        result.backward()
        return result

    def repeat(self):
        fastest = float("inf")
        for _ in range(self.options.repeats):
            began = time.perf_counter()
            result = self.run()
            fastest = min(fastest, time.perf_counter() - began)
        if self.is_forward:
            answer = result.double().abs().sum()
        else:
            answer = torch.stack([parameter.grad.double().norm() for parameter in self.network.parameters()]).norm()
        return {"seconds": fastest, "items": self.options.batch, "answer": answer.item()}


WORK = {"train": Training, "embed": Embedding, "forward": Batch, "backward": Batch}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR")
    parser.add_argument("--form", choices=("packed", "timm", "transformers"), default="packed")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--test-limit", type=int, default=10000, metavar="N")
    parser.add_argument("--repeats", type=int, default=1, help="forward, backward: batches of which the fastest counts, as in model_bench")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, help="embed: the HDF5 file")
    return parser.parse_args()


def is_asked(rank):
    """Whether there is another repetition to do: rank 0 reads it and tells the others."""
    line = sys.stdin.readline() if rank == 0 else ""
    if not dist.is_initialized():
        return bool(line)
    flag = torch.tensor([bool(line)])
    dist.broadcast(flag, 0)
    return flag.item()


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    if "TORCHELASTIC_RUN_ID" in os.environ:
        dist.init_process_group("gloo")
    rank = dist.get_rank() if dist.is_initialized() else 0
    work = WORK[options.work](options)
    while is_asked(rank):
        result = work.repeat()
        if rank == 0:
            print(json.dumps(result), flush=True)
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
