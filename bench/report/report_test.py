# SPDX-License-Identifier: Apache-2.0
"""How script/bench measures two sides and what it writes of them; and that the READMEs say what bench/report/published.json does."""

import argparse
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import main  # noqa: E402
import measure  # noqa: E402
import publish  # noqa: E402
import whole_article  # noqa: E402
import write  # noqa: E402

ANSWERING = (
    "import sys, json\nfor n, _ in enumerate(sys.stdin):\n    print(json.dumps({'seconds': %s, 'items': 10, 'answer': %s}), flush=True)"
)


def worker(name, seconds, answer):
    return measure.Worker(name, [sys.executable, "-c", ANSWERING % (seconds, answer)])


def figure_of(ours, peer, allowed=1e-4, repetitions=3):
    with tempfile.TemporaryDirectory() as folder:
        case = measure.Case("some work", "items/s", ours, [peer], allowed, {"flop": 5e8}, "it waits")
        return measure.measure(case, repetitions, Path(folder))


def report_of(figure):
    machine = {
        "cpu": "Some CPU",
        "vectors": "AVX2",
        "cores": 2,
        "memory_gib": 8,
        "date": "2030-01-02T03:04+00:00",
        "commit": "abc1234",
        "is_changed": False,
        "packages": {"torch": "2.15.0"},
    }
    figure["shares"] = {"flop": figure["ours"]["median"] * 5e8 / 1e11}
    figure["others"] = 0.01
    return {
        "is_quick": False,
        "repetitions": 3,
        "machine": machine,
        "figures": [figure],
        "article": None,
        "limits": {"flop": 1e11, "memory_bytes": 2e10, "disk_bytes": 1e9},
    }


class Measure(unittest.TestCase):
    def test_ratio_is_of_medians_and_spread_of_rounds(self):
        # Rates: ours 10, 5, 2.5, after one that does not count; theirs 1 each time.
        figure = figure_of(worker("zoetrope", "2.0 ** (n - 1)", 1.0), worker("other", "10.0", 1.00001))
        self.assertEqual(figure["ours"]["rates"], [10, 5, 2.5])
        peer = figure["peers"][0]
        self.assertEqual((peer["ratio"], peer["least"], peer["most"]), (5, 2.5, 10))
        self.assertEqual(measure.disagreements([figure]), [])

    def test_sides_take_turns_and_each_begins_every_other_round(self):
        turns = []

        def side(name):
            program = measure.Program(name, [sys.executable, "-c", ""], lambda _: {"seconds": 1, "items": 1, "answer": 1})
            program.prepare = lambda: turns.append(name)
            return program

        figure_of(side("zoetrope"), side("other"))
        self.assertEqual(turns, ["zoetrope", "other", "other", "zoetrope", "zoetrope", "other"])

    def test_answers_that_differ_or_lack_are_said(self):
        figure = figure_of(worker("zoetrope", "1", 1.0), worker("other", "1", 1.001))
        self.assertEqual(measure.disagreements([figure]), ["some work: other answers 1.001, zoetrope 1.0, further apart than 0.0001"])
        self.assertEqual(len(measure.disagreements([figure_of(worker("zoetrope", "1", 1.0), worker("other", "1", "None"))])), 1)
        self.assertEqual(len(measure.disagreements([figure_of(worker("zoetrope", "1", 1.0), worker("other", "1", "float('nan')"))])), 1)

    def test_a_side_that_fails_is_named_with_what_it_said(self):
        broken = measure.Worker("other", [sys.executable, "-c", "import sys; sys.exit('no such model')"])
        with self.assertRaisesRegex(measure.Failed, "no such model"):
            figure_of(worker("zoetrope", "1", 1.0), broken)
        with self.assertRaisesRegex(measure.Failed, "ended with 3"):
            figure_of(measure.Program("zoetrope", [sys.executable, "-c", "import sys; sys.exit(3)"], json.loads), worker("other", "1", 1.0))


class Ground(unittest.TestCase):
    def test_what_is_missing_is_named_with_what_to_do(self):
        with tempfile.TemporaryDirectory() as folder:
            options = argparse.Namespace(build=Path(folder), data=Path(folder) / "none")
            with self.assertRaisesRegex(SystemExit, "zoetrope is missing: script/build"):
                main.check_ground(options)
            (Path(folder) / "bench").mkdir()
            programs = ("model_bench", "analysis_bench", "preprocess_bench", "store_bench", "raw_all_reduce")
            for name in ("zoetrope", *(f"bench/{one}" for one in programs)):
                (Path(folder) / name).touch()
            with self.assertRaisesRegex(SystemExit, "none/train-images.*dataset-fashion-mnist"):
                main.check_ground(options)


