#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tables_test.py DUMP_DATASET [SEED]: labels that stand in tables, tar files and cards, against Hugging Face `datasets`.

load_dataset and --data read the same folders. Images and what their labels mean must be equal, or both must refuse; where zoetrope
alone refuses, a case says so, with a word of the message.
"""
import csv
import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import datasets
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

DUMPER = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
DRAWN = 30  # tables
ODD_WORDS = ["cat", "dog", "a,b", 'say "hi"', "two\nlines", "été", " spaced ", "NA", "null", "7", "1.5", "True", "", "x;y", "'q'", "-", "#1", "\u00a0"]


def image(number, kind="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (3, 2), (number % 256, number // 256, 77)).save(file, kind)
    return file.getvalue()


def sha(picture):
    return hashlib.sha256(np.asarray(picture.convert("RGB")).tobytes()).hexdigest()


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def csv_of(rows, **dialect):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", **dialect).writerows(rows)
    return file.getvalue()


def jsonl_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet_of(columns, features=None):
    file = io.BytesIO()
    if features:
        datasets.Dataset.from_dict(columns, features=datasets.Features(features)).to_parquet(file)
    else:
        pq.write_table(pa.table(columns), file)
    return file.getvalue()


def shard(labels, start=0, **more):
    """Parquet as others than `datasets` write it: nothing says what a label means."""
    images = [{"bytes": image(start + i), "path": f"{start + i}.png"} for i in range(len(labels))]
    return parquet_of({"image": images, "label": labels} | more)


def tar_of(*members, mode="w", form=tarfile.PAX_FORMAT):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=form) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            elif isinstance(content, Path):
                info.type, info.linkname = tarfile.SYMTYPE, str(content)
                tar.addfile(info)
            else:
                content = content if isinstance(content, bytes) else content.encode()
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def samples(count, label, ending="cls", start=0, kind="png"):
    """Members of a tar file, the label made by a function of the sample's number."""
    return [member for i in range(start, start + count) for member in ((f"{i:04d}.{kind}", image(i, kind.upper())), (f"{i:04d}.{ending}", str(label(i))))]


def card(info, *configs):
    text = "---\n" + ("configs:\n" + "".join(configs) if configs else "") + (f"dataset_info:\n{info}" if info else "")
    return {"README.md": text + "---\n# Images\n"}


def load(root, scheme, name, scratch):
    try:
        where = {"cache_dir": str(scratch / "cache")}
        if scheme == "folder" and not name:
            return datasets.load_dataset("imagefolder", data_dir=str(root), **where)
        return datasets.load_dataset(str(root), name, **where) if name else datasets.load_dataset(str(root), **where)
    except Exception as error:  # of many kinds
        return f"{type(error).__name__}: {error}"


def dump(root, scheme, split, options):
    print(json.dumps({"split": split, "spec": f"{scheme}:{root}", "pixels": True} | options), file=DUMPER.stdin, flush=True)
    return json.loads(DUMPER.stdout.readline())


def expected(loaded, split, image_column, label_column, number_names):
    """Pixels and names of labels of a split, and all names."""
    def values(rows):
        rows = rows.remove_columns([name for name in rows.column_names if name not in (image_column, label_column.split(".")[0])])
        for row in rows:
            value = row
            for key in [label_column] if label_column in row else label_column.split("."):
                value = value[key]
            yield row[image_column], value

    feature = loaded[split].features.get(label_column)
    rows = {name: [(sha(picture), value) for picture, value in values(loaded[name])] for name in loaded}
    if isinstance(feature, datasets.ClassLabel):
        names = [str(name) for name in feature.names]
    elif isinstance(rows[split][0][1], str):
        names = sorted({value for each in rows.values() for _, value in each})
    else:
        names = number_names or [str(i) for i in range(1 + max(value for each in rows.values() for _, value in each))]
    labels = [names.index(value) if isinstance(value, str) else value for _, value in rows[split]]
    return [pixels for pixels, _ in rows[split]], labels, names


