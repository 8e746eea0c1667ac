# SPDX-License-Identifier: Apache-2.0
"""What slurm/scaling_report.py makes of timelines: the split of a step, the fits, the advice; of made-up runs whose answer is known."""
import gzip
import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "slurm"))
import scaling_report as report  # noqa: E402


def timeline(ranks, steps, compute, communication, between):
    """Steps one after the other, each of loading (1 ms), forward, a sum within backward; times in ms."""
    events = []
    for rank in range(ranks):
        for track, name in enumerate(("stages", "main")):
            events.append({"ph": "M", "name": "thread_name", "pid": rank, "tid": track, "args": {"name": name}})
        at = 0.0
        for _ in range(steps):
            spans = [("step", at, 1 + compute + communication), ("loading the batch", at, 1), ("forward", at + 1, compute),
                     ("backward", at + 1 + compute, communication), ("all_reduce", at + 1 + compute, communication),
                     ("barrier", at + 1 + compute, communication / 2)]  # within the sum: not counted twice
            events += [{"ph": "X", "name": name, "pid": rank, "tid": 1, "ts": 1e3 * begin, "dur": 1e3 * dur} for name, begin, dur in spans]
            at += 1 + compute + communication + between
        events.append({"ph": "X", "name": "training", "pid": rank, "tid": 0, "ts": 0, "dur": 1e3 * at})
    return events


def put_point(folder, name, ranks, batch, **times):
    steps = 4
    point = folder / f"{name}ranks-{ranks}-nodes-1-repeat-1"
    point.mkdir()
    with gzip.open(point / "timeline.json.gz", "wt") as file:
        json.dump({"traceEvents": timeline(ranks, steps, **times)}, file)
    seconds = steps * (1 + sum(times.values())) / 1e3
    (point / "summary.json").write_text(json.dumps({"stages": {"training": {"items": batch * steps, "seconds": seconds}}}))


class Report(unittest.TestCase):
    def test_a_step_is_split_and_nothing_counted_twice(self):
        parts, steps = report.split(timeline(2, 5, compute=10, communication=4, between=2))
        self.assertEqual(steps, 5)
        for part, milliseconds in (("computing", 10), ("images", 1), ("communication", 4), ("between steps", 2)):
            self.assertAlmostEqual(1e3 * parts[part], milliseconds, places=6)

    def test_a_timeline_without_training_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "no training"):
            report.split([{"ph": "M", "name": "thread_name", "pid": 0, "tid": 0, "args": {"name": "main"}}])

    def test_amdahl_finds_what_was_put_in(self):
        fit = report.amdahl({ranks: 0.5 + 8 / ranks for ranks in (1, 2, 4, 8)})
        self.assertAlmostEqual(fit["serial_seconds"], 0.5)
        self.assertAlmostEqual(fit["parallel_seconds"], 8)
        self.assertLess(fit["error"], 1e-9)
        self.assertIsNone(report.amdahl({4: 1.0}))
        superlinear = report.amdahl({ranks: 8 / ranks**1.2 for ranks in (1, 2, 4)})
        self.assertEqual(superlinear["serial_seconds"], 0)  # not below
        self.assertGreater(superlinear["error"], 0.01)

    def test_alpha_and_beta_are_found(self):
        fit = report.alpha_beta([{"bytes": size, "median_us": 20 + size / 2000} for size in (8, 1024, 1 << 20)])
        self.assertAlmostEqual(fit["alpha_us"], 20)
        self.assertAlmostEqual(fit["gb_per_second"], 2)
        self.assertEqual(report.alpha_beta([{"bytes": size, "median_us": 20} for size in (8, 16)])["gb_per_second"], math.inf)

    def test_what_takes_time_is_what_is_advised_against(self):
        for times, word in (({"compute": 8, "communication": 8, "between": 0}, "--batch-size"),
                            ({"compute": 8, "communication": 0, "between": 9}, "--save-steps"),
                            ({"compute": 90, "communication": 1, "between": 1}, "more ranks")):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                put_point(folder, "", 1, 32, **(times | {"compute": 2 * times["compute"]}))
                put_point(folder, "", 2, 32, **times)
                self.assertIn(word, " ".join(report.make_report(folder)["advice"]))

    def test_a_report_is_written(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for ranks in (1, 2, 4):
                put_point(folder, "", ranks, 32, compute=16 / ranks, communication=ranks - 1, between=0.5)
                put_point(folder, "weak-", ranks, 32 * ranks, compute=16, communication=ranks - 1, between=0.5)
            (folder / "comm-ranks-2.json").write_text(
                json.dumps({"all_reduce": [{"bytes": size, "median_us": 5 + size / 1000} for size in (8, 4096)]}))
            done = subprocess.run([sys.executable, ROOT / "slurm/scaling_report.py", folder], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            text = (folder / "report.md").read_text()
            self.assertIn("| strong | 4 | 32 | 8.50 | 4.00 | 1.00 | 3.00 | 0.50 | 3,765 | 0.51 |", text)
            self.assertIn("| weak | 4 | 128 | 20.50 |", text)
            self.assertIn("an all-reduce on 2 ranks: 5 us + bytes / 1.00 GB/s", text)
            self.assertEqual(len(json.loads((folder / "report.json").read_text())["points"]), 6)

    def test_an_empty_folder_and_a_broken_timeline_are_named(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with self.assertRaisesRegex(SystemExit, "holds no runs"):
                report.make_report(folder)
            put_point(folder, "", 1, 32, compute=1, communication=0, between=0)
            (folder / "ranks-1-nodes-1-repeat-1/timeline.json.gz").write_bytes(b"not gzip")
            with self.assertRaisesRegex(SystemExit, "ranks-1-nodes-1-repeat-1.*remove the folder"):
                report.make_report(folder)


if __name__ == "__main__":
    unittest.main()
