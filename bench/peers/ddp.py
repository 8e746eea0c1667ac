#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training throughput of PyTorch's DistributedDataParallel as a careful user writes it: transformers' ViT with SDPA, or a plain
one with packed query, key and value, bf16 autocast, fused AdamW, gradients as views of the buckets, images already on the
device, no synchronisation in a step.

    .venv/bin/python bench/peers/ddp.py --gpus 8 --model config.json
    .venv/bin/python bench/peers/ddp.py --gpus 8 --model config.json --compile     torch.compile
    .venv/bin/python bench/peers/ddp.py --gpus 8 --model config.json --compile --packed      the fastest form that was found
    .venv/bin/python bench/peers/ddp.py --gpus 2 --model config.json --device cpu  gloo on CPU cores, to see that it works

Prints one line of JSON; images_per_second counts all processes and leaves out the first half of the steps.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel
from transformers import ViTConfig, ViTForImageClassification, get_linear_schedule_with_warmup

from packed_vit import PackedViT

MEAN = STD = 0.5


def train(rank, options, rendezvous):
    torch.manual_seed(42)
    on_gpu = options.device == "cuda"
    device = torch.device("cuda", rank) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(1)
    dist.init_process_group("nccl" if on_gpu else "gloo", init_method=f"file://{rendezvous}", rank=rank,
                            world_size=options.gpus)
    config = ViTConfig(**json.loads(options.model.read_text()), num_labels=10)
    network = ViTForImageClassification._from_config(config, attn_implementation="sdpa")
    if options.packed:
        network = PackedViT(config).load(network)
    network = network.to(device).train()
    model = DistributedDataParallel(network, device_ids=[rank] if on_gpu else None, gradient_as_bucket_view=True)
    step = make_step(model, network, options, device)

    images = torch.randint(256, (4 * options.batch, 1, config.image_size, config.image_size), dtype=torch.uint8, device=device)
    labels = torch.randint(10, (4 * options.batch,), device=device)
    began = None
    for number in range(options.steps):
        if number == options.steps // 2:
            began = wait_for_all(device)
        rows = torch.randperm(images.shape[0], device=device)[: options.batch]
        step(images[rows], labels[rows])
    seconds = wait_for_all(device) - began
    if rank == 0:
        timed = options.steps - options.steps // 2
        print(json.dumps({"gpus": options.gpus, "batch_per_gpu": options.batch, "compile": options.compile,
                          "packed": options.packed,
                          "images_per_second": options.gpus * options.batch * timed / seconds,
                          "device": torch.cuda.get_device_name(device) if on_gpu else "cpu", "torch": torch.__version__}),
              flush=True)
    dist.destroy_process_group()


def make_step(model, network, options, device):
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-5, weight_decay=0.0, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, options.steps // 10, options.steps)
    forward = torch.compile(model) if options.compile else model

    def step(images, labels):
        pixels = ((images.float() / 255 - MEAN) / STD).expand(-1, 3, -1, -1)
        with torch.autocast(device.type, torch.bfloat16):
            outputs = forward(pixels)
        logits = outputs if options.packed else outputs.logits
        loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def wait_for_all(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    dist.barrier()
    return time.perf_counter()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a config.json")
    parser.add_argument("--gpus", type=int, default=1, help="processes, one per GPU")
    parser.add_argument("--batch", type=int, default=128, help="images per step and GPU")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--packed", action="store_true", help="packed_vit.py in place of transformers' model")
    options = parser.parse_args()
    if options.device == "cuda" and torch.cuda.device_count() < options.gpus:
        parser.error(f"--gpus {options.gpus}: PyTorch sees {torch.cuda.device_count()}")
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(train, (options, f"{folder}/rendezvous"), nprocs=options.gpus)


if __name__ == "__main__":
    main()