def check(title, scheme, files, scratch, *, name="", image_column="image", label_column="label", number_names=None, alone="", options=None):
    """`alone`: a word of the message with which zoetrope refuses what datasets reads."""
    root = Path(tempfile.mkdtemp(dir=scratch, prefix="data-"))
    write(root, files)
    loaded = load(root, scheme, name, scratch)
    outcomes = []
    for split, theirs in ("train", ("train",)), ("test", ("test", "validation")):
        got = dump(root, scheme, split, ({"config": name} if name else {}) | (options or {}))
        of_datasets = next((one for one in theirs if one in loaded), None) if not isinstance(loaded, str) else None
        where = f"seed {SEED}: {scheme} {title}, {split}, in {root}"
        if of_datasets is None or alone:
            assert "error" in got, f"{where}: datasets: {loaded}\nread all the same: {got}"
            assert not alone or alone in got["error"], f"{where}: {got['error']}"
            outcomes.append("refused")
            continue
        assert "error" not in got, f"{where}: {got['error']}"
        pixels, labels, names = expected(loaded, of_datasets, image_column, label_column, number_names)
        assert got["pixels"] == pixels, f"{where}: other images: {got['names']}"
        assert (got["labels"], got["class_names"]) == (labels, names), f"{where}: {got['labels']} of {got['class_names']}, not {labels} of {names}"
        outcomes.append(f"{len(labels)} equal")
    print(f"{scheme} {title}: {', '.join(outcomes)}")


def pictures(*names):
    return {name: image(sum(name.encode()) + 7 * i) for i, name in enumerate(names)}


ABC = pictures(*(f"{split}/{i}.png" for split in ("train", "test") for i in "abc"))
WORDS = [["file_name", "label"], ["c.png", "dog"], ["a.png", "cat"], ["b.png", "dog"]]


def both(content, name="metadata.csv"):
    return ABC | {f"{split}/{name}": content for split in ("train", "test")}


