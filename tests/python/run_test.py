# SPDX-License-Identifier: Apache-2.0
"""zoetrope.Run on a run of the program."""
import os
import re
import shutil
import unittest
import unittest.mock
import warnings
from pathlib import Path

import package
import require

with require.imports():
    import datasets
    import h5py
    import numpy as np
    import pandas as pd

import job

import zoetrope


class Reading(package.InAFolder):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.made = Path(scratch.name) / "run"
        job.run(["run", "--run", cls.made, *job.SMALL[:2], "--test-limit", "60", *job.SMALL[4:], "--quiet"])

    def setUp(self):
        super().setUp()
        shutil.copytree(self.made, "run")
        self.run_ = zoetrope.Run("run")

    def test_is_what_the_files_hold(self):
        run = self.run_
        self.assertEqual(run.steps, [0, 5, 10, 15, 20])
        with h5py.File("run/checkpoint-15/embeddings.h5") as file:
            for mapped, name in ((run.embeddings(15), "embeddings"), (run.logits(15), "logits")):
                self.assertIsInstance(mapped, np.memmap)
                self.assertFalse(mapped.flags.writeable)
                np.testing.assert_array_equal(mapped, file[name][:])
        with h5py.File("run/analysis.h5") as file:
            np.testing.assert_array_equal(run.labels, file["label"][:])
            self.assertEqual(run.class_names[9], "Ankle boot")
            table = run.analysis()
            self.assertEqual((len(table), table.index.name), (60, "image"))
            for column, values in {"ood_score": file["ood_score"][-1], "prediction": file["prediction"][-1],
                                   "aligned_y": file["aligned"][-1, :, 1], "label": file["label"][:]}.items():
                np.testing.assert_array_equal(table[column], values)
            self.assertEqual(table.sort_values("outlier_rank").query("outlier_rank > 0").index.tolist(), file["outlier"][-1].tolist())
            self.assertEqual(table["class_name"].tolist(), [run.class_names[label] for label in run.labels])
            np.testing.assert_array_equal(run.analysis(5)["ood_score"], file["ood_score"][1])
            curves = run.curves()
            self.assertEqual((curves.index.tolist(), curves.index.name, curves.columns[0]), (run.steps, "step", "epoch"))
            np.testing.assert_array_equal(curves["knn_accuracy"], file["knn_accuracy"][:])
        every = pd.concat({step: run.analysis(step) for step in run.steps}, names=["step"])
        self.assertEqual(every.loc[(10, 7), "ood_score"], run.analysis(10)["ood_score"][7])

    def test_becomes_a_data_set_with_the_images(self):
        found = self.run_.to_datasets()
        self.assertIsInstance(found, datasets.Dataset)
        pixels, labels = package.fashion(60)
        self.assertEqual(found["label"][:], labels.tolist())
        np.testing.assert_array_equal(np.asarray(found[7]["image"].convert("L")), pixels[7])
        np.testing.assert_array_equal(np.asarray(found[7]["embedding_20"], "f4"), self.run_.embeddings(20)[7])

    def test_draws_again_with_other_options(self):
        self.assertEqual(self.run_.draw(theme="dark", format="gif,mp4", size="960x540").path, Path("run"))
        self.assertTrue(Path("run/animation.mp4").exists())
        self.assertIn("<video", self.run_.show("animation")._repr_html_())
        with self.assertRaisesRegex(zoetrope.ProgramError, "--theme"):
            self.run_.draw(theme="pink")

    def test_says_what_is_missing(self):
        with self.assertRaisesRegex(KeyError, "step 7 is not embedded in run, which has 0, 5, 10, 15, 20"):
            self.run_.embeddings(7)
        with self.assertRaisesRegex(KeyError, "step 7 is not in run/analysis.h5"):
            self.run_.analysis(7)
        with self.assertRaisesRegex(FileNotFoundError, "elsewhere: is no folder"):
            zoetrope.Run("elsewhere").steps  # noqa: B018
        Path("run/analysis.h5").unlink()
        with self.assertRaisesRegex(FileNotFoundError, r"run/analysis.h5: is not there yet; draw\(\) makes it"):
            self.run_.curves()
        with self.assertRaises(AttributeError):
            zoetrope.Runs  # noqa: B018


class ReadingSmall(package.InAFolder):
    def test_a_run_so_small_that_all_shapes_are_equal_is_read_by_name(self):
        """analysis.h5 as docs/formats.md has it, with two of everything."""
        section = (package.ROOT / "docs/formats.md").read_text().split("\n## analysis.h5\n")[1].split("\n## ")[0]
        described = re.findall(r"^\| ((?:`/\w+`(?:, )?)+) \| (\w+) (\[.*?\]) \|", section, re.MULTILINE)
        shapes = {name: shape for names, _, shape in described for name in re.findall(r"`/(\w+)`", names)}
        kinds = {name: kind for names, kind, _ in described for name in re.findall(r"`/(\w+)`", names)}
        self.assertIn("region_agreement", shapes)
        Path("small").mkdir()
        with h5py.File("small/analysis.h5", "w") as file:
            for name, shape in shapes.items():
                sides = [3 if side == "3" else 2 for side in shape.split(",")]
                kind = {"text": "S3"}.get(kinds[name], kinds[name])
                file[name] = np.full(sides, b"yes" if kind == "S3" else 0, kind)
            file["step"][:], file["label"][:], file["class_name"][:] = [0, 5], [0, 1], [b"cat", b"dog"]
        run = zoetrope.Run("small")
        images = {name for name, shape in shapes.items() if shape == "[T, N]" and name != "outlier"}
        points = {name for name, shape in shapes.items() if shape == "[T, N, 2]" and not name.startswith("train_")}
        self.assertEqual(set(run.analysis().columns), {"label", "class_name", "outlier_rank"} | images
                         | {f"{name}_{axis}" for name in points for axis in "xy"})
        self.assertEqual(set(run.curves().columns), {name for name, shape in shapes.items() if shape == "[T]" and kinds[name] != "text"}
                         - {"step"})


class Drawing(package.InAFolder):
    def test_all_that_the_analysis_takes_goes_to_analyze_alone(self):
        usage, _ = job.run(["analyze", "--help", "all"])
        sections = re.findall(r"^(?:Training images.*|Device|Analysis):\n((?:  .*\n)+)", usage, re.MULTILINE)
        names = re.findall(r"^  --([a-z-]+) ", "".join(sections), re.MULTILINE)
        self.assertLessEqual({"neighbour-search", "fit-on", "split", "device"}, set(names))
        program = Path("program")
        program.write_text('#!/bin/sh\necho "$@" >> words\n')
        program.chmod(0o755)
        with unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(program.absolute())}):
            zoetrope.Run("run").draw(theme="dark", **{name.replace("-", "_"): 3 for name in names})
        analyze, render, _ = Path("words").read_text().splitlines()
        self.assertEqual(sorted(re.findall(r"--(\S+)=3", analyze)), sorted(names))
        self.assertIn("--theme=dark", render)
        self.assertNotIn("=3", render)


class WithoutAProgram(package.InAFolder):
    def test_one_line_says_what_to_do(self):
        with unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": "/nowhere/zoetrope"}), \
             self.assertRaisesRegex(zoetrope.ProgramError, "ZOETROPE_PROGRAM is /nowhere/zoetrope, where no program is"):
            zoetrope.Run("run").draw()


if __name__ == "__main__":
    warnings.simplefilter("error", zoetrope.ZoetropeWarning)
    unittest.main()
