#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recipe of models/fashion-vit: a small ViT pretrained on Fashion-MNIST's training images, without their labels.

    .venv/bin/python models/pretrain.py --out models/fashion-vit

Two objectives share the encoder, and both read its CLS token only, since that is what zoetrope shows:
  contrast  two augmented, partly masked views of an image agree, against all other views of the batch
            (NT-Xent: Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations")
  restore   a small decoder draws the whole clean image from the CLS token of such a view (masked autoencoding, He et
            al. 2021, with the CLS token as the bottleneck)
Masked patches are left out of the sequence, so they cost nothing. Both heads are thrown away. Labels are read only
to measure the nearest-neighbour accuracy before and after.
"""

import argparse
import gzip
import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import ViTConfig, ViTImageProcessor, ViTModel

ARCHITECTURE = dict(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512, image_size=28,
                    patch_size=7, num_channels=3)
KEPT_PATCHES = 10  # of 16
TEMPERATURE = 0.2


def read_idx(path, header):
    with gzip.open(path) as file:
        return torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=header).copy())


def read_split(folder, split):
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz", 16).view(-1, 28, 28)
    return images, read_idx(folder / f"{split}-labels-idx1-ubyte.gz", 8).long()


def to_pixels(grey):
    """What ViTImageProcessor makes of a grey image: (B, 1, 28, 28) in [0, 1] -> (B, 3, 28, 28) in [-1, 1]."""
    return ((grey - 0.5) / 0.5).expand(-1, 3, -1, -1)


def uniform(count, low, high):
    return torch.empty(count).uniform_(low, high)


def augment(images):
    """Crop, aspect ratio, flip, a small rotation, brightness and gamma: (B, 28, 28) bytes -> (B, 3, 28, 28)."""
    count = len(images)
    area, aspect = uniform(count, 0.4, 1), uniform(count, math.log(3 / 4), math.log(4 / 3)).exp()
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    center_x, center_y = uniform(count, -1, 1) * (1 - width), uniform(count, -1, 1) * (1 - height)
    flip, angle = (torch.rand(count) < 0.5) * 2.0 - 1, uniform(count, -0.15, 0.15)
    transform = torch.stack([torch.stack([width * flip * angle.cos(), -height * angle.sin(), center_x], 1),
                             torch.stack([width * flip * angle.sin(), height * angle.cos(), center_y], 1)], 1)
    grey = images[:, None].float() / 255
    grey = F.grid_sample(grey, F.affine_grid(transform, grey.shape, align_corners=False), align_corners=False)
    grey = (grey * uniform((count, 1, 1, 1), 0.6, 1.4)).clamp(0, 1) ** uniform((count, 1, 1, 1), -0.5, 0.5).exp()
    return to_pixels(grey)


def cls_token(model, pixels, kept=None):
    """The CLS token after the final LayerNorm; with `kept`, from so many random patches of each image."""
    tokens = model.embeddings(pixels)
    if kept is not None:
        batch, count, width = tokens.shape
        chosen = torch.rand(batch, count - 1).argsort(1)[:, :kept] + 1
        chosen = F.pad(chosen, (1, 0))  # the CLS token stays
        tokens = tokens.gather(1, chosen[..., None].expand(-1, -1, width))
    for layer in model.layers:
        tokens = layer(tokens)
    return model.layernorm(tokens[:, 0])


def nt_xent(projected):
    """Rows i and i + B/2 are views of one image."""
    projected = F.normalize(projected)
    similarity = projected @ projected.T / TEMPERATURE
    similarity.fill_diagonal_(-torch.inf)
    return F.cross_entropy(similarity, torch.arange(len(projected)).roll(len(projected) // 2))


@torch.no_grad()
def embed(model, images):
    parts = [cls_token(model, to_pixels(block[:, None].float() / 255)) for block in images.split(1000)]
    return F.normalize(torch.cat(parts))


def knn_accuracy(model, train, test, k=20):
    """Majority of the k training images nearest by cosine of the CLS embeddings; the lower class wins a tie."""
    (train_images, train_labels), (test_images, test_labels) = train, test
    nearest = (embed(model, test_images) @ embed(model, train_images).T).topk(k).indices
    votes = F.one_hot(train_labels[nearest], 10).sum(1)
    return (votes.argmax(1) == test_labels).double().mean().item()


def pretrain(model, images, options):
    width = model.config.hidden_size
    projector = nn.Sequential(nn.Linear(width, 512), nn.BatchNorm1d(512), nn.GELU(), nn.Linear(512, 128))
    decoder = nn.Sequential(nn.Linear(width, 256), nn.GELU(), nn.Linear(256, 28 * 28))
    mean = images.float().mean(0) / 255
    parameters = [*model.parameters(), *projector.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW([{"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
                                   {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}],
                                  betas=(0.9, 0.99), fused=True)
    order = torch.empty(0, dtype=torch.long)
    for step in range(options.steps):
        rate = options.learning_rate * min(1, (step + 1) / 50) * (1 + math.cos(math.pi * step / options.steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = rate
        if len(order) < options.batch_size:
            order = torch.randperm(len(images))
        batch, order = images[order[: options.batch_size]], order[options.batch_size :]
        with torch.autocast("cpu", torch.bfloat16):
            cls = cls_token(model, torch.cat([augment(batch), augment(batch)]), KEPT_PATCHES)
        cls = cls.float()
        clean = ((batch.float() / 255 - mean) / 0.3).flatten(1)
        contrast, restore = nt_xent(projector(cls)), F.mse_loss(decoder(cls), torch.cat([clean, clean]))
        (contrast + options.restore_weight * restore).backward()
        nn.utils.clip_grad_norm_(parameters, 3.0)
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}/{options.steps}  contrast {contrast:.3f}  restore {restore:.3f}  "
                  f"cpu {time.process_time():.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--restore-weight", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train, test = read_split(options.data, "train"), read_split(options.data, "t10k")
    model = ViTModel(ViTConfig(**ARCHITECTURE), add_pooling_layer=False)

    before = knn_accuracy(model, train, test)
    print(f"kNN accuracy before: {before:.4f}", flush=True)
    pretrain(model, train[0], options)
    after = knn_accuracy(model, train, test)
    print(f"kNN accuracy after: {after:.4f}", flush=True)

    model.save_pretrained(options.out)
    ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(options.out)
    digest = hashlib.sha256((options.out / "model.safetensors").read_bytes()).hexdigest()
    (options.out / "pretraining.json").write_text(json.dumps({
        "recipe": "models/pretrain.py", "seed": options.seed, "steps": options.steps, "batch_size": options.batch_size,
        "learning_rate": options.learning_rate, "restore_weight": options.restore_weight, "kept_patches": KEPT_PATCHES,
        "temperature": TEMPERATURE, "knn_accuracy_before": before, "knn_accuracy_after": after,
        "cpu_seconds": round(time.process_time()), "sha256": digest, "torch": torch.__version__,
        "transformers": transformers.__version__}, indent=1) + "\n")


if __name__ == "__main__":
    main()
