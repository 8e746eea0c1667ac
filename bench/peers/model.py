#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ViTs in zoetrope and in transformers side by side on this machine: reading weights, forward, forward and backward.

    bench/peers/model.py MODEL_BENCH [--threads N] [--rounds N] [--scratch FOLDER] [--smoke]

The two sides take turns, a process each, and the fastest round of each counts; on a machine that is busy with something
else, compare the CPU times. Every answer is compared. Exits with 1 where an answer differs.
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForImageClassification, ViTConfig, ViTForImageClassification

BASE = dict(num_labels=10)  # ViT-B/16 at 224, 343 MB
SMALL = dict(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512, image_size=28,
             patch_size=7, num_labels=10)

# name: (model, work, images, how often a round repeats it)
CASES = {
    "read ViT-B/16": ("base", "read", 0, 5),
    "forward ViT-B/16, batch 8": ("base", "forward", 8, 2),
    "training ViT-B/16, batch 8": ("base", "train", 8, 1),
    "forward small, batch 64": ("small", "forward", 64, 100),
    "training small, batch 16": ("small", "train", 16, 100),
}


def make_model(folder, options):
    if not (folder / "model.safetensors").exists():
        torch.manual_seed(1)
        ViTForImageClassification(ViTConfig(**options)).save_pretrained(folder)


def fastest(repeats, work):
    wall = cpu = float("inf")
    for _ in range(repeats):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        cpu = min(cpu, time.process_time() - cpu_start)
        wall = min(wall, time.perf_counter() - start)
    return {"seconds": wall, "cpu_seconds": cpu}


def made_up_pixels(batch, side):
    i = torch.arange(batch * 3 * side * side)
    return ((37 * i + i * i) % 256).float().div(127.5).sub(1).view(batch, 3, side, side)


def measure(work, folder, batch, threads, repeats):
    """What model_bench does, with transformers."""
    torch.set_num_threads(threads)
    model = AutoModelForImageClassification.from_pretrained(folder)
    if work == "read":
        # From_pretrained renames what is on disk; the names of this file are made the model's own beforehand.
        file = folder / "in_memory_names" / "model.safetensors"
        model.load_state_dict(load_file(file))
        return fastest(repeats, lambda: model.load_state_dict(load_file(file)))
    pixels = made_up_pixels(batch, model.config.image_size)
    if work == "forward":
        model.eval()
        with torch.no_grad():
            answer = model(pixels).logits.double().abs().sum().item()
            return fastest(repeats, lambda: model(pixels)) | {"answer": answer}
    labels = torch.arange(batch) % model.config.num_labels

    def step():
        model.zero_grad()
        model.train()(pixels, labels=labels).loss.backward()

    step()
    result = fastest(repeats, step)
    norms = [parameter.grad.norm() for parameter in model.parameters()]
    return result | {"answer": torch.stack(norms).norm().item()}


def run(command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return json.loads(output.splitlines()[-1])


def best(rounds):
    return {key: min(result[key] for result in rounds) if "seconds" in key else rounds[0][key] for key in rounds[0]}


def compare(name, options, scratch):
    size, work, batch, repeats = CASES[name]
    rounds = 1 if options.smoke else options.rounds
    flags = [work, str(scratch / size), "--batch", str(batch), "--threads", str(options.threads), "--repeats",
             str(1 if options.smoke else repeats)]
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(run([sys.executable, __file__, "peer", *flags]))
        ours.append(run([options.program, *flags]))
    return best(ours), best(theirs)


def report(name, ours, theirs):
    cpu, wall = theirs["cpu_seconds"] / ours["cpu_seconds"], theirs["seconds"] / ours["seconds"]
    print(f"| {name} | {theirs['seconds']:.4f} | {ours['seconds']:.4f} | {wall:.2f} | {theirs['cpu_seconds']:.4f} | "
          f"{ours['cpu_seconds']:.4f} | {cpu:.2f} |", flush=True)
    if "copies_resident" in ours:
        print(f"| memory it takes to read, in copies of the weights | | {ours['copies_resident']:.2f} | | | | |")
        return ours["copies_resident"] < 1.2
    return abs(ours["answer"] - theirs["answer"]) < 1e-4 * abs(theirs["answer"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/zoetrope-model-bench"))
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--smoke", action="store_true", help="the small model once")
    options = parser.parse_args()
    for size, config in (("base", BASE), ("small", SMALL)):
        make_model(options.scratch / size, config)
        make_memory_names(options.scratch / size)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, {options.threads} threads")
    print("| work | transformers, s | zoetrope, s | times as fast | transformers, CPU s | zoetrope, CPU s | times |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    names = [name for name in CASES if options.only in name and not (options.smoke and "ViT-B" in name)]
    good = [report(name, *compare(name, options, options.scratch)) for name in names]
    sys.exit(0 if all(good) else 1)


def make_memory_names(folder):
    names = folder / "in_memory_names"
    if not names.exists():
        AutoModelForImageClassification.from_pretrained(folder).save_pretrained(names, save_original_format=False)


def peer(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("folder", type=Path)
    for name in ("--batch", "--threads", "--repeats"):
        parser.add_argument(name, type=int)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.work, options.folder, options.batch, options.threads, options.repeats)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        peer(sys.argv[2:])
    else:
        main()
