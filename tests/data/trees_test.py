#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trees_test.py DUMP_DATASET [SEED]: which file is of which split and class, against Hugging Face `datasets`.

Trees of folders are read by load_dataset and by --data folder: and parquet:. Both must give the same images in the same
order, with the same labels, or both refuse; where zoetrope alone refuses, it must be for one of the reasons in `ALONE`.
"""
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import datasets
    from PIL import Image

DUMPER = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
RANDOM_TREES = 40  # of each kind

WORD = "(train|training|validation|valid|dev|val|test|testing|eval|evaluation)"
SPLIT_FOLDER = re.compile(rf"(.*[-._ 0-9])?{WORD}([-._ 0-9].*)?")


def png():
    file = io.BytesIO()
    Image.new("L", (2, 1)).save(file, "PNG")
    return file.getvalue()


PNG = png()


def parquet(name):
    """Two rows, whose images know which file they are of."""
    rows = [{"bytes": PNG, "path": f"{name}#{i}"} for i in range(2)]
    features = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.ClassLabel(names=["a", "b"])})
    file = io.BytesIO()
    datasets.Dataset.from_dict({"image": rows, "label": [len(name) % 2, 1]}, features=features).to_parquet(file)
    return file.getvalue()


def build(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.symlink_to(root / content)
        elif content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        elif ".parquet" in name:
            path.write_bytes(parquet(name))
        else:
            path.write_bytes(PNG)


def load(root, scheme, scratch):
    """{split: (images, their classes or None)}; None where datasets refuses."""
    try:
        if scheme == "folder" and not (root / "README.md").exists():
            loaded = datasets.load_dataset("imagefolder", data_dir=str(root), cache_dir=str(scratch / "cache"))
        else:
            loaded = datasets.load_dataset(str(root), cache_dir=str(scratch / "cache"))
    except Exception as error:  # of many kinds
        return None, f"{type(error).__name__}: {error}"
    splits, classes = {}, None
    for name, split in loaded.items():
        feature = split.features.get("label")
        classes = feature.names if isinstance(feature, datasets.ClassLabel) else None
        paths = [row["path"] for row in split.cast_column("image", datasets.Image(decode=False))["image"]]
        if scheme == "folder":
            paths = [str(Path(path).relative_to(root)) for path in paths]
        splits[name] = (paths, list(split["label"]) if classes else None)
    return splits, classes


def dump(root, scheme, split):
    """What zoetrope reads, and ""; or None, and why it refuses."""
    print(json.dumps({"split": split, "spec": f"{scheme}:{root}"}), file=DUMPER.stdin)
    DUMPER.stdin.flush()
    read = json.loads(DUMPER.stdout.readline())
    return (None, read["error"]) if "error" in read else (read, "")


def folders(path):
    return Path(path.split("#")[0]).parent.parts


def classless(images, **_):
    """Some image lies in its split's folder itself."""
    return any(not folders(name) or SPLIT_FOLDER.fullmatch(folders(name)[-1]) for name in images)


def shared(images, others, **_):
    return bool(set(images) & set(others))


def several(images, others, **_):
    """Two folders, or a folder and the one around it, might be configurations."""
    def configs(names):
        return {tuple(folders(name)[: next((i for i, part in enumerate(folders(name)) if SPLIT_FOLDER.fullmatch(part)), 9)])
                for name in names}
    return len(configs(images) | configs(others)) > 1


ALONE = {"lies in no class's folder": classless, "takes the split for the class": classless, "at once": shared,
         "several configurations": several}


def check_split(root, scheme, split, splits, classes):
    """What both do, in a word or two."""
    got, error = dump(root, scheme, split)
    name = split if split in splits or split == "train" else "validation"
    if name not in splits:
        assert got is None and f"--{split}-split" in error, (got, error)
        return f"no {split} split"
    images, labels = splits[name]
    is_one_class = scheme == "folder" and len({folders(image)[-1:] for each, _ in splits.values() for image in each}) == 1
    if labels is None and not is_one_class:
        assert got is None, f"no labels, but {got}"
        return "no labels"
    if got is None:
        other = {"train": "test" if "test" in splits else "validation", "test": "train"}[split]
        others = splits.get(other, ([], None))[0]
        reasons = [reason for reason, applies in ALONE.items() if reason in error and applies(images=images, others=others)]
        assert reasons, f"datasets reads {images}; {error}"
        return reasons[0]
    assert got["names"] == images, f"{got['names']}\nnot\n{images}"
    if labels is not None:
        assert got["labels"] == labels and got["class_names"] == classes, (got, labels, classes)
    return f"{len(images)} equal"


