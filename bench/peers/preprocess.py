#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of bench/preprocess_bench with transformers' image processors: batches of 32, on one thread.

Each processor gets the images as it likes them best: torchvision's uint8 tensors [3, H, W], PIL's arrays [H, W, 3].
"""
import sys
import time

import numpy as np
import torch
from transformers import ViTImageProcessor, ViTImageProcessorPil

N = 32


def made_up_images(height, width):
    i = np.arange(height * width * 3, dtype=np.uint64)
    return [((37 * i + 101 * n + i * i) % 256).astype(np.uint8).reshape(height, width, 3) for n in range(N)]


def measure(name, processor, images, repeats):
    best = 1e9
    for _ in range(repeats):
        start = time.process_time()
        processor(images, return_tensors="pt")
        best = min(best, time.process_time() - start)
    values = processor(images, return_tensors="pt")["pixel_values"]
    magnitudes = values.abs().sum(dtype=torch.float64).item()
    print(f"{name}  {N / best:8.0f} images/s of CPU time, sum of all magnitudes {magnitudes:.3f}")


def main():
    repeats = 1 if "--smoke" in sys.argv else 30
    torch.set_num_threads(1)
    for height, width in [(32, 32), (224, 224), (375, 500)]:
        arrays = made_up_images(height, width)
        tensors = [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in arrays]
        size = f"{width:3d} x {height:3d}"
        measure(f"{size}  torchvision", ViTImageProcessor(), tensors, repeats)
        measure(f"{size}  pil        ", ViTImageProcessorPil(), arrays, repeats)


if __name__ == "__main__":
    main()
