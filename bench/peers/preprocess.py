#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of bench/preprocess_bench with transformers' image processors: batches of 32, on one thread."""
import sys
import time

import numpy as np
import torch
from PIL import Image
from transformers import ViTImageProcessor, ViTImageProcessorPil

N = 32


def made_up_images():
    i = np.arange(32 * 32 * 3, dtype=np.uint64)
    return [Image.fromarray(((37 * i + 101 * n + i * i) % 256).astype(np.uint8).reshape(32, 32, 3)) for n in range(N)]


def main():
    repeats = 1 if "--smoke" in sys.argv else 30
    torch.set_num_threads(1)
    images = made_up_images()
    for name, processor in [("torchvision", ViTImageProcessor()), ("pil", ViTImageProcessorPil())]:
        best = 1e9
        for _ in range(repeats):
            start = time.process_time()
            processor(images, return_tensors="pt")
            best = min(best, time.process_time() - start)
        values = processor(images, return_tensors="pt")["pixel_values"]
        magnitudes = values.abs().sum(dtype=torch.float64).item()
        print(f"{name:12s} {N / best:8.0f} images/s of CPU time, sum of all magnitudes {magnitudes:.3f}")


if __name__ == "__main__":
    main()
