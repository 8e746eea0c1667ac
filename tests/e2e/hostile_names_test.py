# SPDX-License-Identifier: Apache-2.0
"""A folder of images whose classes and files have names made to break things: every result holds them as they are.

With ZOETROPE_SCREENSHOTS=FOLDER in the environment a picture of the review page and of a frame is left there.
"""
import colorsys
import json
import os
import shutil
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np
    from PIL import Image

CLASSES = sorted([
    "<img src=x onerror=alert(1)>",
    "<!--<script>alert(2)",
    '"double" & \'single\' &lt; {{meta}} \\u003c',
    "大きさ 漢字",
    "قميص طويل",
    "-rf",
    "two  blanks ",
    "long " + 195 * "n",
], key=str.encode)
IMAGES_OF_A_CLASS = 5
STEPS = [0, 3, 6]
PATIENCE_S = 60  # a busy machine draws slowly

chromium, driver, NO_CHROMIUM = require.chromium()


def file_name(class_name, i):
    return f"{class_name}{i}.png"


def make_images(folder):
    """Noise in one colour a class: DIR/<split>/<class>/<file>."""
    random = np.random.default_rng(1)
    for split in ("train", "test"):
        for c, name in enumerate(CLASSES):
            (folder / split / name).mkdir(parents=True)
            colour = 255 * np.array(colorsys.hsv_to_rgb(c / len(CLASSES), 0.7, 0.8))
            for i in range(IMAGES_OF_A_CLASS):
                pixels = colour + random.normal(0, 25, (28, 28, 3))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / split / name / file_name(name, i))


def start_browser():
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1200",
                   "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.unhandled_prompt_behavior = "ignore"  # a dialog stays open, and every command fails
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*", "ws://*"]})
    return browser


class HostileNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        data = Path(scratch.name) / 'images; <b> & "more"'
        cls.run_folder = Path(scratch.name) / '<i>run & "run"'
        make_images(data)
        job.run(["run", "--run", cls.run_folder, "--data", f"folder:{data}", "--model", job.GOLDEN / "vit-tiny/config.json",
                 "--max-steps", STEPS[-1], "--save-steps", STEPS[1], "--logging-steps", STEPS[1], "--batch-size", "16",
                 "--learning-rate", "1e-2", "--neighbours", "3", "--size", "960x540", "--tween", "0", "--no-progress"])
        job.run(["review", "--run", cls.run_folder, "--export", "spotlight,parquet,npz,projector"])
        cls.names = [f"test/{name}/{file_name(name, i)}" for name in CLASSES for i in range(IMAGES_OF_A_CLASS)]
        cls.labels = [name for name in CLASSES for _ in range(IMAGES_OF_A_CLASS)]

    def test_every_checkpoint_is_drawn(self):
        self.assertEqual(job.checkpoints(self.run_folder), [f"checkpoint-{step}" for step in STEPS])
        for step in STEPS:
            with Image.open(self.run_folder / f"checkpoint-{step}/frame.png") as frame:
                self.assertEqual(frame.size, (960, 540))
                self.assertGreater(len(frame.convert("RGB").getcolors(960 * 540)), 100)
        with Image.open(self.run_folder / "animation.gif") as animation:
            self.assertEqual((animation.size, animation.n_frames), ((960, 540), len(STEPS)))
        if folder := os.environ.get("ZOETROPE_SCREENSHOTS"):
            shutil.copy(self.run_folder / f"checkpoint-{STEPS[-1]}/frame.png", Path(folder) / "hostile-frame.png")

    def test_the_models_know_the_names(self):
        for step in STEPS:
            config = json.loads((self.run_folder / f"checkpoint-{step}/config.json").read_text())
            self.assertEqual(config["id2label"], {str(c): name for c, name in enumerate(CLASSES)})
            self.assertEqual(config["label2id"], {name: c for c, name in enumerate(CLASSES)})

    def test_numpy_reads_the_npz(self):
        with np.load(self.run_folder / "review.npz") as arrays:
            self.assertEqual(arrays["class_name"].tolist(), CLASSES)
            self.assertEqual([CLASSES[c] for c in arrays["label"]], self.labels)
            self.assertEqual(arrays["image_name"].tolist(), self.names)

    @require.package("h5py")
    def test_h5py_reads_the_analysis(self):
        import h5py
        with h5py.File(self.run_folder / "analysis.h5") as file:
            self.assertEqual(file["class_name"].asstr()[:].tolist(), CLASSES)

    @require.package("pandas")
    @require.package("pyarrow")
    def test_pandas_reads_the_parquet(self):
        import pandas as pd
        table = pd.read_parquet(self.run_folder / "review.parquet")
        self.assertEqual(table["class_name"].tolist(), self.labels)
        self.assertEqual(table["name"].tolist(), self.names)

    @require.package("datasets")
    def test_datasets_reads_the_parquet(self):
        import datasets
        table = datasets.Dataset.from_parquet(str(self.run_folder / "review.parquet"), cache_dir=str(self.run_folder / "cache"))
        self.assertEqual(table.features["label"].names, CLASSES)
        self.assertEqual(table["name"][:], self.names)

    @require.package("tensorboard", home="viewers")
    def test_tensorboard_reads_the_projector(self):
        from tensorboard.backend.event_processing import plugin_event_multiplexer
        from tensorboard.plugins import base_plugin
        from tensorboard.plugins.projector import projector_plugin
        from werkzeug.test import Client
        from werkzeug.wrappers import Response
        plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(
            logdir=str(self.run_folder / "projector"), multiplexer=plugin_event_multiplexer.EventMultiplexer(), flags=None))
        apps = plugin.get_plugin_apps()
        run = Client(apps["/runs"], Response).get("/").json[0]
        answer = Client(apps["/metadata"], Response).get("/", query_string={"run": run, "name": f"pca_{STEPS[-1]}"})
        lines = [line.split("\t") for line in answer.data.decode().removesuffix("\n").split("\n")]
        self.assertEqual(lines[0][:3], ["index", "label", "name"])
        self.assertEqual([line[1] for line in lines[1:]], self.labels)
        self.assertEqual([line[2] for line in lines[1:]], self.names)

    @require.package("renumics", home="viewers")
    def test_spotlight_reads_its_table(self):
        from renumics.spotlight import Dataset
        from renumics.spotlight.data_source import create_datasource
        from renumics.spotlight.data_store import DataStore
        from renumics.spotlight.plugin_loader import load_plugins
        path = self.run_folder / "review.spotlight.h5"
        with Dataset(str(path), "r") as table:
            self.assertEqual(list(table["label_str"]), self.labels)
            self.assertEqual(list(table["name"]), self.names)
        # The way of the program `spotlight FILE`.
        load_plugins()
        store = DataStore(create_datasource(path), {})
        self.assertEqual(set(store.dtypes["label_str"].categories), set(CLASSES))
        self.assertEqual(list(store.get_converted_values("name")), self.names)

    @require.package("selenium")
    @require.unless(chromium and driver, "chromium", NO_CHROMIUM)
    def test_the_page_shows_the_names_as_text(self):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import Select, WebDriverWait
        browser = start_browser()
        self.addCleanup(browser.quit)

        def wait_for(script, expected):
            WebDriverWait(browser, PATIENCE_S, 0.05).until(lambda _: browser.execute_script(script) == expected,
                                                           f"{script}: not {expected}")

        def texts(selector):
            return browser.execute_script(
                "return Array.from(document.querySelectorAll(arguments[0]), (node) => node.textContent)", selector)

        def find(selector):
            return browser.find_element(By.CSS_SELECTOR, selector)

        browser.get((self.run_folder / "review.html").as_uri())
        wait_for("return document.body.dataset.ready", "true")
        self.assertEqual(texts("#title"), [self.run_folder.name])
        self.assertEqual(browser.title, self.run_folder.name)
        self.assertEqual(texts("#legend .chip-name"), CLASSES)
        self.assertEqual(texts("#class-select option"), ["all", *CLASSES])
        cut_off = browser.execute_script("""
            return Array.from(document.querySelectorAll('.overlay .centroid:not([hidden])')).filter((node) => {
              const name = node.getBoundingClientRect(), view = node.parentElement.getBoundingClientRect();
              return name.left < view.left || name.right > view.right || name.top < view.top || name.bottom > view.bottom;
            }).map((node) => node.textContent);""")
        self.assertEqual(cut_off, [])
        for c, name in enumerate(CLASSES):
            Select(find("#class-select")).select_by_value(str(c))
            wait_for("return document.querySelector('#count').textContent", f"{IMAGES_OF_A_CLASS} of {len(self.names)}")
            cell = '.tabulator-row .tabulator-cell[tabulator-field="{}"]'.format
            # A frame later: as many as of the class before.
            wait_for(f"return Array.from(document.querySelectorAll({json.dumps(cell('label'))}), (node) => node.textContent)",
                     IMAGES_OF_A_CLASS * [name])
            self.assertCountEqual(texts(cell("name")), [file_name(name, i) for i in range(IMAGES_OF_A_CLASS)])
            self.assertLessEqual(set(texts(cell("predictionLast"))), set(CLASSES))
            ActionChains(browser).move_to_element(find(cell("name"))).perform()
            wait_for("return document.querySelector('#hover .name')?.textContent.startsWith(%s)" % json.dumps(f"test/{name}/{name}"), True)
            self.assertEqual(texts("#hover dd")[0], name)
        Select(find("#class-select")).select_by_value("")
        wait_for("return document.querySelector('#count').textContent", f"{len(self.names)} of {len(self.names)}")
        if folder := os.environ.get("ZOETROPE_SCREENSHOTS"):
            browser.save_screenshot(str(Path(folder) / "hostile-page.png"))
        self.assertEqual(texts("[onerror], img[src=x]"), [])
        problems = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        self.assertEqual(problems, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
