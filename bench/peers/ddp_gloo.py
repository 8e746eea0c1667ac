#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training throughput of a plain PyTorch loop on CPU cores: DistributedDataParallel over gloo, and one process.

    .venv/bin/python bench/peers/ddp_gloo.py               one process of two threads, then two processes of one thread
    .venv/bin/python bench/peers/ddp_gloo.py --layout 4x1  four processes of one thread

What is timed is a step of the article's training (forward, backward, clipping, AdamW, schedule) on tensors made
beforehand: no images are read or prepared. Prints one line of JSON per layout; images_per_second counts all processes.
"""

import argparse
import json
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel
from transformers import ViTConfig, ViTForImageClassification, get_linear_schedule_with_warmup

from article import MODEL


def train(rank, processes, threads, options, rendezvous):
    torch.set_num_threads(threads)
    torch.manual_seed(42)
    model = ViTForImageClassification(ViTConfig(**MODEL, num_labels=10)).train()
    if processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=processes)
        model = DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.0, fused=True)
    steps = options.warmup + options.steps
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    batch = options.batch_size // processes
    pixels = torch.randn(8, batch, MODEL["num_channels"], MODEL["image_size"], MODEL["image_size"])
    labels = torch.randint(10, (8, batch))

    seconds = []
    for step in range(steps):
        began = time.perf_counter()
        model(pixel_values=pixels[step % 8], labels=labels[step % 8]).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - began)
    if rank == 0:
        report(processes, threads, options, sorted(seconds[options.warmup :]))
    if processes > 1:
        dist.destroy_process_group()


def report(processes, threads, options, seconds):
    print(json.dumps({"processes": processes, "threads": threads, "batch_size": options.batch_size,
                      "images_per_second": round(options.batch_size * len(seconds) / sum(seconds), 1),
                      "median_step_ms": round(1000 * seconds[len(seconds) // 2], 2),
                      "fastest_step_ms": round(1000 * seconds[0], 2), "torch": torch.__version__}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", nargs="+", default=["1x2", "2x1"], metavar="PROCESSESxTHREADS")
    parser.add_argument("--batch-size", type=int, default=32, help="images per step over all processes")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--warmup", type=int, default=20, help="steps before the timed ones")
    options = parser.parse_args()
    for layout in options.layout:
        processes, threads = (int(number) for number in layout.split("x"))
        if options.batch_size % processes != 0:
            parser.error(f"--batch-size {options.batch_size} does not divide among {processes} processes")
        with tempfile.TemporaryDirectory() as folder:
            mp.spawn(train, (processes, threads, options, f"{folder}/rendezvous"), nprocs=processes)


if __name__ == "__main__":
    main()
