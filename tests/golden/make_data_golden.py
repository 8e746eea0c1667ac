#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/data from the real libraries: Pillow's resize and transformers' ViT and Bit image processors.

Each NAME.json lists cases whose arrays lie in NAME.bin at the given byte offsets (C order, little-endian).
Run it again with: .venv/bin/python tests/golden/make_data_golden.py
"""
import gzip
import hashlib
import io
import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import datasets
import numpy as np
import PIL
import pillow_heif
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import torchvision
import transformers
from PIL import Image
from transformers import AutoImageProcessor, BitImageProcessor, BitImageProcessorPil, ViTImageProcessor, ViTImageProcessorPil

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("data", "support")]

import drawn_images  # noqa: E402
from random_numbers import SplitMix64, mix_seed  # noqa: E402

FOLDER = Path(__file__).parent / "data"
FASHION = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
VERSIONS = {"pillow": PIL.__version__, "transformers": transformers.__version__, "torchvision": torchvision.__version__,
            "datasets": datasets.__version__, "numpy": np.__version__}
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


# In every form that transformers takes, and with keys that count only beside others.
SIZES = [{"size": [36, 33], "crop_size": [30, 31], "do_center_crop": True},
         {"size": {"shortest_edge": 37}, "crop_size": [30, 31], "do_center_crop": True},
         {"size": {"height": 36, "width": 33}, "crop_size": {"height": 30, "width": 31}, "do_center_crop": True},
         {"size": 37, "crop_size": 30, "do_center_crop": True, "default_to_square": False},
         {"size": 37, "crop_size": None, "do_center_crop": False, "default_to_square": True, "pad_size": [64, 64]},
         {"size": None, "do_resize": None, "crop_size": [30, 29], "do_center_crop": True},
         {"size": [36, 33], "crop_size": None, "do_center_crop": None}]


def make_processors():
    """Files that leave out what the processor's class says, as AutoImageProcessor reads them."""
    rng = np.random.default_rng(13)
    images = [noise(rng, 40, 56, 3), noise(rng, 61, 30, 3)]
    names = ["ViTImageProcessor", "ViTImageProcessorFast", "DeiTImageProcessor", "BitImageProcessor", "BitImageProcessorFast",
             "CLIPImageProcessor"]
    configs = [{"image_processor_type": name} | options for name in names for options in
               ({}, {"size": 40} | ({} if name.startswith("ViT") else {"crop_size": 30}),
                {"size": {"height": 36, "width": 33}, "resample": NEAREST, "do_center_crop": False})]
    configs += [{"feature_extractor_type": name, "size": 230, "image_mean": [0.4, 0.5, 0.6]}
                for name in ("ViTFeatureExtractor", "DeiTFeatureExtractor", "CLIPFeatureExtractor")]
    configs += [{"image_processor_type": name} | options for name in ("ViTImageProcessor", "BitImageProcessor", "DeiTImageProcessor")
                for options in SIZES]
    blob, cases = Blob(), []
    sources = [blob.add(image) for image in images]
    for config in configs:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "preprocessor_config.json").write_text(json.dumps(config))
            (Path(folder) / "config.json").write_text('{"model_type": "vit"}')
            processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        for image, source in zip(images, sources):
            values = processor(Image.fromarray(image), return_tensors="np")["pixel_values"][0].astype(np.float32)
            cases.append({"config": config, "input": source, "output_shape": list(values.shape),
                          "output_sha256": hashlib.sha256(values.tobytes()).hexdigest()})
    save("processors", cases, blob)


def photo(height, width):
    """Smooth colours with an edge, so that a lossy format has something to do."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1)
    blue = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < height * width / 9, 230, 40)
    return np.stack([red, green, blue], axis=2).round().astype(np.uint8)


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows, width, height, depth, colour_type, interlace=0, extra=b""):
    """A PNG of the kinds that Pillow reads but does not write. `rows` are the unfiltered scanlines."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace))
    data = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + data + png_chunk(b"IEND", b"")


