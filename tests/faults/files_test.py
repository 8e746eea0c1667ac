# SPDX-License-Identifier: Apache-2.0
"""A run that is killed between any two operations on its files, its continuation, too, and one whose disk fails from any
operation on: run again, it ends as one that nothing happened to.

Some places, drawn anew each time; ZOETROPE_FAULTS=all: every place, which takes half an hour a test."""
import errno
import hashlib
import os
import random
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))
import job  # noqa: E402

LIBRARY = os.environ["ZOETROPE_FILE_FAULTS"]
FAULTS = os.environ.get("ZOETROPE_FAULTS", "8")
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


class FileFaults(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def go_on(self, folder, words, kill_after=0, fail_from=0, error=0):
        """Starts the run or goes on with it. Returns what it did to its files, and what it said on standard error."""
        operations = folder.with_name(f"{folder.name}.operations")
        operations.write_text("")
        environment = {**os.environ, "LD_PRELOAD": LIBRARY, "ZOETROPE_TEST_FOLDER": str(folder), "ZOETROPE_TEST_OPERATIONS": str(operations),
                       "ZOETROPE_TEST_KILL_AFTER": str(kill_after), "ZOETROPE_TEST_FAIL_FROM": str(fail_from),
                       "ZOETROPE_TEST_FAIL_WITH": str(error)}
        done = subprocess.run([job.PROGRAM, "run", "--run", folder, *words], env=environment, capture_output=True, text=True,
                              timeout=240 * job.SLOWER)
        did = operations.read_text().splitlines()
        # An operation of another thread may have begun before the last one and not be written down yet.
        expected = -9 if 0 < kill_after <= len(did) + 3 and done.returncode != 0 else 4 if 0 < fail_from else 0
        self.assertEqual(done.returncode, expected, f"killed after {kill_after}, failing from {fail_from}: {did[-1:]}\n{done.stderr}")
        return did, done.stderr

    def compare(self, folder, what):
        try:
            job.assert_same_results(self.reference, folder)
            self.assertEqual(files(self.reference), files(folder))
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None

    def try_places(self, words, disturb):
        """`disturb(folder, place, draw)` says of each place what was done there to the run that it began in `folder`."""
        self.reference = self.root / "reference"
        operations, _ = self.go_on(self.reference, words)
        self.assertGreater(len(operations), 100)
        seed = random.randrange(10**9)
        print(f"{len(operations)} operations, seed {seed}", flush=True)
        draw = random.Random(seed)
        every = range(1, len(operations) + 1)
        places = every if FAULTS == "all" else sorted(draw.sample(every, int(FAULTS)))
        cases = [(words, disturb, place, random.Random(draw.random())) for place in places]
        with ThreadPoolExecutor(2) as pool:
            complaints = [complaint for complaint in pool.map(self.try_one, cases) if complaint]
        print(f"{len(cases)} places tried, {len(complaints)} with a complaint", flush=True)
        self.assertFalse(complaints, f"{len(complaints)} of {len(cases)} places\n" + "\n".join(complaints))

    def try_one(self, case):
        words, disturb, place, draw = case
        folder = self.root / f"place-{place}"
        try:
            what = disturb(folder, place, draw)
            self.go_on(folder, words)
            self.compare(folder, what)
        except AssertionError as error:
            return f"place {place}: {error}"
        finally:
            subprocess.run(["rm", "-rf", folder, folder.with_name(f"{folder.name}.operations")], check=True)
        return None

    def kill(self, *saving):
        words = [*RUN, *saving]

        def disturb(folder, place, draw):
            done, _ = self.go_on(folder, words, kill_after=place)
            again = draw.randrange(1, 60)
            once_more, _ = self.go_on(folder, words, kill_after=again)
            return f"killed after operation {place} ({done[-1]}), and {again} of its continuation ({once_more[-1]})"
        self.try_places(words, disturb)

    def test_killed_with_all_models_kept(self):
        self.kill("--keep-optimizer", "1")

    def test_killed_in_situ(self):
        self.kill("--save", "in-situ")

    def test_a_disk_that_fails(self):
        def disturb(folder, place, draw):
            error = draw.choice([errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.EIO, errno.ESTALE])
            did, said = self.go_on(folder, RUN, fail_from=place, error=error)
            what = f"operations fail with {errno.errorcode[error]} from {place} ({did[place - 1]}) on"
            lines = [line for line in said.splitlines() if line.startswith("zoetrope: ")]
            self.assertEqual(len(lines), 1, f"{what}: {said}")
            self.assertTrue(str(folder) in lines[0] or "zoetrope: ." in lines[0], f"{what}: no file is named: {lines[0]}")
            return what
        self.try_places(RUN, disturb)


if __name__ == "__main__":
    unittest.main()
