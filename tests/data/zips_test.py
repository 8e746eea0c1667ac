#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zips_test.py DUMP_DATASET [SEED]: zip files of image folders, against Hugging Face `datasets`.

Both must read the same images in the same order, with the same labels, or both refuse; where one of them alone does, the
case says so.
"""
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import datasets
    from PIL import Image

DUMPER = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
DRAWN = 40


def png(name):
    """An image that is another for each name."""
    file = io.BytesIO()
    Image.frombytes("RGB", (3, 4), (sha256(name.encode()).digest() * 2)[:36]).save(file, "PNG")
    return file.getvalue()


def zip_of(*names, stored=False, of=None):
    """Of images, but for what `of` has."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, (of or {}).get(name) or (b"" if name.endswith("/") else png(name)))
    return file.getvalue()


def streamed(*names):
    """As `zip -` writes into a pipe: sizes come after the bytes."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.bytes = b""

        def writable(self):
            return True

        def write(self, more):
            self.bytes += bytes(more)
            return len(more)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, png(name))
    return pipe.bytes


def other_charset(name):
    """A zip file whose names are of DOS's code page, as zip programs of Windows write."""
    stand_in = name.encode("cp437").decode("latin-1").encode("ascii", "replace").decode().replace("?", "#")
    return zip_of(*(f"{stand_in if k else 'a'}/{k}{i}.png" for k in (0, 1) for i in range(2))).replace(stand_in.encode(), name.encode("cp437"))


def encrypted(content):
    """What says so: the flag of each file."""
    for start, flags in (b"PK\3\4", 6), (b"PK\1\2", 8):
        at = content.find(start)
        while at >= 0:
            content = content[:at + flags] + bytes([content[at + flags] | 1]) + content[at + flags + 1:]
            at = content.find(start, at + 1)
    return content


def pair(*names, **options):
    return {f"{split}.zip": zip_of(*(f"{name}-{split}.png" if not name.endswith("/") else name for name in names), **options) for split in ("train", "test")}


AB = ["a/1", "a/2", "b/1", "c/1"]
CARD = "---\nconfigs:\n- config_name: x\n  data_files:\n  - {split: train, path: one.zip}\n  - {split: test, path: sub/two.zip}\n---\n"
WITHIN = {f"{split}/1.zip": zip_of("a/1.png", "b/2.png") for split in ("train", "test")}
ZIPS = {
    "plain": pair(*AB),
    "stored": pair(*AB, stored=True),
    "with entries of folders": pair("a/", *AB, "b/", "empty/"),
    "streamed": {f"{split}.zip": streamed("a/1.png", "b/2.png") for split in ("train", "test")},
    "in no order": pair("b/2", "a/10", "a/9", "b/1"),
    "a folder above": pair(*(f"images/{name}" for name in AB)),
    "several": {"train-0.zip": zip_of("a/1.png", "b/2.png"), "train-1.zip": zip_of("b/3.png", "c/4.png"), "test.zip": zip_of("a/5.png", "b/6.png")},
    "names that begin alike": {f"{name}.zip": zip_of(f"a/{i}.png", "b/0.png") for i, name in enumerate(("train", "train.zip-2", "train.zip.zip", "test"))},
    "in data": {f"data/{split}.zip": zip_of("a/1.png", "b/2.png") for split in ("train", "validation", "test")},
    "in folders at several depths": {"train.zip": zip_of("a/1.png", "b/2.png"), "more/test.zip": zip_of("a/3.png", "b/4.png")},
    "in folders of splits": {f"{split}/{i}.zip": zip_of(f"a/{i}.png", f"b/{split}.png") for split in ("train", "test") for i in range(2)},
    "of macOS": pair(*AB, "__MACOSX/a/._1", ".DS_Store/a/x", "a/.hidden", "b/__x"),
    "of DOS": {f"{split}.zip": other_charset("größe") for split in ("train", "test")},
    "of Unicode": pair("größe/1", "日本/1", "a b/1"),
    "leading out": pair(*AB, "../d/1", "/e/1"),
    "through a dot": pair("./a/1", "b//1"),
    "a class of one split": {"train.zip": zip_of("a/1.png", "b/2.png"), "test.zip": zip_of("b/1.png", "c/2.png")},
    "different depths": pair("a/1", "b/x/1"),
    "no folders": pair("1", "2"),
    "one class": pair("a/1"),
    "upper case": {f"{split}.ZIP": zip_of("a/1.png", "b/2.png") for split in ("train", "test")},
    "a name twice": {f"{split}.zip": zip_of("a/1.png", "b/2.png", "a/1.png", of={"b/2.png": png(split)}) for split in ("train", "test")},
    "no split": {"images.zip": zip_of("a/1.png", "b/2.png")},
    "splits within": {"images.zip": zip_of("train/a/1.png", "train/b/2.png", "test/a/3.png")},
    "images beside": WITHIN | {"train/a/9.png": png("9")},
    "a table beside": WITHIN | {"train/metadata.csv": "file_name,label\n1.png,x\n", "train/1.png": png("1")},
    "a table within": {f"{split}.zip": zip_of("1.png", "metadata.csv", of={"metadata.csv": b"file_name,label\n1.png,x\n"}) for split in ("train", "test")},
    "no zip file": {f"{split}.zip": b"no zip file" * 9 for split in ("train", "test")},
    "cut": {name: content[:-30] for name, content in pair(*AB).items()},
    "damaged": {name: content.replace(b"IDAT", b"IDXT") for name, content in pair(*AB, stored=True).items()},
    "encrypted": {name: encrypted(content) for name, content in pair(*AB).items()},
    "a bomb": {f"{split}.zip": zip_of("a/1.png", "b/2.png", of={"a/1.png": bytes(64 << 20)}) for split in ("train", "test")},
    "other files within": {f"{split}.zip": zip_of("a/1.png", "b/2.png", "notes.txt", of={"notes.txt": b"x"}) for split in ("train", "test")},
    "a card": {"README.md": CARD, "one.zip": zip_of("a/1.png", "b/2.png"), "sub/two.zip": zip_of("b/1.png", "a/2.png")},
}
# What zoetrope alone refuses, in what words, and what it reads alone.
ALONE = {"a table within": "is not read within an archive", "images beside": "lies beside it", "a table beside": "lies beside it"}
READ_ALONE = ["other files within", "leading out", "through a dot"]