def adam7(pixels):
    """The scanlines of the seven passes over an array [H, W, 3]."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    for y, x, dy, dx in passes:
        part = pixels[y::dy, x::dx]
        if part.size:
            yield from (row.tobytes() for row in part)


def bmp(width, height, bits, pixels, compression=0, masks=(), palette=b"", colours=0, header_bytes=40):
    if header_bytes == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", header_bytes, width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0)
    header += struct.pack(f"<{len(masks)}I", *masks)
    header = header.ljust(header_bytes, b"\0") + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(pixels), 0, 0, 14 + len(header)) + header + pixels


def jpeg_files(rgb):
    image = Image.fromarray(rgb)
    yield "420.jpg", encode(image, "JPEG", quality=85)
    yield "422.jpg", encode(image, "JPEG", quality=85, subsampling=1)
    yield "444.jpg", encode(image, "JPEG", quality=95, subsampling=0)
    yield "progressive.jpg", encode(image, "JPEG", quality=80, progressive=True)
    yield "restart.jpg", encode(image, "JPEG", quality=80, restart_marker_rows=1)
    yield "grey.jpg", encode(image.convert("L"), "JPEG", quality=85)
    yield "cmyk.jpg", encode(image.convert("CMYK"), "JPEG", quality=95)
    for orientation in range(0, 10):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"orientation-{orientation}.jpg", encode(image, "JPEG", quality=85, exif=exif.tobytes())
    exif = Image.Exif()
    exif[0x0112] = 6
    big_endian = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    yield "big-endian.jpg", encode(image, "JPEG", quality=85, exif=big_endian)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    yield "xmp.jpg", encode(image, "JPEG", quality=85, xmp=xmp)
    one = Image.Exif()
    one[0x0112] = 1
    yield "exif-before-xmp.jpg", encode(image, "JPEG", quality=85, exif=one.tobytes(), xmp=xmp)


def png_files(rgb):
    image, (height, width, _) = Image.fromarray(rgb), rgb.shape
    alpha = Image.fromarray((rgb[..., 0] // 2 + 60).astype(np.uint8))
    rgba = Image.merge("RGBA", (*image.split(), alpha))
    yield "rgb.png", encode(image, "PNG")
    yield "rgba.png", encode(rgba, "PNG")
    yield "grey.png", encode(image.convert("L"), "PNG")
    yield "grey-alpha.png", encode(rgba.convert("LA"), "PNG")
    yield "black-and-white.png", encode(image.convert("1"), "PNG")
    yield "palette.png", encode(image.quantize(200), "PNG")
    yield "palette-4-bit.png", encode(image.quantize(11), "PNG")
    yield "palette-2-bit.png", encode(image.quantize(4), "PNG")
    yield "palette-transparent.png", encode(rgba.quantize(50), "PNG")
    short = png_chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
    yield "palette-too-short.png", png([bytes([0, 1, 2, 200, 255])] * 2, 5, 2, 8, 3, extra=short)
    exif = Image.Exif()
    exif[0x0112] = 5
    yield "exif.png", encode(image, "PNG", exif=exif.tobytes())
    profile = b"Exif\0\0" + exif.tobytes()[6:]
    text = f"\nexif\n{len(profile):8}\n{profile.hex()}\n".encode()
    raw_profile = png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))
    yield "raw-profile.png", png([row.tobytes() for row in rgb], width, height, 8, 2, extra=raw_profile)
    xmp = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>3</tiff:Orientation>")
    yield "xmp.png", png([row.tobytes() for row in rgb], width, height, 8, 2, extra=xmp)
    gamma = png_chunk(b"gAMA", struct.pack(">I", 100000))
    yield "gamma.png", png([row.tobytes() for row in rgb], width, height, 8, 2, extra=gamma)
    transparent_grey = png_chunk(b"tRNS", struct.pack(">H", 40))
    yield "grey-transparent.png", png([row.tobytes() for row in rgb[..., 0]], width, height, 8, 0, extra=transparent_grey)
    yield "interlaced.png", png(adam7(rgb), width, height, 8, 2, interlace=1)
    wide = (rgb.astype(np.uint16) * 7 % 300).astype(">u2")
    yield "grey-16-bit.png", png([row.tobytes() for row in wide[..., 0]], width, height, 16, 0)
    wide = (rgb.astype(np.uint16) * 257 - 3).astype(">u2")
    yield "rgb-16-bit.png", png([row.tobytes() for row in wide], width, height, 16, 2)
    yield "grey-alpha-16-bit.png", png([row[:, :2].tobytes() for row in wide], width, height, 16, 4)
    rgba16 = np.concatenate([wide, wide[..., :1]], axis=2)
    yield "rgba-16-bit.png", png([row.tobytes() for row in rgba16], width, height, 16, 6)
    yield "grey-2-bit.png", png([bytes([0b00011011, 0b11100100])] * 3, 8, 3, 2, 0)
    yield "grey-4-bit.png", png([bytes([0x01, 0x9F])] * 2, 4, 2, 4, 0)


def webp_files(rgb):
    image = Image.fromarray(rgb)
    alpha = Image.fromarray((rgb[..., 0] // 2).astype(np.uint8))
    rgba = Image.merge("RGBA", (*image.split(), alpha))
    exif = Image.Exif()
    exif[0x0112] = 7
    yield "lossy.webp", encode(image, "WEBP", quality=80)
    yield "lossless.webp", encode(image, "WEBP", lossless=True)
    yield "alpha.webp", encode(rgba, "WEBP", lossless=True)
    yield "alpha-lossy.webp", encode(rgba, "WEBP", quality=70)
    yield "exif.webp", encode(image, "WEBP", lossless=True, exif=exif.tobytes())
    yield "animated.webp", encode(image, "WEBP", lossless=True, save_all=True, append_images=[image.rotate(180)])


def bmp_files(rgb):
    image, (height, width, _) = Image.fromarray(rgb), rgb.shape
    yield "rgb.bmp", encode(image, "BMP")
    yield "rgba.bmp", encode(image.convert("RGBA"), "BMP")
    yield "grey.bmp", encode(image.convert("L"), "BMP")
    yield "palette.bmp", encode(image.quantize(200), "BMP")
    yield "black-and-white.bmp", encode(image.convert("1"), "BMP")
    four_bit = bytes([0x01, 0x20]) + b"\0\0" + bytes([0x21, 0x00]) + b"\0\0"
    palette = bytes([10, 20, 30, 0, 40, 50, 60, 0, 70, 80, 90, 0]) + bytes(13 * 4)
    yield "4-bit.bmp", bmp(3, 2, 4, four_bit, palette=palette)
    yield "palette-too-short.bmp", bmp(4, 1, 8, bytes([0, 1, 2, 255]), palette=bytes([10, 20, 30, 0, 40, 50, 60, 0]), colours=2)
    yield "palette-too-short-grey.bmp", bmp(4, 1, 8, bytes([0, 1, 2, 255]), palette=bytes([90, 90, 90, 0, 7, 7, 7, 0]), colours=2)
    bits16 = struct.pack("<6H", 0x1234, 0x7FFF, 0x8000, 0xFFFF, 0x03E0, 0)
    yield "555.bmp", bmp(2, 3, 16, bits16)
    yield "565.bmp", bmp(2, 3, 16, bits16, 3, (0xF800, 0x7E0, 0x1F))
    bits32 = bytes(range(24))
    yield "32-bit.bmp", bmp(3, 2, 32, bits32)
    yield "bit-fields.bmp", bmp(3, 2, 32, bits32, 3, (0xFF000000, 0xFF0000, 0xFF00))
    yield "top-down.bmp", bmp(3, -2, 32, bits32)
    yield "core-header.bmp", bmp(1, 2, 24, bytes([1, 2, 3, 0, 4, 5, 6, 0]), header_bytes=12)
    two_colours = bytes([10, 20, 30, 40, 50, 60])
    yield "core-palette.bmp", bmp(9, 1, 1, bytes([0b10110010, 0x80, 0, 0]), palette=two_colours, header_bytes=12)
    yield "two-colours.bmp", bmp(9, -1, 1, bytes([0b10110010, 0x80, 0, 0]), palette=bytes([10, 20, 30, 0, 40, 50, 60, 0]))
    alpha = (0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    yield "v5-header.bmp", bmp(3, 2, 32, bits32, 3, alpha, header_bytes=124)
    yield "v3-header.bmp", bmp(3, 2, 32, bits32, 3, alpha, header_bytes=56)
    yield "no-last-padding.bmp", bmp(1, 2, 24, bytes([1, 2, 3, 0, 4, 5, 6]))


def make_decode():
    blob, cases = Blob(), []
    feature = datasets.Image()
    rgb = photo(13, 22)
    for files in (jpeg_files, png_files, webp_files, bmp_files):
        for name, data in files(rgb):
            pixels = np.asarray(feature.decode_example({"bytes": data, "path": None}).convert("RGB"))
            cases.append({"name": name, "file": blob.add(np.frombuffer(data, np.uint8)), "output": blob.add(pixels)})
    save("decode", cases, blob)


def make_drawn():
    """All kinds of tests/data/drawn_images.py, small. Films are left out: of several frames or pages half a file would do."""
    blob, cases = Blob(), []
    drawn_images.LARGEST_SIDE = 16
    pillow_heif.register_heif_opener()
    rng = np.random.default_rng(17)
    for name, data in (*drawn_images.files(rng), *drawn_images.heic_files(rng)):
        if name.startswith(("film", "pages")):
            continue
        pixels = np.asarray(datasets.Image().decode_example({"bytes": data, "path": None}).convert("RGB"))
        cases.append({"name": name, "file": blob.add(np.frombuffer(data, np.uint8)), "output": blob.add(pixels)})
    save("drawn", cases, blob)


def make_parquet():
    """Two training shards of several row groups and one of a test split, as Dataset.to_parquet writes them."""
    folder = FOLDER / "parquet" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    features = datasets.Features({"img": datasets.Image(), "weight": datasets.Value("int32"),
                                  "fine_label": datasets.ClassLabel(names=["ant", "bee", "çedilla"])})

    def write(name, first, count, paths=False):
        images = [Image.fromarray(np.full((2, 3, 3), 10 * i, np.uint8)) for i in range(first, first + count)]
        if paths:
            images = [{"bytes": encode(image, "PNG"), "path": f"ü/{i}.png" if i else None} for i, image in enumerate(images)]
        rows = {"img": images, "weight": [7] * count, "fine_label": [i % 3 for i in range(first, first + count)]}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(str(folder / name), batch_size=3)

    write("train-00000-of-00002.parquet", 0, 7)
    write("train-00001-of-00002.parquet", 7, 4)
    write("test-00000-of-00001.parquet", 11, 3, paths=True)

    images = [{"bytes": encode(Image.fromarray(np.full((2, 3, 3), 10 * i, np.uint8)), "PNG"), "path": f"{i}.png"} for i in range(8)]
    saved = datasets.Dataset.from_dict({"img": images, "weight": [7] * 8, "fine_label": [i % 3 for i in range(8)]}, features=features)
    saved = datasets.DatasetDict(train=saved.select(range(5)), test=saved.select(range(5, 8)))
    saved.save_to_disk(FOLDER / "saved", num_shards={"train": 2, "test": 1})

    # Far more rows than a file of this size can hold images: every one is null, every label the same.
    folder = FOLDER / "parquet-many-rows"
    folder.mkdir(exist_ok=True)
    rows = 100_000
    table = pa.table({"image": pa.array([None] * rows, pa.binary()), "label": pa.array([0] * rows, pa.int64())})
    pq.write_table(table, folder / "train.parquet", write_statistics=False)
    (folder / "class_names.txt").write_text("a\n")

    # Embeddings, with a footer in which the numbers of rows and values can be found.
    folder = FOLDER / "parquet-arrays"
    folder.mkdir(exist_ok=True)
    table = pa.table({"embedding_20": pa.array([[i, i + 0.5] for i in range(37)], pa.list_(pa.float32()))})
    pq.write_table(table, folder / "rows.parquet", compression="none", use_dictionary=False, write_statistics=False, store_schema=False)


class TorchRandom:
    """Stands in for `torch` in torchvision's get_params: its own code, zoetrope's numbers."""

    def __init__(self, random):
        self.random = random

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, *_):
        return self

    def uniform_(self, low, high):
        return torch.tensor([float(low) + (float(high) - float(low)) * self.random.uniform()], dtype=torch.float64)

    def randint(self, low, high, size):
        return torch.tensor([low + self.random.below(high - low)])


def make_augment():
    from torchvision.transforms import RandomResizedCrop, transforms
    from torchvision.transforms.functional import hflip, resized_crop

    blob, cases = Blob(), []
    for index, (height, width) in enumerate([(32, 32), (50, 20), (20, 90), (3, 200), (1, 1), (75, 100)]):
        rgb = photo(height, width)
        source = blob.add(rgb)
        for epoch in range(8):
            random = SplitMix64(mix_seed(mix_seed(42, epoch), index))
            transforms.torch = TorchRandom(random)
            top, left, h, w = RandomResizedCrop.get_params(Image.fromarray(rgb), (0.08, 1.0), (3 / 4, 4 / 3))
            transforms.torch = torch
            flip = random.uniform() < 0.5
            crop = resized_crop(Image.fromarray(rgb), top, left, h, w, [12, 17])
            output = blob.add(np.asarray(hflip(crop) if flip else crop))
            cases.append({"image": index, "epoch": epoch, "input": source, "crop": [top, left, h, w], "flip": bool(flip),
                          "output": output})
    save("augment", cases, blob)


if __name__ == "__main__":
    make_resize()
    make_preprocess()
    make_processors()
    make_decode()
    make_drawn()
    make_parquet()
    make_augment()