def check(title, files, scheme, scratch):
    root = Path(tempfile.mkdtemp(dir=scratch, prefix="tree-")) / title.split()[0]
    root.mkdir()
    build(root, files)
    splits, classes = load(root, scheme, scratch)
    outcomes = []
    for split in ("train", "test"):
        try:
            if splits is None:
                got, error = dump(root, scheme, split)
                assert got is None, f"datasets refuses: {classes}"
                outcomes.append("refused")
            else:
                outcomes.append(check_split(root, scheme, split, splits, classes))
        except AssertionError as wrong:
            listing = "\n  ".join(sorted(files))
            raise SystemExit(f"seed {SEED}: {scheme} {title}, {split}:\n  {listing}\n{wrong}") from None
    print(f"{scheme} {title}: {', '.join(outcomes)}")
    return outcomes


def images(*names):
    return {name: None for name in names}


def card(*configs):
    return {"README.md": "---\nlicense: mit\nconfigs:\n" + "".join(configs) + "---\n# Images\n"}


def both(layout, *extra):
    """A file of each class in both splits, where {split} and {klass} say."""
    found = {layout.format(split=split, klass=klass): None for split in ("train", "test") for klass in ("cat", "dog")}
    return found | images(*extra)


IMAGE_TREES = {
    "plain": both("{split}/{klass}/1.png"),
    "train is the root's name": both("{split}/{klass}/1.png"),
    "data above the splits": both("data/{split}/{klass}/1.png"),
    "words in folders": both("my_{split}-2/{klass}/1.png"),
    "words within words": both("my{split}er/{klass}/1.png"),
    "upper case": both("{split}/{klass}/1.png", "Test/cat/2.png") | both("X{split}/{klass}/1.png"),
    "all words": images(*(f"{word}/{klass}/{i}.png" for word in WORD[1:-1].split("|") for klass in "ab" for i in "12")),
    "words in files": both("{klass}/{split}_1.png", "cat/x-valid.png"),
    "words in files alone": both("{klass}-{split}.png"),
    "no split": images("cat/1.png", "dog/1.png", "dog/2.JPG"),
    "one class": images("train/cat/1.png", "test/cat/1.png"),
    "flat": images("train/1.png", "test/1.png"),
    "flat root": images("1.png", "2.png"),
    "nested classes": images("train/a/b/x.png", "train/a/c/y.png", "test/a/b/z.png"),
    "different depths": images("train/a/b/x.png", "train/c/y.png", "test/a/z.png"),
    "unlabelled test": images("train/a/1.png", "train/b/1.png", "test/1.png"),
    "class of a split's name": images("train/dev/1.png", "train/cat/1.png", "test/cat/1.png"),
    "twice": images("train/train-1/a/1.png", "train/train-1/b/1.png", "test/x/a/1.png"),
    "hidden": both("{split}/{klass}/1.png", ".git/train/cat/2.png", "train/._cat/1.png", "train/cat/._1.png", "train/.x/3.png"),
    "special": both("{split}/{klass}/1.png", "__MACOSX/train/cat/1.png", "train/__dog/1.png", "train/cat/__1.png"),
    "other files": both("{split}/{klass}/1.png") | {"train/notes.txt": "", "eval.csv": "", "train/cat/Thumbs.db": "x", "x.html": ""},
    "a validation split only": images("train/a/1.png", "train/b/1.png", "val/a/1.png", "val/b/1.png"),
    "a class of validation": both("{split}/{klass}/1.png", "validation/fox/1.png"),
    "links to files": both("{split}/{klass}/1.png") | {"train/cat/link.png": Path("test/dog/1.png")},
    "links to folders": both("{split}/{klass}/1.png") | {"train/fox": Path("test/dog"), "test/fox": Path("test/dog")},
    "all in links": both("all/{split}/{klass}/1.png") | {"training": Path("all/train"), "testing": Path("all/test")},
    "folds": both("1/{split}/{klass}/1.png") | both("2/{split}/{klass}/1.png"),
    "classes above splits": both("{klass}/{split}/1.png"),
    "numbers": images(*(f"{split}/{i}/{j}.png" for split in ("train", "test") for i in range(12) for j in (1, 10, 2))),
    "card": both("{split}/{klass}/1.png") | both("{split}/old/{klass}.png") | card(
        "- config_name: default\n  data_files:\n  - split: train\n    path: train/*/1.png\n  - split: test\n    path: ['test/[a-c]*/1.png', 'test/dog/?.png']\n"),
    "card of a folder": both("{split}/{klass}/1.png") | both("new/{split}/{klass}/2.png") | card("- config_name: x\n  data_dir: new\n"),
}

