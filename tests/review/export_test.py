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

    def check_training(self, column, scores="ood_score_40", prediction="prediction_40", confidence="confidence_40", point=None):
        """That a table, whose columns are `column(name)`, has behind the test images the training images of the npz."""
        with np.load(self.export("npz", "training=30") / "review.npz") as arrays:
            rows = IMAGES + 30
            self.assertEqual(list(column("split")), ["test"] * IMAGES + ["train"] * 30)
            np.testing.assert_array_equal(column("index"), [*range(IMAGES), *arrays["train_index"]])
            for name, test, training in ((prediction, "prediction", "train_prediction"), (confidence, "confidence", "train_confidence")):
                np.testing.assert_array_equal(column(name), np.concatenate([arrays[test][-1], arrays[training][-1]]).astype(column(name).dtype))
            np.testing.assert_array_equal(point(), np.concatenate([arrays["aligned"][-1], arrays["train_aligned"][-1]]).astype(point().dtype))
            np.testing.assert_array_equal(column(scores)[:IMAGES], arrays["ood_score"][-1].astype(column(scores).dtype))
            self.assertTrue(np.isnan(column(scores)[IMAGES:]).all())
            np.testing.assert_array_equal(column("label_issue_rank"), [*arrays["label_issue_rank"], *[0] * 30])
            return rows, np.concatenate([arrays["label"], arrays["train_label"]])

    @require.package("pandas")
    @require.package("pyarrow")
    def test_pandas_reads_the_training_images(self):
        import pandas as pd
        table = pd.read_parquet(self.export("parquet", "training=30", "hostile=1") / "review.parquet")
        rows, labels = self.check_training(lambda name: table[name].to_numpy(), point=lambda: table[["x_40", "y_40"]].to_numpy())
        self.assertEqual(len(table), rows)
        self.assertEqual(table["label"].tolist(), labels.tolist())
        self.assertEqual(table["embedding_40"][IMAGES + 6].tolist(), [40, 6, 1, 1])
        self.check_picture(table["image"][IMAGES + 7]["bytes"])
        self.assertEqual(table["image"][IMAGES + 7]["bytes"], table["image"][7]["bytes"])  # as the sample has them
        self.assertEqual(table["name"][0], HOSTILE + "0")
        self.assertEqual(table["name"][IMAGES], "")

    @staticmethod
    def spotlight_column(table, name):
        values = np.asarray(table[name])
        if table.get_dtype(name).name != "Category":
            return values
        codes = table.get_dtype(name).categories
        return np.array([codes[value] for value in values])

    @require.package("renumics", home="viewers")
    def test_spotlight_reads_the_training_images(self):
        from renumics.spotlight import Dataset
        with Dataset(str(self.export("spotlight", "training=30") / "review.spotlight.h5"), "r") as table:
            rows, labels = self.check_training(lambda name: self.spotlight_column(table, name), "scores_last", "prediction_last", "confidence_last",
                                               point=lambda: np.stack(list(table["pca_last"])))
            self.assertEqual(len(table), rows)
            self.assertEqual(list(table["labels"]), labels.tolist())
            self.assertEqual(sorted(table["rank_last"][:IMAGES]), list(range(1, IMAGES + 1)))
            self.assertEqual(list(table["rank_last"][IMAGES:]), [0] * 30)
            self.assertEqual(table["embedding_40", IMAGES + 6].tolist(), [40, 6, 1, 1])
            self.assertEqual(table["image", IMAGES + 4].data.shape[:2], (28, 28))

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

    def test_the_projector_has_rows_of_training_images(self):
        folder = self.export("projector", "training=30") / "projector"
        with np.load(self.export("npz", "training=30") / "review.npz") as arrays:
            expected = {name: arrays[name] for name in ("aligned", "train_aligned", "train_index", "train_label", "train_prediction", "class_name", "ood_score")}
        header, *lines = [line.split("\t") for line in (folder / "metadata.tsv").read_text().removesuffix("\n").split("\n")]
        self.assertEqual(header, ["index", "split", "label", "score_first", "score_last", "prediction_last"])
        self.assertEqual([line[1] for line in lines], ["test"] * IMAGES + ["train"] * 30)
        self.assertEqual([int(line[0]) for line in lines[IMAGES:]], expected["train_index"].tolist())
        self.assertEqual([line[2] for line in lines[IMAGES:]], expected["class_name"][expected["train_label"]].tolist())
        self.assertEqual([line[5] for line in lines[IMAGES:]], expected["class_name"][expected["train_prediction"][-1]].tolist())
        self.assertEqual({(line[3], line[4]) for line in lines[IMAGES:]}, {("", "")})
        np.testing.assert_array_equal(np.array([line[4] for line in lines[:IMAGES]], "f4"), expected["ood_score"][-1].astype("f4"))
        points = np.loadtxt(folder / "pca_40.tsv", np.float32)
        np.testing.assert_array_equal(points, np.concatenate([expected["aligned"][-1], expected["train_aligned"][-1]]).astype("f4"))
        np.testing.assert_array_equal(np.loadtxt(folder / "embedding_40.tsv", np.float32)[IMAGES + 6], [40, 6, 1, 1])
        self.assertEqual(re.findall(r"tensor_shape: (\d+)", (folder / "projector_config.pbtxt").read_text())[0], str(IMAGES + 30))
        self.assertEqual(Image.open(folder / "sprite.png").size, (12 * 28, 12 * 28))

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