METADATA = {
    "csv": (both(csv_of(WORDS)), {}),
    "jsonl": (both(jsonl_of([{"file_name": "a.png", "label": "x"}, {"file_name": "b.png", "label": "y"}]), "metadata.jsonl"), {}),
    "jsonl with numbers of Python's": (both(jsonl_of([{"file_name": "a.png", "label": "x", "score": float("nan")},
                                                      {"file_name": "b.png", "label": "y", "score": 0.5}]), "metadata.jsonl"), {}),
    "a number too small": (both(csv_of([["file_name", "label", "p"], ["a.png", "u", "1e-400"], ["b.png", "v", "0.5"]])), {}),
    "parquet": (both(parquet_of({"file_name": ["b.png", "a.png"], "label": ["x", "y"]}), "metadata.parquet"), {}),
    "parquet with a ClassLabel": (both(parquet_of({"file_name": ["b.png", "a.png"], "label": [1, 0]}, {
        "file_name": datasets.Value("string"), "label": datasets.ClassLabel(names=["z", "y", "x"])}), "metadata.parquet"), {}),
    "numbers with names": (both(csv_of([["file_name", "label"], ["a.png", 1], ["b.png", "02"]])) | {"class_names.txt": "n\no\np\n"},
                           {"number_names": ["n", "o", "p"]}),
    "numbers without names": (both(csv_of([["file_name", "label"], ["a.png", 1], ["b.png", 0]])), {"alone": "class_names.txt"}),
    "Windows": (both("\ufeff" + csv_of(WORDS).replace("\n", "\r\n")), {}),
    "odd words": (both(csv_of([["label", "file_name"], ['a "b", c', "a.png"], ["two\nlines", "b.png"], ["ü", "c.png"]])), {}),
    "a word for nothing": (both(csv_of([["file_name", "label"], ["a.png", "NA"], ["b.png", "x"]])), {"alone": "row 1: has no label"}),
    "paths": (ABC | pictures("train/x/1.png", "train/x/y/2.png", "test/x/3.png") | {
        "train/metadata.csv": csv_of([["file_name", "label"], ["x/y/../1.png", "k"], ["./a.png", "l"], ["x//y/2.png", "k"], ["a.png", "m"]]),
        "test/metadata.csv": csv_of([["file_name", "label"], ["x/3.png", "k"]])}, {}),
    "deeper": (pictures("train/x/1.png", "test/y/2.png") | {f"{folder}/metadata.csv": csv_of([["file_name", "label"], [f"{i}.png", "k"]])
                                                              for folder, i in (("train/x", 1), ("test/y", 2))}, {}),
    "no split": (pictures("1.png", "2.png") | {"metadata.csv": csv_of([["file_name", "label"], ["2.png", "k"], ["1.png", "l"]])}, {}),
    "above the splits": (pictures("train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/4.png") | {
        "metadata.csv": csv_of([["file_name", "label"], ["train/cat/1.png", "k"]])}, {}),
    "other columns": (both(csv_of([["id", "caption", "file_name", "label", "x"], [3, "a b", "a.png", "u", ""], [1, "c", "b.png", "v", 2]])), {}),
    "a column of another name": (both(csv_of([["file_name", "species"], ["a.png", "u"], ["b.png", "v"]])), {"label_column": "species"}),
    "a column that is named": (both(csv_of([["file_name", "species", "place"], ["a.png", "u", "p"], ["b.png", "v", "q"]])),
                               {"label_column": "place", "options": {"label_column": "place"}}),
    "columns that may be meant": (both(csv_of([["file_name", "species", "place"], ["a.png", "u", "p"]])), {"alone": "--label-column"}),
    "no labels": (both(csv_of([["file_name"], ["a.png"]])), {"alone": "no column holds labels"}),
    "two images a row": (both(csv_of([["left_file_name", "right_file_name", "label"], ["a.png", "b.png", "u"], ["c.png", "a.png", "v"]])),
                         {"image_column": "right", "options": {"image_column": "right"}}),
    "no images": (both(csv_of([["file", "label"], ["a.png", "u"]])), {}),
    "out of the folder": (both(csv_of([["file_name", "label"], ["../train/a.png", "u"]])), {}),
    "an absolute path": (both(csv_of([["file_name", "label"], ["/etc/hostname", "u"]])), {}),
    "a URL": (both(csv_of([["file_name", "label"], ["file://a.png", "u"]])), {}),
    "an image that is missing": (both(csv_of([["file_name", "label"], ["z.png", "u"]])), {"alone": "row 1: there is no file"}),
    "an image without a name": (both(csv_of([["file_name", "label"], ["", "u"], ["a.png", "u"]])), {"alone": "row 1: names no image"}),
    "two kinds": (ABC | {"train/metadata.csv": csv_of(WORDS), "test/metadata.jsonl": jsonl_of([{"file_name": "a.png", "label": "cat"}])}, {}),
    "one split alone": (ABC | {"train/metadata.csv": csv_of(WORDS)}, {"alone": "the split test has no such file"}),
    "columns that differ": (ABC | {"train/metadata.csv": csv_of(WORDS), "test/metadata.csv": csv_of([["file_name", "label", "x"], ["a.png", "cat", 1]])}, {}),
    "types that differ": (ABC | {"train/metadata.csv": csv_of(WORDS), "test/metadata.csv": csv_of([["file_name", "label"], ["a.png", 1]])}, {}),
    "a long row": (both("file_name,label\na.png,x\nb.png,x,y\n"), {}),
    "short rows": (both('file_name,label,note,x\na.png,x\nb.png,"x, y",y,"1\n2"\n\n"c.png","z\nz",\r\na.png,w,,'), {}),
    "a short row without its label": (both("file_name,label\na.png,x\nb.png\n"), {"alone": "row 2: has no label"}),
    "only short rows": (both("file_name,label,note\na.png,x\nb.png,y\n"), {}),
    "semicolons": (both("file_name;label\na.png;x\nb.png;y\n"), {"alone": "commas separate them"}),
    "above the splits, without classes": (ABC | {"metadata.csv": csv_of([["file_name", "label"], ["train/a.png", "k"]])},
                                          {"alone": "metadata.csv is of no split"}),
    "splits in classes": (pictures(*(f"{name}/{split}/1.png" for name in ("cat", "dog") for split in ("train", "test"))), {"alone": "within the split's, as in"}),
    **{f"a parameter, {key}": (both(csv_of(WORDS)) | card("", f"- config_name: x\n  {key}: true\n"), {"name": "x", "alone": f'"{key}": true'})
       for key in ("drop_labels", "drop_metadata")},
    "no JSON": (both("{", "metadata.jsonl"), {}),
    "no Parquet": (both("PAR1", "metadata.parquet"), {}),
}

