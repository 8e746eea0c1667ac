# SPDX-License-Identifier: Apache-2.0
"""Images as a test split that the program reads: a tar file in WebDataset's form, with a PNG and a label for each."""

import io
import struct
import tarfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoetrope.arrays import as_array


def as_pixels(image: Any) -> npt.NDArray[np.uint8]:
    """uint8 [H, W] or [H, W, 3] of an array of that, or of [H, W, 1], or of an image of Pillow."""
    if hasattr(image, "convert"):
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    pixels = as_array(image, "an image")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)) or pixels.size == 0:
        raise ValueError(f"an image is {pixels.dtype} {list(pixels.shape)}; give uint8 [height, width] or [height, width, 3], "
                         "or an image of Pillow")
    return pixels


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """The PNG file of uint8 [H, W] or [H, W, 3]."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + pixels[0].size), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + chunk(b"IEND", b"")


def write(images: Iterable[Any], labels: Sequence[int], path: Path) -> int:
    """Writes the tar file, and returns how many images are in it. `labels` are as many numbers, from 0."""
    count = 0
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for image, label in zip(images, labels, strict=True):
            for ending, content in (("png", png(as_pixels(image))), ("cls", str(label).encode())):
                entry = tarfile.TarInfo(f"{count:09}.{ending}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            count += 1
    return count