class Write(unittest.TestCase):
    def setUp(self):
        self.report = report_of(figure_of(worker("zoetrope", "0.1", 1.0), worker("other", "0.25", 1.0)))

    def test_a_table_has_ratio_spread_and_limit_with_its_reason(self):
        text = write.sections(self.report)
        self.assertIn("| some work | 100 items/s | other | 40 | **2.50x** (2.50x to 2.50x) | 0e+00 |", text)
        self.assertIn("| some work | 50% of the product of two matrices |  |", text)
        self.report["figures"][0]["shares"]["flop"] = 0.4
        self.assertIn("| 40% of the product of two matrices | it waits |", write.sections(self.report))

    def test_a_busy_machine_is_said(self):
        self.assertNotIn("busy", write.machine_text(self.report))
        self.assertNotIn("busy", write.machine_text(self.report))
        self.report["figures"][0]["others"] = 0.9
        self.assertIn("other work, too (up to 0.9 of 2 cores)", write.machine_text(self.report))

    def test_a_report_has_pictures_and_commands(self):
        with tempfile.TemporaryDirectory() as folder:
            write.write_report(self.report, Path(folder))
            text = (Path(folder) / "report.md").read_text()
            self.assertIn(f"    {measure.shown([sys.executable, '-c'])}", text)
            for name in ("ratios.png", "shares.png"):
                self.assertEqual((Path(folder) / name).read_bytes()[:4], b"\x89PNG")
                self.assertIn(f"]({name})", text)


class Article(unittest.TestCase):
    def test_rows_are_medians_of_rounds(self):
        stages = ("train", "embed", "outliers", "pca", "align", "draw", "gif")
        ours = ("training", "embedding", "outliers", "analysis", "drawing", "animation")
        rounds = [
            {
                "python": {stage: {"seconds": 10.0 * scale} for stage in stages},
                "zoetrope": {"stages": {stage: {"seconds": 2.0} for stage in ours}},
            }
            for scale in (1, 3, 2)
        ]
        article = whole_article.of_result({"rounds": rounds, "checks": []})
        rows = {row["stage"]: row for row in article["rows"]}
        self.assertEqual(
            rows["training (Trainer)"],
            {"stage": "training (Trainer)", "python_seconds": 20, "zoetrope_seconds": 2, "ratio": 10, "least": 5, "most": 15},
        )
        self.assertEqual((rows["all of it"]["python_seconds"], rows["all of it"]["zoetrope_seconds"]), (140, 10))
        report = report_of(figure_of(worker("zoetrope", "0.1", 1.0), worker("other", "0.25", 1.0))) | {"article": article | {"others": 0.01}}
        for make in (publish.of_readme, publish.of_bench_readme):
            self.assertIn("| training (Trainer) | 20 s | 2 s | **10.0x** (5.00x to 15.0x) |", make(report))

    def test_beside_a_model_stands_the_peer_that_did_best(self):
        figure = figure_of(worker("zoetrope", "0.1", 1.0), worker("slow", "0.25", 1.0)) | {"case": "training, small ViT"}
        slow = figure["peers"][0]
        figure["peers"].append(slow | {"name": "fast", "median": 50.0, "ratio": 2.0, "least": 1.5, "most": 2.5})
        other = figure_of(worker("zoetrope", "0.1", 1.0), worker("other", "0.25", 1.0))
        rows = write.strongest_table({"figures": [figure, other]}).splitlines()[2:]
        self.assertEqual(rows, ["| training, small ViT | fast | 50 | 100 | **2.00x** (1.50x to 2.50x) |"])


class Publish(unittest.TestCase):
    def test_marks_are_found_once_or_it_is_said(self):
        text = f"before\n{publish.BEGIN.format('speed')}\nold\n{publish.END}\nafter\n"
        self.assertEqual(publish.replaced(text, "speed", "new", "README.md"), text.replace("old", "new"))
        for broken in ("before\nafter\n", text + text):
            with self.assertRaises(SystemExit):
                publish.replaced(broken, "speed", "new", "README.md")

    def test_quick_figures_are_not_published(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "report.json").write_text(json.dumps({"is_quick": True}))
            with self.assertRaisesRegex(SystemExit, "--quick"):
                publish.publish(Path(folder))

    def test_the_readmes_say_what_was_published(self):
        report = publish.published()
        for name, section, make in publish.SECTIONS:
            text = (measure.ROOT / name).read_text()
            self.assertEqual(
                publish.replaced(text, section, make(report), name),
                text,
                f"{name}: figures are not written by hand: script/bench --publish",
            )

    def test_a_report_becomes_sections_of_both_readmes(self):
        figure = figure_of(worker("zoetrope", "0.1", 1.0), worker("other", "0.25", 1.0))
        for _, _, make in publish.SECTIONS:
            self.assertIn("| some work | 100 items/s | other |", make(report_of(figure)))


if __name__ == "__main__":
    unittest.main()