ONE = "- config_name: {0}\n  data_files:\n  - split: train\n    path: {0}/train*\n  - split: test\n    path: {0}/test*\n"

PARQUET_TREES = {
    "plain": images("train.parquet", "test.parquet"),
    "shards": images("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-00000-of-00001.parquet"),
    "shards first": images("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet", "train/9.parquet", "test.parquet"),
    "shards with hashes": images("data/train-00000-of-00001-a1b2c3.parquet", "data/validation-00000-of-00001-ff.parquet"),
    "shards of other splits": images("data/train-00000-of-00001.parquet", "data/holdout-00000-of-00001.parquet"),
    "shards of a bad name": images("data/train-clean-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"),
    "shards at the root": images("train-00000-of-00001.parquet", "test-00000-of-00001.parquet", "x-00000-of-00001.parquet"),
    "test is the root's name": images("train-0.parquet", "test-0.parquet"),
    "folders": images("train/0.parquet", "train/1.parquet", "test/0.parquet", "other/train.parquet"),
    "folders win": images("test/train-0.parquet", "train-1.parquet"),
    "words": images("my_train_file.parquet", "train_0.parquet", "retrain.parquet", "my test 2.parquet", "a.val.b.parquet"),
    "both words": images("train_test.parquet", "train.parquet", "test.parquet"),
    "no words": images("a.parquet", "b.parquet"),
    "hidden": images("train/0.parquet", "test/0.parquet") | {"train/._0.parquet": "x", ".cache/train/1.parquet": "x", "__x__/test/1.parquet": "x"},
    "other files": images("train/0.parquet", "test/0.parquet") | {"notes.md": "", "train/README.md": "", "dataset_infos.json": "{}", "LICENSE": ""},
    "endings": images("train.parquet", "test.parquet", "train.parquet.1", "train.geo.gpq.parquet") | {"train.PARQUET": "x", "train.txt": ""},
    "years": images("2025/train.parquet", "2026/train.parquet", "2026b/x/test.parquet"),
    "several": images("full/train.parquet", "full/test.parquet", "mini/train.parquet", "mini/test.parquet"),
    "card of several": images("full/train.parquet", "full/test.parquet", "mini/train.parquet", "mini/test.parquet") | card(ONE.format("full"), ONE.format("mini")),
    "card with a default": images("full/train.parquet", "full/test.parquet", "mini/train.parquet", "mini/test.parquet") | card(ONE.format("full"), ONE.format("mini") + "  default: true\n"),
    "card called default": images("full/train.parquet", "full/test.parquet", "default/train.parquet", "default/test.parquet") | card(ONE.format("full"), ONE.format("default")),
    "card with two defaults": images("default/train.parquet", "default/test.parquet", "b/train.parquet") | card(ONE.format("default"), ONE.format("b") + "  default: yes\n"),
    "card of strings": images("a.parquet", "b/test.parquet") | card("- config_name: x\n  data_files: '*.parquet'\n"),
    "card of a list": images("a.parquet", "b/test.parquet", "c.parquet") | card("- {config_name: x, data_files: [c.parquet, 'b/*']}\n"),
    "card of stars": images("a/b/c/1.parquet", "a/2.parquet", "3.parquet") | card(
        "- config_name: x\n  data_files:\n  - {split: train, path: '**/[!0-2].parquet'}\n  - {split: validation, path: a/**}\n"),
    "card of what is hidden": images(".x/1.parquet", "__y/2.parquet", "__y/.3.parquet", "4.parquet") | card(
        "- config_name: x\n  data_files:\n  - {split: train, path: .x/*}\n  - {split: test, path: ['__y/*', '*.parquet']}\n"),
    "card twice": images("train-1.parquet", "test.parquet") | card(
        "- config_name: x\n  data_files:\n  - {split: train, path: [train*, '*1.parquet']}\n  - {split: test, path: test*}\n"),
    "card of nothing": images("train.parquet", "test.parquet") | card("- config_name: x\n  data_files:\n  - {split: train, path: gone.parquet}\n"),
    "card with bad stars": images("train.parquet", "test.parquet") | card("- config_name: x\n  data_files: '**.parquet'\n"),
    "card without names": images("train.parquet", "test.parquet") | card("- data_files: '*.parquet'\n"),
    "card with other keys": images("train.parquet", "test.parquet") | card("- config_name: x\n  data_files:\n  - {split: train, files: a}\n"),
    "card of no YAML": images("train.parquet", "test.parquet") | {"README.md": "---\nconfigs: [}\n---\n"},
    "card without configs": images("train.parquet", "test.parquet") | {"README.md": "\n---\nlicense: mit\ntags: &t [a, b]\nmore: *t\n---\n"},
    "card of text": images("train.parquet", "test.parquet") | {"README.md": "# configs:\n- config_name: a\n- config_name: b\n"},
    "card by names": images("a/train.parquet", "a/test.parquet", "b/train.parquet") | card("- config_name: x\n  data_dir: a\n"),
    "card beside the card": images("a/train.parquet", "a/test.parquet", "b/train.parquet") | card("- config_name: x\n  data_dir: b\n") | {
        ".huggingface.yaml": "configs:\n- config_name: y\n  data_dir: a\n"},
}
WORDS = WORD[1:-1].split("|")