def build(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def load(root, scratch):
    """{split: what it holds}, or why there are no images with labels.

    Images and their order are those of datasets, which is asked for no labels: it collects the names of the folders in the
    archive, as here, but looks for an image's own in the folder that the archive lies in, and fails.
    """
    try:
        if (root / "README.md").exists():
            loaded = datasets.load_dataset(str(root), drop_labels=True, cache_dir=str(scratch / "cache"))
        else:
            loaded = datasets.load_dataset("imagefolder", data_dir=str(root), drop_labels=True, cache_dir=str(scratch / "cache"))
        paths = {name: [Path(row["path"].split("::")[0].removeprefix("zip://")) for row in split.cast_column("image", datasets.Image(decode=False))["image"]] for name, split in loaded.items()}
        every = [path for of_split in paths.values() for path in of_split]
        if len({len(path.parts) for path in every}) > 1 or any(len(path.parts) == 1 for path in every):
            return "no labels"
        classes = sorted({path.parent.name for path in every})
        return {name: {"class_names": classes, "labels": [classes.index(path.parent.name) for path in paths[name]],
                       "pixels": [sha256(image.convert("RGB").tobytes()).hexdigest() for image in split["image"]]} for name, split in loaded.items()}
    except Exception as error:  # of many kinds
        return f"{type(error).__name__}: {error}"


def dump(root, split):
    print(json.dumps({"split": split, "spec": f"folder:{root}", "pixels": True}), file=DUMPER.stdin)
    DUMPER.stdin.flush()
    read = json.loads(DUMPER.stdout.readline())
    return read["error"] if "error" in read else {key: read[key] for key in ("class_names", "labels", "pixels")}


def check(title, files, scratch):
    root = Path(tempfile.mkdtemp(dir=scratch, prefix="tree-")) / "data"
    build(root, files)
    expected, outcomes = load(root, scratch), []
    for split in "train", "test":
        got = dump(root, split)
        theirs = expected if isinstance(expected, str) else expected.get(split, expected.get("validation" if split == "test" else "", "no such split"))
        told = f"seed {SEED}: {title}, {split}: {sorted(files)}\n{theirs}\nnot\n{got}"
        if title in ALONE:
            assert ALONE[title] in got, told
        elif title in READ_ALONE:
            assert isinstance(theirs, str) and not isinstance(got, str), told
        elif isinstance(theirs, str):
            assert isinstance(got, str), told
        else:
            assert got == theirs, told
        outcomes.append("refused" if isinstance(got, str) else f"{len(got['labels'])} equal")
    print(f"{title}: {', '.join(outcomes)}")
    return outcomes


def drawn(rng):
    """Zip files as people might have them."""
    depth = rng.choice(["", "", "", "images/"])
    files = {}
    for split in rng.sample(["train", "test", "validation", "my_train-2"], rng.randint(1, 3)):
        for shard in range(rng.choice([1, 1, 2])):
            folder = rng.choice(["", "", "data/", f"{split}/"])
            names = {f"{depth if rng.random() < 0.97 else ''}{rng.choice(['cat', 'dog', 'Emu', '__x', '.y', 'ö'])}/{rng.choice('123')}{rng.choice(['', '-', '.a'])}.png"
                     for _ in range(rng.randint(1, 9))}
            files[f"{folder}{split}-{shard}.zip"] = zip_of(*rng.sample(sorted(names), len(names)), stored=rng.random() < 0.5)
    return files


def main():
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        for title, files in ZIPS.items():
            check(title, files, scratch)
        outcomes = [outcome for i in range(DRAWN) for outcome in check(f"drawn {i}", drawn(rng), scratch)]
        assert sum("equal" in outcome for outcome in outcomes) > DRAWN / 4, outcomes
    DUMPER.stdin.close()
    assert DUMPER.wait() == 0, DUMPER.returncode


if __name__ == "__main__":
    main()
