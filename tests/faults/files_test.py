# SPDX-License-Identifier: Apache-2.0
"""A run that is killed between any two operations on its files, its continuation, too, and one whose disk fails from any
operation on: run again, it ends as one that nothing happened to. One whose files cannot be read for once takes none for
damaged, and one whose lock or images cannot be looked at says so.

Some places, drawn anew each time; ZOETROPE_FAULTS=all: every place, which takes half an hour a test; ZOETROPE_FAULTS=2/5: every
fifth, from the second on."""
import errno
import hashlib
import os
import random
import shutil
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
       "--outliers", "4", "--tween", "1", "--threads", "1", "--no-progress", "--quiet"]


def files(folder):
    """What the run left: each file's path, and what those hold that have no time and no path in them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix if path.is_file() else "folder"
        same = kind in (".png", ".gif", ".safetensors") or path.name in ("config.json", "preprocessor_config.json", "training.json")
        found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest() if same else kind
    return found


def results(folder):
    """What the stages hand over to one another, and what says how they came about: the digest of each file, and of those that a job
    with nothing to do leaves alone whether it is the same one: what is made again has the same bytes."""
    kinds = (".safetensors", ".h5", ".json", ".csv", ".ini")
    found = {}
    for path, digest in job.digests(folder).items():
        if path.suffix not in kinds or path.name == "summary.json":
            continue
        status = (folder / path).stat()
        found[path] = (digest, *((status.st_ino, status.st_mtime_ns) if path.suffix != ".csv" else ()))
    return found


def chosen(num_places, draw):
    """Which places, of 1, 2, ..., are tried."""
    every = range(1, num_places + 1)
    if FAULTS == "all":
        return every
    if "/" in FAULTS:
        first, step = map(int, FAULTS.split("/"))
        return every[first - 1::step]
    return sorted(draw.sample(every, int(FAULTS)))


class FileFaults(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def go_on(self, folder, words, codes=(0,), asked_of=None, kill_after=0, fail_from=0, fail_until=0, error=0):
        """Starts the run or goes on with it. Returns what it did to its files, or asked of those that are named, and what it said on
        standard error."""
        operations = folder.with_name(f"{folder.name}.operations")
        operations.write_text("")
        settings = {"FOLDER": asked_of or folder, "READS": int(asked_of is not None), "OPERATIONS": operations, "KILL_AFTER": kill_after,
                    "FAIL_FROM": fail_from, "FAIL_UNTIL": fail_until, "FAIL_WITH": error}
        environment = {**os.environ, "LD_PRELOAD": LIBRARY, **{f"ZOETROPE_TEST_{name}": str(value) for name, value in settings.items()}}
        done = subprocess.run([job.PROGRAM, "run", "--run", folder, *words], env=environment, capture_output=True, text=True,
                              timeout=240 * job.SLOWER)
        did = operations.read_text().splitlines()
        # An operation of another thread may have begun before the last one and not be written down yet.
        if 0 < kill_after <= len(did) + 3 and done.returncode != 0:
            codes = (-9,)
        self.assertIn(done.returncode, codes, f"killed after {kill_after}, failing from {fail_from}: {did[-1:]}\n{done.stderr}")
        return did, done.stderr

    def compare(self, folder, what):
        try:
            job.assert_same_results(self.reference, folder)
            self.assertEqual(files(self.reference), files(folder))
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None

    def try_places(self, words, disturb, reads=False):
        """`disturb(folder, place, draw)` says of each place what was done there to the run that it began in `folder`. With `reads`
        the places are those where a run that is whole is read."""
        self.reference = self.root / "reference"
        operations, _ = self.go_on(self.reference, words)
        if reads:
            operations, _ = self.go_on(self.reference, words, asked_of=self.reference)
        self.assertGreater(len(operations), 100)
        self.operations = operations
        seed = random.randrange(10**9)
        print(f"{len(operations)} operations, seed {seed}", flush=True)
        draw = random.Random(seed)
        cases = [(words, disturb, place, random.Random(draw.random())) for place in chosen(len(operations), draw)]
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
            # A lock that stays is as that of a job that was killed: all that was to be done is done.
            only_the_lock = self.operations[place - 1] == "remove /.zoetrope.lock"
            did, said = self.go_on(folder, RUN, codes=(0,) if only_the_lock else (4,), fail_from=place, error=error)
            what = f"operations fail with {errno.errorcode[error]} from {place} ({did[place - 1]}) on"
            if not only_the_lock:
                self.assert_one_line(said, folder, what)
            return what
        self.try_places(RUN, disturb)

    def test_a_disk_that_cannot_be_read(self):
        """Not for once, or not from some time on: what lies on it is not damaged for that, and stays."""
        def disturb(folder, place, draw):
            shutil.copytree(self.reference, folder)
            before = results(folder)
            error = draw.choice([errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE])
            until = draw.choice([0, place + 1])
            asked, said = self.go_on(folder, RUN, codes=(0, 4), asked_of=folder, fail_from=place, fail_until=until, error=error)
            what = f"reading fails with {errno.errorcode[error]} {'once, at' if until else 'from'} {place} ({asked[place - 1:place]})"
            if "zoetrope: " in said:
                self.assert_one_line(said, folder, what)
            self.assertEqual(before, results(folder), f"{what}: {said}")
            return what
        self.try_places(RUN, disturb, reads=True)

    def test_a_folder_of_images_that_cannot_be_listed(self):
        images = self.root / "images"
        for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png"):
            (images / name).parent.mkdir(parents=True)
            (images / name).touch()
        for place in (images, images / "train", images / "train/dog"):
            _, said = self.go_on(self.root / "unlisted", ["--data", f"folder:{images}"], codes=(4,), asked_of=place, fail_from=1,
                                 error=errno.EACCES)
            self.assert_one_line(said, place, f"listing {place}")

    def test_a_file_of_the_run_that_cannot_be_read_for_once(self):
        """It is not damaged for that: nothing is made again, now or by the next job."""
        folder = self.root / "unread"
        self.go_on(folder, RUN)
        before = results(folder)
        for file in (folder / "checkpoint-3" / "embeddings.h5", folder / "analysis.h5"):
            asked, _ = self.go_on(folder, RUN, asked_of=file)
            self.assertGreater(len(asked), 40)
            seed = random.randrange(10**9)
            print(f"{file.name}: asked {len(asked)} times, seed {seed}", flush=True)
            for place in chosen(len(asked), random.Random(seed)):
                what = f"{asked[place - 1]} {file.name} fails at {place}"
                _, said = self.go_on(folder, RUN, codes=(0, 4), asked_of=file, fail_from=place, fail_until=place + 1, error=errno.EIO)
                if "zoetrope: " in said:
                    self.assert_one_line(said, file, what)
                self.assertEqual(before, results(folder), f"{what}: {said}")
        self.go_on(folder, RUN)
        self.assertEqual(before, results(folder))

    def test_a_lock_that_cannot_be_read(self):
        """It is no other job's for that: whoever can't look at it says so soon, and does not wait for anybody."""
        folder = self.root / "locked"
        self.go_on(folder, RUN)
        lock = folder / ".zoetrope.lock"
        asked, _ = self.go_on(folder, RUN, asked_of=lock)
        self.assertGreater(len(asked), 4)
        for place in range(1, len(asked) + 1):
            for until in (0, place + 1):
                before = results(folder)
                _, said = self.go_on(folder, RUN, codes=(0, 4), asked_of=lock, fail_from=place, fail_until=until, error=errno.EIO)
                self.assertNotIn("another job", said)
                if "zoetrope: " in said:
                    self.assertEqual(until, 0, said)
                    self.assert_one_line(said, lock, f"from {place}")
                self.assertEqual(before, results(folder))
        self.go_on(folder, RUN)

    def assert_one_line(self, said, folder, what):
        lines = [line for line in said.splitlines() if line.startswith("zoetrope: ")]
        self.assertEqual(len(lines), 1, f"{what}: {said}")
        self.assertTrue(str(folder) in lines[0] or "zoetrope: ." in lines[0], f"{what}: no file is named: {lines[0]}")


if __name__ == "__main__":
    unittest.main()