def random_name(rng, word):
    return rng.choice(["{}"] * 6 + ["{}-1", "{}_2", "my_{}", "a.{}", "x {} y", "{}2", "00{}", "{}s", "pre{}"]).format(word)


def random_tree(rng, ending):
    """Folders and names as people might have them, some of which nobody reads."""
    above = rng.choice([[], [], [], ["data"], ["x", "data"], ["my_images"], ["train"]] if rng.random() < 0.5 else [[]])
    files = {}
    for word in ["train", rng.choice(WORDS), *rng.sample(WORDS, rng.randrange(2))]:
        split = random_name(rng, rng.choice([word] * 9 + [word.upper()]))
        in_file = rng.random() < 0.25
        for klass in rng.sample(["cat", "dog", "a-b", "été", "7"] + ["dev", "test-tubes"] * (rng.random() < 0.1), rng.choice([2, 2, 3])):
            for i in range(rng.randint(1, 2)):
                parts = list(above) if in_file else [*above, split]
                if ending == "png" or rng.random() < 0.2:
                    parts.append(klass if rng.random() < 0.97 else "")
                name = f"{split}_{i}{klass[:1]}" if in_file else f"{i}{klass[:1]}"
                files["/".join([part for part in parts if part] + [f"{name}.{ending}"])] = None
    # Beside Parquet datasets would take a text in a split's folder for rows of it, without images.
    junks = ["._1", ".hidden/1", "__x/1", "train/__x/1", "notes"] + ["dev/notes"] * (ending == "png")
    for junk in rng.sample(junks, rng.randrange(3)):
        files[f"{junk}.{'txt' if 'notes' in junk else ending}"] = "x"
    return files


def main():
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    rng = random.Random(SEED)
    equal = 0
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        for scheme, trees, ending in (("folder", IMAGE_TREES, "png"), ("parquet", PARQUET_TREES, "parquet")):
            drawn = {f"tree {i}": random_tree(rng, ending) for i in range(RANDOM_TREES)}
            for title, files in (trees | drawn).items():
                equal += sum("equal" in outcome for outcome in check(title, files, scheme, scratch))
    DUMPER.stdin.close()
    assert DUMPER.wait() == 0, DUMPER.returncode
    print(f"seed {SEED}: {equal} splits equal")
    assert equal >= 2 * RANDOM_TREES, equal


if __name__ == "__main__":
    main()
