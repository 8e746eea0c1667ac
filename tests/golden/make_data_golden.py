#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/data from the real libraries: Pillow's resize and transformers' ViT and Bit image processors.

Each NAME.json lists cases whose arrays lie in NAME.bin at the given byte offsets (C order, little-endian).
Run it again with: .venv/bin/python tests/golden/make_data_golden.py
"""
import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
import torchvision
import transformers
from PIL import Image
from transformers import BitImageProcessor, BitImageProcessorPil, ViTImageProcessor, ViTImageProcessorPil

FOLDER = Path(__file__).parent / "data"
FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
VERSIONS = {"pillow": PIL.__version__, "transformers": transformers.__version__, "torchvision": torchvision.__version__,
            "numpy": np.__version__}
NEAREST, BILINEAR, BICUBIC = 0, 2, 3


class Blob:
    """Arrays laid one after the other, each described by where it lies."""

    def __init__(self):
        self.bytes = b""

    def add(self, array):
        array = np.ascontiguousarray(array)
        place = {"offset": len(self.bytes), "shape": list(array.shape), "dtype": str(array.dtype)}
        self.bytes += array.tobytes()
        return place


def save(name, cases, blob):
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.bin").write_bytes(blob.bytes)
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / f"{name}.json").write_text(f'{{"versions": {json.dumps(VERSIONS)},\n"cases": [\n{lines}\n]}}\n')


def noise(rng, height, width, channels):
    """Half noise, half steep edges: overshoot at both ends of the byte range."""
    image = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    image[: height // 2] = np.where(image[: height // 2] > 127, 255, 0)
    return image


def pil_resize(image, height, width, resample):
    grey = image.shape[2] == 1
    resized = Image.fromarray(image[..., 0] if grey else image).resize((width, height), resample=resample)
    return np.asarray(resized).reshape(height, width, image.shape[2])


def make_resize():
    rng = np.random.default_rng(7)
    shapes = [((28, 28, 1), (64, 64)), ((32, 32, 3), (96, 80)), ((61, 47, 3), (32, 32)), ((97, 130, 1), (28, 28)),
              ((16, 23, 3), (16, 41)), ((23, 16, 3), (41, 16)), ((1, 1, 3), (7, 5)), ((5, 7, 1), (1, 1)),
              ((2, 150, 3), (31, 37)), ((131, 67, 3), (130, 68)), ((64, 64, 3), (64, 64))]
    blob, cases = Blob(), []
    for in_shape, (height, width) in shapes:
        image = noise(rng, *in_shape)
        source = blob.add(image)
        for resample in (NEAREST, BILINEAR, BICUBIC):
            resized = pil_resize(image, height, width, resample)
            cases.append({"resample": resample, "input": source, "output": blob.add(resized)})
    image = noise(rng, 32, 32, 3)
    source = blob.add(image)
    for resample in (NEAREST, BILINEAR, BICUBIC):  # the real model's size, too large to keep
        resized = pil_resize(image, 224, 224, resample)
        cases.append({"resample": resample, "input": source, "output_shape": [224, 224, 3],
                      "output_sha256": hashlib.sha256(resized.tobytes()).hexdigest()})
    save("resize", cases, blob)


def fashion_image(index):
    with gzip.open(FASHION) as file:
        file.seek(16 + 784 * index)
        return np.frombuffer(file.read(784), np.uint8).reshape(28, 28, 1)


def make_preprocess():
    rng = np.random.default_rng(11)
    images = [fashion_image(0), noise(rng, 32, 32, 3), noise(rng, 40, 56, 3), noise(rng, 61, 30, 3)]
    imagenet = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    square = {"size": {"height": 32, "width": 27}}
    processors = [
        (ViTImageProcessorPil, ViTImageProcessor, square),
        (ViTImageProcessorPil, ViTImageProcessor, square | imagenet | {"resample": BICUBIC}),
        (ViTImageProcessorPil, ViTImageProcessor, square | {"do_normalize": False}),
        (BitImageProcessorPil, BitImageProcessor, imagenet | {"size": {"shortest_edge": 36}, "crop_size": {"height": 24, "width": 29}}),
    ]
    blob, cases = Blob(), []
    sources = [blob.add(image) for image in images]
    for pil, torchvision_backend, options in processors:
        config = json.loads(pil(**options).to_json_string())
        for image, source in zip(images, sources):
            rgb = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).convert("RGB")
            values = [cls(**options)(rgb, return_tensors="np")["pixel_values"][0] for cls in (pil, torchvision_backend)]
            cases.append({"config": config, "input": source, "pil": blob.add(values[0].astype(np.float32)),
                          "torchvision": blob.add(values[1].astype(np.float32))})
    save("preprocess", cases, blob)


if __name__ == "__main__":
    make_resize()
    make_preprocess()