PATHS = tar_of(("./a/0.x.png", image(1)), ("./a/0.cls", "1"), (".hidden.png", b"x"), ("__1.cls", "1"), ("dir.d", None), ("README", "x"), ("b.c/1.x.png", image(2)),
               ("b.c/1.cls", " 0\n"), ("b.c/link.cls", Path("1.cls")))
LONG = "n" * 90 + "/" + "ü" * 60
TARS = {
    "cls": ({"train-000000.tar": tar_of(*samples(3, lambda i: i % 2)), "train-000001.tar": tar_of(*samples(2, lambda i: 2, start=3)),
             "test-000000.tar": tar_of(*samples(3, lambda i: i % 3, start=9))}, {}),
    "jpg": ({"train/0.tar": tar_of(*samples(3, lambda i: i, kind="jpeg")), "val/0.tar": tar_of(*samples(3, lambda i: i, kind="jpeg"))}, {"image_column": "jpeg"}),
    "class_names.txt": ({"train.tar": tar_of(*samples(3, lambda i: i % 2)), "test.tar": tar_of(*samples(2, lambda i: i)), "class_names.txt": "u\nv\nw\n"},
                        {"number_names": ["u", "v", "w"]}),
    "json words": ({f"{split}.tar": tar_of(*samples(3, lambda i: json.dumps({"label": "ab"[i % 2], "id": i, "more": [1]}), "json")) for split in ("train", "test")},
                   {"label_column": "json.label"}),
    "json numbers": ({f"{split}.tar": tar_of(*samples(3, lambda i: json.dumps({"label": i}), "json")) for split in ("train", "test")}, {"label_column": "json.label"}),
    "json that is named": ({f"{split}.tar": tar_of(*samples(3, lambda i: json.dumps({"a": "x", "b": "yz"[i % 2]}), "json")) for split in ("train", "test")},
                           {"label_column": "json.b", "options": {"label_column": "json.b"}}),
    "txt": ({f"{split}.tar": tar_of(*samples(3, lambda i: "ab"[i % 2] + "\n", "txt")) for split in ("train", "test")}, {"label_column": "txt"}),
    "names": ({f"{split}.tar": PATHS for split in ("train", "test")}, {"image_column": "x.png"}),
    "long names": ({f"{split}.tar": tar_of((f"{LONG}.png", image(4)), (f"{LONG}.cls", "1"), form=form)
                    for split, form in (("train", tarfile.GNU_FORMAT), ("test", tarfile.PAX_FORMAT))}, {}),
    "card": (card("  features:\n  - name: png\n    dtype: image\n  - name: cls\n    dtype:\n      class_label:\n        names: [u, v, w]\n") | {
        f"{split}.tar": tar_of(*samples(3, lambda i: i % 2)) for split in ("train", "test")}, {}),
    "no split": ({"0.tar": tar_of(*samples(3, lambda i: i % 2))}, {}),
    "twice": ({"train.tar": tar_of(*samples(1, lambda i: 1), ("0000.cls", "2")), "test.tar": tar_of(*samples(1, lambda i: 1), ("0000.cls", "2"))}, {}),
    "no numbers": ({f"{split}.tar": tar_of(*samples(2, lambda i: "x")) for split in ("train", "test")}, {}),
    "no JSON": ({f"{split}.tar": tar_of(*samples(2, lambda i: "{", "json")) for split in ("train", "test")}, {}),
    "no images": ({f"{split}.tar": tar_of(("1.cls", "1"), ("2.cls", "1")) for split in ("train", "test")}, {"alone": "no column holds image files"}),
    "no label somewhere": ({f"{split}.tar": tar_of(*samples(6, lambda i: i), ("0009.png", image(9))) for split in ("train", "test")}, {"alone": "sample 0009"}),
    "a number that is no class": ({f"{split}.tar": tar_of(*samples(2, lambda i: 10 ** 12)) for split in ("train", "test")}, {"alone": "class_names.txt"}),
    "packed": ({f"{split}.tar": tar_of(*samples(2, lambda i: i), mode="w:gz") for split in ("train", "test")}, {}),
    **{f"packed by {way}": ({f"{split}-0.tar.{way}": tar_of(*samples(5, lambda i: i), mode=f"w:{way}") for split in ("train", "test")}, {})
       for way in ("gz", "bz2", "xz")},
    "packed and cut": ({f"{split}.tar": tar_of(*samples(9, lambda i: i), mode="w:gz")[:-40] for split in ("train", "test")}, {"alone": "truncated gzip input"}),
    "without an end": ({f"{split}.tar": tar_of(*samples(2, lambda i: i))[:4 * 1024] for split in ("train", "test")}, {}),
    "JSON of Python": ({f"{split}.tar": tar_of(*samples(3, lambda i: json.dumps({"label": "ab"[i % 2], "score": float("nan")}), "json"))
                        for split in ("train", "test")}, {"label_column": "json.label"}),
    "cut": ({f"{split}.tar": tar_of(*samples(2, lambda i: i))[:1050] for split in ("train", "test")}, {"alone": "byte 1024: is damaged, cut"}),
    "no tar": ({f"{split}.tar": "x" * 2000 for split in ("train", "test")}, {}),
}

