#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer_test.py DUMP_DATASET: folders and Parquet files made and read by Hugging Face `datasets`, against --data.

Every label and every pixel must be equal.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import datasets
    import numpy as np
    from datasets.packaged_modules.imagefolder.imagefolder import IMAGE_EXTENSIONS
    from drawn_images import photo
    from PIL import Image

DUMP = sys.argv[1]
FORMATS = [("jpg", {"quality": 75}), ("JPEG", {"quality": 92, "progressive": True}), ("png", {}), ("webp", {"quality": 60}),
           ("bmp", {})]
APPLE_DOUBLE = b"\0\5\x16\7" + bytes(60)  # what macOS puts beside a file where it has no other place for its attributes


def make_folder(folder, rng):
    index = 0
    for split, count in (("train", 8), ("val", 5)):
        for name in ("zebra", "a-b", "a", "Ünï"):
            (folder / split / name).mkdir(parents=True)
            for _ in range(count):
                image = photo(rng, int(rng.integers(1, 260)), int(rng.integers(1, 260)))
                ending, options = FORMATS[index % len(FORMATS)]
                if index % 7 == 3:
                    image = image.convert("L")
                if ending != "bmp":
                    exif = Image.Exif()
                    exif[0x0112] = index % 9
                    options = options | {"exif": exif}
                image.save(folder / split / name / f"image {index}.{ending}", **options)
                index += 1


def embedded(dataset):
    """With the image files in the table, as push_to_hub writes it; to_parquet alone writes their paths."""
    table = dataset.with_format("arrow").map(datasets.table.embed_table_storage, batched=True, batch_size=4)
    return table.with_format(None)


def dump(spec, split, name, scratch):
    subprocess.run([DUMP, spec, split, name, str(scratch / "dump")], check=True)
    header, pixels = (scratch / "dump").read_bytes().split(b"\n", 1)
    return json.loads(header), np.frombuffer(pixels, np.uint8)


def compare(expected, spec, split, scratch, columns, name=""):
    image_column, label_column = columns
    header, pixels = dump(spec, split, name, scratch)
    assert header["class_names"] == expected.features[label_column].names, header["class_names"]
    assert header["labels"] == list(expected[label_column]), "labels differ"
    offset = 0
    for i, (height, width) in enumerate(header["sizes"]):
        want = np.asarray(expected[i][image_column].convert("RGB"))
        assert want.shape == (height, width, 3), f"image {i} has the size {want.shape}, not {height, width}"
        got = pixels[offset : offset + want.size].reshape(want.shape)
        offset += want.size
        differing = int((got != want).sum())
        assert differing == 0, f"{spec}: {differing} bytes of image {i} differ"
    assert offset == pixels.size and len(header["sizes"]) == len(expected) > 0
    print(f"{spec.split(':')[0]} {split}: {len(expected)} images equal")


