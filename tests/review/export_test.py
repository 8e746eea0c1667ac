# SPDX-License-Identifier: Apache-2.0
"""The exports, each opened by the real package. Usage: export_test.py REVIEW_SAMPLE [unittest's options]"""
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

from spotlight_server import spotlight

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np
    from PIL import Image

REVIEW_SAMPLE = sys.argv.pop(1)
IMAGES, FRAMES = 101, 3
STEPS = [0, 20, 40]
HOSTILE = "<script>window.hacked = 1</script>"


class Exports(unittest.TestCase):
    def export(self, name, *options):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        subprocess.run([REVIEW_SAMPLE, scratch.name, f"images={IMAGES}", f"frames={FRAMES}", f"export={name}", *options], check=True)
        return Path(scratch.name)

    def check_picture(self, encoded):
        pixels = np.asarray(Image.open(io.BytesIO(encoded)))
        self.assertEqual((pixels.shape, pixels.dtype), ((28, 28), np.uint8))
        self.assertGreater(pixels.std(), 5)

    def test_numpy_reads_the_npz(self):
        with np.load(self.export("npz", "hostile=1") / "review.npz") as arrays:
            self.assertEqual(arrays["step"].tolist(), STEPS)
            self.assertEqual(arrays["aligned"].shape, (FRAMES, IMAGES, 2))
            self.assertEqual(arrays["image"].shape, (IMAGES, 28, 28, 1))
            self.assertEqual(arrays["prediction"].dtype, np.int64)
            self.assertEqual(arrays["class_name"][0], HOSTILE)
            self.assertEqual(arrays["class_name"][4], "大きさ 漢字")
            np.testing.assert_array_equal(arrays["embedding_40"][:, 1], np.arange(IMAGES, dtype=np.float32))
            worst = np.argsort(arrays["ood_score"], axis=1, kind="stable")[:, :8]
            np.testing.assert_array_equal(arrays["outlier"], worst)

    @require.package("h5py")
    def test_the_npz_equals_the_analysis(self):
        import h5py
        folder = self.export("npz")
        with np.load(folder / "review.npz") as arrays, h5py.File(folder / "analysis.h5") as file:
            for name in set(file) - {"class_name"}:
                np.testing.assert_array_equal(arrays[name], file[name][:], err_msg=name)

    @require.package("cleanlab")
    def test_label_issues_are_ranked_as_cleanlab_does(self):
        from cleanlab.rank import order_label_issues
        with np.load(self.export("npz") / "review.npz") as arrays:
            labels, ranks, believed = arrays["label"], arrays["label_issue_rank"], arrays["self_confidence"][-1]
            classes = len(arrays["class_name"])
        # The label's probability is what counts; the other classes share the rest.
        probabilities = np.repeat(((1 - believed) / (classes - 1))[:, None], classes, axis=1)
        probabilities[np.arange(IMAGES), labels] = believed
        worst = order_label_issues(np.ones(IMAGES, bool), labels, probabilities, rank_by="self_confidence")
        # cleanlab leaves the order of equal ones open.
        np.testing.assert_array_equal(believed[np.argsort(ranks)], believed[worst])
        alone = np.array([np.sum(believed == value) == 1 for value in believed])
        self.assertGreater(alone.sum(), IMAGES // 2)
        np.testing.assert_array_equal(ranks[worst][alone[worst]], np.arange(1, IMAGES + 1)[alone[worst]])

    @require.package("pandas")
    @require.package("pyarrow")
    def test_pandas_reads_the_parquet(self):
        import pandas as pd
        table = pd.read_parquet(self.export("parquet", "hostile=1") / "review.parquet")
        self.assertEqual(len(table), IMAGES)
        for step in STEPS:
            for column in ("ood_score", "x", "y", "prediction", "confidence"):
                self.assertIn(f"{column}_{step}", table)
        self.check_picture(table["image"][7]["bytes"])
        self.assertEqual(table["embedding_40"][5].tolist(), [40, 5, 0, 1])
        self.assertIn(HOSTILE, set(table["class_name"]))
        self.assertEqual(table["name"][0], HOSTILE + "0")

    @require.package("datasets")
    def test_datasets_reads_the_parquet(self):
        import datasets
        folder = self.export("parquet")
        table = datasets.Dataset.from_parquet(str(folder / "review.parquet"), cache_dir=str(folder / "cache"))
        self.assertEqual(table.features["image"], datasets.Image())
        self.assertEqual(table.features["label"].names[5], "Sandal")
        self.assertEqual(table[3]["image"].size, (28, 28))
        self.assertEqual(len(table[3]["embedding_0"]), 4)

    @require.package("tensorboard", home="viewers")
    def test_tensorboard_reads_the_projector(self):
        from tensorboard.backend.event_processing import plugin_event_multiplexer
        from tensorboard.plugins import base_plugin
        from tensorboard.plugins.projector import projector_plugin
        from werkzeug.test import Client
        from werkzeug.wrappers import Request, Response
        folder = self.export("projector", "hostile=1") / "projector"
        plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(
            logdir=str(folder), multiplexer=plugin_event_multiplexer.EventMultiplexer(), flags=None))
        apps = plugin.get_plugin_apps()

        def get(route, **query):
            answer = Client(apps[route], Response).get("/", query_string=query)
            self.assertEqual(answer.status_code, 200, answer.data)
            return answer
        run = get("/runs").json[0]
        embeddings = get("/info", run=run).json["embeddings"]
        self.assertEqual([entry["tensorName"] for entry in embeddings], ["embedding_0", "embedding_40", "pca_0", "pca_40"])
        self.assertEqual(embeddings[0]["tensorShape"], [IMAGES, 4])
        self.assertEqual(embeddings[0]["sprite"]["singleImageDim"], [28, 28])
        tensor = np.frombuffer(get("/tensor", run=run, name="embedding_40").data, np.float32).reshape(IMAGES, 4)
        np.testing.assert_array_equal(tensor[:, 1], np.arange(IMAGES))
        lines = get("/metadata", run=run, name="pca_0").data.decode().removesuffix("\n").split("\n")
        self.assertEqual(len(lines), IMAGES + 1)
        self.assertEqual({line.count("\t") for line in lines}, {5})
        sprite = Image.open(io.BytesIO(get("/sprite_image", run=run, name="pca_0").data))
        self.assertEqual(sprite.size, (11 * 28, 11 * 28))

    def test_tensorboard_finds_each_image_on_the_sprite(self):
        for count in (1, 2, 3, 10, 12, 30, 101, 200, 500):
            folder = self.export("projector", f"images={count}") / "projector"
            with np.load(self.export("npz", f"images={count}") / "review.npz") as arrays:
                images = arrays["image"][:, :, :, 0]
            sprite = np.asarray(Image.open(folder / "sprite.png"))
            width, height = (int(number) for number in re.findall(r"single_image_dim: (\d+)", (folder / "projector_config.pbtxt").read_text())[:2])
            # createTextureFromSpriteAtlas() and the vertex shader of TensorBoard's projector_binary.js.
            sprites_per_row, sprites_per_column = sprite.shape[1] / width, sprite.shape[0] / height
            for i, image in enumerate(images):
                column, row = int(i % sprites_per_row), int(i // sprites_per_column)
                cell = sprite[row * height:(row + 1) * height, column * width:(column + 1) * width]
                np.testing.assert_array_equal(cell, image, err_msg=f"image {i} of {count}")

    @require.package("renumics", home="viewers")
    def test_spotlight_reads_its_table(self):
        from renumics.spotlight import Dataset
        from renumics.spotlight.data_source import create_datasource
        from renumics.spotlight.data_store import DataStore
        from renumics.spotlight.plugin_loader import load_plugins
        path = self.export("spotlight", "hostile=1") / "review.spotlight.h5"
        with Dataset(str(path), "r") as table:
            self.assertEqual(len(table), IMAGES)
            types = {name: table.get_dtype(name).name for name in table.keys()}
            expected = {"index": "int", "image": "Image", "name": "str", "labels": "int", "label_str": "Category",
                        "forgetting_events": "int", "label_issue_rank": "int", "embedding_0": "Embedding", "embedding_40": "Embedding"}
            for end in ("_first", "_last"):
                expected |= {f"scores{end}": "float", f"rank{end}": "int", f"pca{end}": "Embedding",
                             f"prediction{end}": "Category", f"confidence{end}": "float"}
            self.assertEqual(types, expected)
            self.assertEqual(table["image", 4].data.shape[:2], (28, 28))
            self.assertEqual(table["embedding_40", 6].tolist(), [40, 6, 0, 1])
            self.assertIn(HOSTILE, set(table["label_str"]))
        # The way of the program `spotlight FILE`.
        load_plugins()
        store = DataStore(create_datasource(path), {})
        self.assertEqual(store.dtypes["pca_last"].name, "Embedding")
        self.check_picture(store.get_converted_value("image", 9))
        self.assertEqual(len(store.get_converted_values("scores_last")), IMAGES)

    @require.package("renumics", home="viewers")
    def test_spotlight_answers_what_its_page_asks(self):
        folder = self.export("spotlight", "hostile=1")
        with np.load(self.export("npz", "hostile=1") / "review.npz") as file:
            arrays = dict(file)
        with spotlight(Path(sys.executable).with_name("spotlight"), folder / "review.spotlight.h5") as address:
            table = json.loads(self.get(f"{address}/api/table/"))
            self.assertEqual(table["filename"], "review.spotlight.h5")
            columns = {column["name"]: column for column in table["columns"]}
            self.assertEqual(len(columns), 19)
            for name, column in columns.items():
                self.assertEqual([column[flag] for flag in ("editable", "optional", "hidden")], [True, False, False], name)
                self.assertEqual(len(column["values"]), IMAGES, name)
            self.assertEqual(columns["labels"]["values"], arrays["label"].tolist())
            self.assertEqual(columns["label_str"]["values"], arrays["label"].tolist())
            self.assertEqual(list(columns["label_str"]["dtype"]["categories"]), arrays["class_name"].tolist())
            self.assertEqual(columns["scores_last"]["values"], arrays["ood_score"][-1].tolist())
            version = f"generation_id={table['generation_id']}"
            self.assertEqual(json.loads(self.get(f"{address}/api/table/scores_first?{version}")), arrays["ood_score"][0].tolist())
            self.assertEqual(json.loads(self.get(f"{address}/api/table/embedding_40/6?{version}")), [40, 6, 0, 1])
            picture = self.get(f"{address}/api/table/image/9?{version}")
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))), arrays["image"][9, :, :, 0])

    def get(self, address):
        with urllib.request.urlopen(address, timeout=60) as answer:  # an error's status is raised
            return answer.read()


if __name__ == "__main__":
    unittest.main(verbosity=2)