LABEL = "  - name: {0}\n    dtype:\n      class_label:\n        names:\n          '0': cat\n          '1': dog\n          '2': yes\n"
INFO = "  features:\n  - name: image\n    dtype: image\n" + LABEL
CONFIG = "- config_name: {0}\n  data_files:\n  - split: train\n    path: {0}/train*\n  - split: test\n    path: {0}/test*\n"


def infos(*names):
    return "".join(f"- config_name: {name}\n" + "  features:\n  - name: image\n    dtype: image\n" + LABEL.format("label").replace("cat", name) for name in names)


PAIR = {"train.parquet": shard([0, 1, 1]), "test.parquet": shard([1, 0], 9)}
TWO = {f"{name}/{file}": content for name, start in (("full", 0), ("mini", 20)) for file, content in (
    ("train.parquet", shard([0, 1, 2], start)), ("test.parquet", shard([1, 0], start + 9)))}
OWN = {"image": datasets.Image(), "label": datasets.ClassLabel(names=["own0", "own1", "own2"])}
OF_OWN = parquet_of({"image": [{"bytes": image(i), "path": None} for i in range(3)], "label": [0, 1, 2]}, OWN)
OLD = {"features": {"image": {"_type": "Image"}, "label": {"names": ["old", "older"], "_type": "ClassLabel"}}}
CARDS = {
    "info": (PAIR | card(INFO.format("label")), {}),
    "info with a list": (PAIR | card(INFO.format("label").replace("'0': cat", "- u").replace("'1': dog", "- v").replace("'2': yes", "- no")), {}),
    "info of a configuration that is there": (PAIR | card("  config_name: x\n" + INFO.format("label"), "- config_name: x\n  data_files:\n  - {split: train, path: train*}\n  - {split: test, path: test*}\n"), {}),
    "info over the file's own": ({"train.parquet": OF_OWN, "test.parquet": OF_OWN} | card(INFO.format("label")), {}),
    "info of words": ({"train.parquet": shard(["dog", "cat "]), "test.parquet": shard(["True", "1"])} | card(INFO.format("label")), {}),
    "info without the column": (PAIR | card(INFO.format("class")), {}),
    "info with a gap": (PAIR | card(INFO.format("label").replace("'1'", "'5'")), {}),
    "info with a name twice": (PAIR | card(INFO.format("label").replace("dog", "cat")), {}),
    "info without features": ({"train.parquet": OF_OWN, "test.parquet": OF_OWN} | card("  dataset_size: 3\n"), {}),
    "info with a count": (PAIR | card("  features:\n  - name: image\n    dtype: image\n  - name: label\n    dtype:\n      class_label:\n        num_classes: 2\n"), {}),
    "words alone": ({"train.parquet": shard(["dog", "cat"]), "test.parquet": shard(["emu", "cat"])} | card(INFO.split("  - name: {0}")[0] + "  - name: label\n    dtype: string\n"), {}),
    "an old file": (PAIR | {"dataset_infos.json": json.dumps({"owner--name": OLD})}, {}),
    "an old file beside the card": (PAIR | {"dataset_infos.json": json.dumps({"default": OLD})} | card(INFO.format("label")), {}),
    "several": (TWO | card(infos("full", "mini"), CONFIG.format("full"), CONFIG.format("mini")), {}),
    "several, the first": (TWO | card(infos("full", "mini"), CONFIG.format("full"), CONFIG.format("mini")), {"name": "full"}),
    "several, the second": (TWO | card(infos("full", "mini"), CONFIG.format("full"), CONFIG.format("mini")), {"name": "mini"}),
    "several, another": (TWO | card(infos("full", "mini"), CONFIG.format("full"), CONFIG.format("mini")), {"name": "other"}),
    **{f"a parameter, {key}": (PAIR | card(INFO.format("label"), f"- config_name: x\n  {key}: {value}\n"), {"alone": f'"{key}": '})
       for key, value in (("columns", "[image, label]"), ("filters", "[[label, '==', 1]]"))},
    "several with a default": (TWO | card(infos("full", "mini"), CONFIG.format("full"), CONFIG.format("mini") + "  default: true\n"), {}),
}


