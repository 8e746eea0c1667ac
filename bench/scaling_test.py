# SPDX-License-Identifier: Apache-2.0
"""bench/scaling as a whole, with little work: scaling_test.py BUILD LAUNCH. What its numbers mean is the business of
tests/slurm/scaling_report_test.py."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCALING = Path(__file__).with_name("scaling")
BUILD, LAUNCH = sys.argv[1:3]


class Scaling(unittest.TestCase):
    def test_it_measures_what_is_missing_and_reports(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [
                sys.executable,
                SCALING,
                folder,
                "--build",
                BUILD,
                "--launch",
                LAUNCH,
                "--ranks",
                "1,2",
                "--repeats",
                "1",
                "--steps",
                "6",
                "--",
                "--train-limit",
                "640",
                "--test-limit",
                "300",
                "--save-steps",
                "3",
                "--threads",
                "1",
                "--device",
                "cpu",
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads((folder / "report.json").read_text())
            self.assertEqual(
                [(point["kind"], point["ranks"], point["images"]) for point in report["points"]],
                [("strong", 1, 32), ("strong", 2, 32), ("weak", 1, 32), ("weak", 2, 64)],
            )
            for point in report["points"]:
                self.assertGreater(point["parts"]["computing"], 0)
                self.assertAlmostEqual(sum(point["parts"].values()), point["step"])
            self.assertGreater(report["points"][1]["parts"]["communication"], 0)
            self.assertIn("2", report["fits"]["alpha_beta"])
            self.assertEqual([path.name for path in folder.glob("*.part")], [])

            (folder / "ranks-2-nodes-1-repeat-1/timeline.json.gz").unlink()
            again = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertEqual(again.stderr.count("finetune"), 1, again.stderr)  # what was missing

    def test_wrong_numbers_of_ranks_are_wrong_usage(self):
        for ranks in ("0", "two", "1,,2"):
            done = subprocess.run([sys.executable, SCALING, "unused", "--ranks", ranks], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--ranks", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