def refuse(spec, split, scratch, *reasons):
    done = subprocess.run([DUMP, spec, split, "", str(scratch / "dump")], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3 and all(reason in done.stderr for reason in reasons), done
    print(f"{spec.split(':')[0]} {split}: refused")


def compare_endings(scratch, rng):
    """Whatever `datasets` takes for an image by its name is one here, or is named where it cannot be decoded."""
    images = scratch / "endings"
    (images / "train" / "a").mkdir(parents=True)
    for ending in IMAGE_EXTENSIONS:
        photo(rng, 5, 7).save(images / "train" / "a" / f"1{ending.upper()}", "PNG")
    (images / "train" / "a" / "notes.txt").write_text("no image")
    (images / "train" / "a" / "._1.png").write_bytes(APPLE_DOUBLE)
    (images / "train" / "__MACOSX").mkdir()
    (images / "train" / "__MACOSX" / "2.png").write_bytes(APPLE_DOUBLE)
    loaded = datasets.load_dataset("imagefolder", data_dir=str(images), cache_dir=str(scratch / "cache"), drop_labels=False)
    assert len(loaded["train"]) == len(IMAGE_EXTENSIONS), len(loaded["train"])
    compare(loaded["train"], f"folder:{images}", "train", scratch, ("image", "label"))
    for ending in ("pcx", "sgi", "dds", "im"):
        (images / "train" / "b").mkdir()
        photo(rng, 16, 16).save(images / "train" / "b" / f"1.{ending}")
        refuse(f"folder:{images}", "train", scratch, f"b/1.{ending}", f"1 .{ending} in b", "convert")
        shutil.rmtree(images / "train" / "b")


def compare_layouts(train, test, scratch):
    """Of Parquet shards; `datasets` decides what is which."""
    columns = ("image", "label")

    def write(folder):
        folder.mkdir(parents=True)
        train.to_parquet(folder / "train-00000-of-00001.parquet")
        test.to_parquet(folder / "test-00000-of-00001.parquet")

    def load(folder, *name):
        return datasets.load_dataset(str(folder), *name, cache_dir=str(scratch / "cache"))

    for name in ("train", "test", "validation"):
        folder = scratch / "layouts" / name
        write(folder)
        (folder / "._train-00000-of-00001.parquet").write_bytes(APPLE_DOUBLE)
        (folder / ".cache").mkdir()
        (folder / ".cache" / "train.parquet").write_bytes(APPLE_DOUBLE)
        (folder / "__MACOSX").mkdir()
        (folder / "__MACOSX" / "train.parquet").write_bytes(APPLE_DOUBLE)
        for split in ("train", "test"):
            compare(load(folder)[split], f"parquet:{folder}", split, scratch, columns)


def compare_saved(splits, scratch):
    """The folder of save_to_disk(), in Arrow's own format, and files alone."""
    splits.save_to_disk(scratch / "saved", num_shards={"train": 3, "test": 1})
    loaded = datasets.load_from_disk(scratch / "saved")
    columns = ("image", "label")
    for split in ("train", "test"):
        compare(loaded[split], f"parquet:{scratch / 'saved'}", split, scratch, columns)
        compare(loaded[split], f"parquet:{scratch / 'saved' / split}", split, scratch, columns)  # as its state.json calls itself
    file = scratch / "one.parquet"
    splits["test"].to_parquet(file)
    compare(datasets.load_dataset("parquet", data_files=str(file), cache_dir=str(scratch / "cache"))["train"], f"parquet:{file}",
            "train", scratch, columns)
    refuse(f"parquet:{file}", "test", scratch, "one.parquet", "--test-split train")


def main():
    rng = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        compare_endings(scratch, rng)
        make_folder(scratch / "images", rng)
        loaded = datasets.load_dataset("imagefolder", data_dir=str(scratch / "images"), cache_dir=str(scratch / "cache"))
        compare(loaded["train"], f"folder:{scratch / 'images'}", "train", scratch, ("image", "label"))
        compare(loaded["validation"], f"folder:{scratch / 'images'}", "test", scratch, ("image", "label"))

        train, validation = embedded(loaded["train"]), embedded(loaded["validation"])
        shards = scratch / "shards" / "data"
        shards.mkdir(parents=True)
        for i in range(3):
            train.shard(3, i, contiguous=True).to_parquet(shards / f"train-{i:05d}-of-00003.parquet", batch_size=4)
        validation.rename_columns({"image": "img", "label": "fine_label"}).to_parquet(
            shards / "validation-00000-of-00001.parquet")
        compare(loaded["train"], f"parquet:{scratch / 'shards'}", "train", scratch, ("image", "label"))
        loaded["validation"].to_parquet(shards / "paths-00000-of-00001.parquet")
        refused = subprocess.run([DUMP, f"parquet:{scratch / 'shards'}", "test", "paths", str(scratch / "dump")],
                                 stderr=subprocess.PIPE, text=True)
        assert refused.returncode == 3 and "embed_table_storage" in refused.stderr, refused
        reloaded = datasets.load_dataset("parquet", data_files=str(shards / "validation-*"), split="train",
                                         cache_dir=str(scratch / "cache"))
        compare(reloaded, f"parquet:{scratch / 'shards'}", "test", scratch, ("img", "fine_label"), "validation")
        compare_layouts(train, validation, scratch)
        compare_saved(datasets.DatasetDict(train=train, test=validation), scratch)


if __name__ == "__main__":
    main()