def check_packed(scratch):
    """In ways that tarfile knows later than Python 3.11, or not: read all the same."""
    whole = {split: tar_of(*samples(5, lambda i: i, start=start)) for split, start in (("train", 0), ("test", 9))}

    def read(files, split):
        root = Path(tempfile.mkdtemp(dir=scratch))
        write(root, files)
        got = dump(root, "webdataset", split, {})
        return got.get("error") or {key: got[key] for key in ("pixels", "labels", "class_names")}

    for split in whole:
        for way, ending in ("zstd", ".tar.zst"), ("lz4", ".tar.lz4"):
            packed = {f"{name}{ending}": pa.compress(content, codec=way, asbytes=True) for name, content in whole.items()}
            assert read(packed, split) == read({f"{name}.tar": content for name, content in whole.items()}, split), way
        pieces = {f"{name}.tar": gzip.compress(content[:700]) + gzip.compress(content[700:]) for name, content in whole.items()}
        assert read(pieces, split) == read({f"{name}.tar": content for name, content in whole.items()}, split)
    bomb = gzip.compress(bytes(64 << 20))
    for content, said in (bomb, "more than 100 times its size"), (gzip.compress(b"no tar file" * 99), "no tar file"), (whole["train"][:4000], "cut"), (whole["train"][:10 * 1024 + 100], "cut"), (whole["train"][:10 * 1024 - 100], "cut"):
        assert said in read({"train.tar": content, "test.tar": content}, "train"), said
    print("packed tars: equal")


def drawn_table(rng):
    words = rng.sample(ODD_WORDS, rng.randint(1, 6))
    rows = [["file_name", "label", "n"]] + [[f"{rng.choice('abc')}.png", rng.choice(words), rng.choice([1, 2, ""])] for _ in range(rng.randint(1, 12))]
    return both(csv_of(rows, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))


