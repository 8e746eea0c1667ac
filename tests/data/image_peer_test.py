#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""image_peer_test.py DUMP_DATASET pillow|heif: image files, drawn with ZOETROPE_SEED, as Pillow or pillow-heif and --data read them.

Every pixel of Pillow's kinds must be equal, in a folder and in a Parquet file. HEIC is libheif's here and there, whose versions differ
in how they round chroma that is kept for every second pixel: no value may be off by more than 1, of images with 10 or 12 bits by 3.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

DUMP, READER = sys.argv[1:]

with require.imports():
    import datasets
    import drawn_images
    import numpy as np
    from PIL import Image
    if READER == "heif":
        import pillow_heif

SEED = int(os.environ.get("ZOETROPE_SEED", "1"))


def read(spec, scratch):
    done = subprocess.run([DUMP, spec, "train", "", str(scratch / "dump")], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    header, pixels = (scratch / "dump").read_bytes().split(b"\n", 1)
    sizes = json.loads(header)["sizes"]
    ends = np.cumsum([height * width * 3 for height, width in sizes])
    parts = np.split(np.frombuffer(pixels, np.uint8), ends[:-1])
    return [part.reshape(height, width, 3) for part, (height, width) in zip(parts, sizes, strict=True)]


def tolerance(name):
    return 0 if READER != "heif" else 3 if "bits" in name else 1


def compare(what, names, expected, found):
    assert len(found) == len(expected) > 10
    largest, differing = 0, 0
    for name, want, got in zip(names, expected, found, strict=True):
        assert got.shape == want.shape, f"{what}: {name} has the size {got.shape}, not {want.shape} (seed {SEED})"
        difference = np.abs(got.astype(int) - want.astype(int))
        assert difference.max() <= tolerance(name), f"{what}: {name} differs by {difference.max()} (seed {SEED})"
        largest, differing = max(largest, int(difference.max())), differing + int((difference > 0).sum())
    share = differing / sum(want.size for want in expected)
    print(f"{what}: {len(found)} images, largest difference {largest}, in {share:.4f} of the values")


def main():
    rng = np.random.default_rng(SEED)
    if READER == "heif":
        pillow_heif.register_heif_opener()
    files = list(drawn_images.heic_files(rng) if READER == "heif" else drawn_images.files(rng))
    feature = datasets.Image()
    names = [name for name, _ in files]
    expected = [np.asarray(feature.decode_example({"bytes": data, "path": None}).convert("RGB")) for _, data in files]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "images/train/a").mkdir(parents=True)
        for i, (file, data) in enumerate(files):
            (scratch / f"images/train/a/{i:04} {file}").write_bytes(data)
        compare("folder", names, expected, read(f"folder:{scratch / 'images'}", scratch))
        (scratch / "shards").mkdir()
        rows = {"image": [{"bytes": data, "path": None} for _, data in files], "label": [0] * len(files)}
        features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a"])})
        datasets.Dataset.from_dict(rows, features=features).to_parquet(scratch / "shards/train-00000-of-00001.parquet")
        compare("parquet", names, expected, read(f"parquet:{scratch / 'shards'}", scratch))


if __name__ == "__main__":
    main()
