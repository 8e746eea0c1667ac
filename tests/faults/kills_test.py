# SPDX-License-Identifier: Apache-2.0
"""A run that is killed between any two operations on its files, and its continuation killed, too, ends as one that was not.

Some places, drawn anew each time; ZOETROPE_KILLS=all: every place, which takes half an hour a way of saving."""
import hashlib
import os
import random
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))
import job  # noqa: E402

KILLER = os.environ["ZOETROPE_KILLER"]
KILLS = os.environ.get("ZOETROPE_KILLS", "8")
RUN = ["--train-limit", "96", "--test-limit", "60", "--max-steps", "8", "--save-steps", "3", "--logging-steps", "2",
       "--batch-size", "8", "--learning-rate", "1e-3", "--size", "640x360", "--resume-every", "0", "--neighbours", "5",
       "--outliers", "4", "--threads", "1", "--no-progress", "--quiet"]


def files(folder):
    """What the run left: each file's path, and the bytes of those that hold no time and no path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix if path.is_file() else "folder"
        same = kind in (".png", ".gif", ".safetensors") or path.name in ("config.json", "preprocessor_config.json", "training.json")
        found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest() if same else kind
    return found


class Kills(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def go_on(self, folder, words, kill_after=0):
        """Starts the run or goes on with it. Returns what it did to its files."""
        operations = self.root / "operations"
        operations.unlink(missing_ok=True)
        environment = {**os.environ, "LD_PRELOAD": KILLER, "ZOETROPE_TEST_FOLDER": str(folder),
                       "ZOETROPE_TEST_KILL_AFTER": str(kill_after), "ZOETROPE_TEST_OPERATIONS": str(operations)}
        done = subprocess.run([job.PROGRAM, "run", "--run", folder, *words], env=environment, capture_output=True, text=True, timeout=240)
        did = operations.read_text().splitlines()
        expected = -9 if 0 < kill_after <= len(did) else 0
        self.assertEqual(done.returncode, expected, f"killed after {kill_after}: {did[-1:]}\n{done.stderr}")
        return did

    def compare(self, folder, reference, what):
        try:
            job.assert_same_results(reference, folder)
            self.assertEqual(files(reference), files(folder))
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None

    def kill(self, *saving):
        words = [*RUN, *saving]
        reference = self.root / "reference"
        operations = self.go_on(reference, words)
        self.assertGreater(len(operations), 100)
        seed = random.randrange(10**9)
        print(f"{len(operations)} operations, seed {seed}", flush=True)
        draw = random.Random(seed)
        places = range(1, len(operations) + 1)
        if KILLS != "all":
            places = sorted(draw.sample(places, int(KILLS)))
        for place in places:
            folder = self.root / f"killed-{place}"
            done = self.go_on(folder, words, place)
            again = draw.randrange(1, 60)
            once_more = self.go_on(folder, words, again)
            self.go_on(folder, words)
            self.compare(folder, reference, f"killed after operation {place} ({done[-1]}), and {again} of its continuation "
                                            f"({once_more[-1]}); seed {seed}")
            subprocess.run(["rm", "-r", folder], check=True)

    def test_all_models_kept(self):
        self.kill("--keep-optimizer", "1")

    def test_in_situ(self):
        self.kill("--save", "in-situ")


if __name__ == "__main__":
    unittest.main()