def check_drawn(rng, scratch):
    """Whatever pandas makes of a column: words, or else no labels, which zoetrope says."""
    outcomes = []
    for i in range(DRAWN):
        files = drawn_table(rng)
        root = Path(tempfile.mkdtemp(dir=scratch, prefix="drawn-"))
        write(root, files)
        loaded = load(root, "folder", "", scratch)
        values = loaded if isinstance(loaded, str) else loaded["train"]["label"]
        is_words = not isinstance(values, str) and all(isinstance(value, str) for value in values)
        got = dump(root, "folder", "train", {})
        if is_words:
            assert "error" not in got, f"seed {SEED}: {files['train/metadata.csv']!r}: {got}"
            assert [got["class_names"][label] for label in got["labels"]] == list(values), f"seed {SEED}: {files['train/metadata.csv']!r}"
        else:
            assert "error" in got, f"seed {SEED}: {files['train/metadata.csv']!r}: {list(values)}, and {got}"
        outcomes.append(is_words)
    print(f"{sum(outcomes)} of {DRAWN} tables with words")


def check_folders_as_configs(scratch):
    """Without a card a configuration is a folder, which datasets takes for a data set of its own."""
    root = Path(tempfile.mkdtemp(dir=scratch))
    write(root, TWO | {"class_names.txt": "u\nv\nw\n", "full/class_names.txt": "u\nv\nw\n", "mini/class_names.txt": "u\nv\nw\n"})
    for name in "full", "mini":
        for split in "train", "test":
            assert dump(root, "parquet", split, {"config": name}) == dump(root / name, "parquet", split, {})
    for name, word in ("", "--data-config"), ("other", "other"), ("../full", "no configuration ../full"):
        assert word in dump(root, "parquet", "train", {"config": name})["error"]
    print("folders as configurations: equal")


def check_lone_classes(scratch):
    """They are named by whichever split is opened."""
    folder = {"train/metadata.csv": csv_of([["file_name", "label"], ["a.png", "dog"], ["b.png", "cat"]]),
              "test/metadata.csv": csv_of([["file_name", "label"], ["a.png", "cat"], ["b.png", "emu"]])}
    tars = {f"{split}.tar": tar_of(*samples(2, lambda i: words[i], "txt")) for split, words in (("train", ["dog", "cat"]), ("test", ["emu", "cat"]))}
    shards = {"train.parquet": shard(["dog", "cat"]), "test.parquet": shard(["emu", "cat"])}
    features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog", "emu"])}
    rows = [{"bytes": image(i), "path": None} for i in range(2)]
    named = {f"{split}.parquet": parquet_of({"image": rows, "label": labels}, features) for split, labels in (("train", [0, 1]), ("test", [2, 0]))}
    for scheme, files in ("folder", ABC | folder), ("webdataset", tars), ("parquet", shards), ("parquet", named):
        root = Path(tempfile.mkdtemp(dir=scratch))
        write(root, files)
        for split in "train", "test":
            request = json.dumps({"split": split, "spec": f"{scheme}:{root}"})
            said = subprocess.run([sys.argv[1]], input=request + "\n", capture_output=True, text=True, check=True).stderr
            assert "not every class has images in both splits: emu in test alone, dog in train alone" in said, said
    print("classes of one split alone: named")


def main():
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        for title, (files, more) in METADATA.items():
            check(title, "folder", files, scratch, **more)
        for title, (files, more) in TARS.items():
            check(title, "webdataset", files, scratch, **({"image_column": "png", "label_column": "cls"} | more))
        for title, (files, more) in CARDS.items():
            check(title, "parquet", files, scratch, **more)
        check_packed(scratch)
        check_drawn(random.Random(SEED), scratch)
        check_folders_as_configs(scratch)
        check_lone_classes(scratch)
    DUMPER.stdin.close()
    assert DUMPER.wait() == 0, DUMPER.returncode


if __name__ == "__main__":
    main()
