# SPDX-License-Identifier: Apache-2.0
"""Each file of a run, damaged in each way: `inspect --verify` names it, and `run` ends as if nothing had been, or refuses it by name
and leaves all other files as they are.

By hand, at length: ZOETROPE_FAULT_FLIPS=N flips N bits in each part of each file, of all checkpoints; ZOETROPE_FAULT_SEED says where."""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import job  # noqa: E402

FLIPS = int(os.environ.get("ZOETROPE_FAULT_FLIPS", "1"))
SEED = int(os.environ.get("ZOETROPE_FAULT_SEED", "1"))
AT_LENGTH = FLIPS > 1
OPTIONS = ["--train-limit", "128", "--test-limit", "60", "--max-steps", "8", "--save-steps", "4", "--logging-steps", "2",
           "--batch-size", "16", "--size", "640x360", "--resume-every", "0", "--neighbours", "5", "--threads", "1", "--no-progress"]
RATE, OTHER_RATE = ["--learning-rate", "1e-3"], ["--learning-rate", "3e-3"]

OF_RUN = ["run.ini", "log.csv", "analysis.h5", "summary.json"]
RECORDS = ["training.json", "config.json", "preprocessor_config.json", "trainer_state.json"]
TENSORS = ["model.safetensors", "optimizer.safetensors"]
# What is damaged in CI; at length it is all of this in all checkpoints.
FULL = [*OF_RUN, *(f"checkpoint-4/{name}" for name in ["embeddings.h5", *RECORDS, "model.safetensors"]),
        *(f"checkpoint-8/{name}" for name in ["trainer_state.json", "optimizer.safetensors"])]
IN_SITU = ["checkpoint-4/embeddings.h5", "checkpoint-8/model.safetensors"]
MADE_ANEW = ["animation.gif", "poster.png", "review.html", "checkpoint-4/frame.png"]  # by each run

# In CI these are tried with the first damage of each kind alone: their readers are one.
ALIKE = {f"checkpoint-4/{name}" for name in RECORDS} | {"summary.json", "checkpoint-8/optimizer.safetensors"}
FEW = {"flipped in its values", "cut", "missing", "another's"}

# Files that may be gone, or another's, as far as anybody can tell.
UNKNOWN = {("run.ini", "another's"), ("run.ini", "missing"), ("summary.json", "another's"), ("summary.json", "missing"),
           ("analysis.h5", "missing"), ("training.json", "missing"), ("optimizer.safetensors", "missing"),
           ("model.safetensors", "missing"), ("embeddings.h5", "missing")}
# A person may have put other weights there: they are embedded, with a warning.
OTHER_RESULTS = {("model.safetensors", "another's")}


def flip(content, place, bit):
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1:]


def without_last_number(content):
    """NaN in its place: in a text the last number with a point, else the last two floats."""
    if content.startswith((b"{", b"step")):
        return re.sub(rb"(.*[^-0-9.])-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?", rb"\1NaN", content, count=1, flags=re.DOTALL)
    return content[:-8] + struct.pack("<ff", float("nan"), float("nan"))


def damages(name, content, other, chance):
    """What is done to a file, and what it then holds; None: it is gone."""
    for _ in range(FLIPS):
        yield "flipped at its beginning", flip(content, chance.randrange(min(64, len(content))), chance.randrange(8))
        yield "flipped in its values", flip(content, chance.randrange(len(content) // 2, len(content)), chance.randrange(8))
    yield "cut", content[:len(content) * 2 // 3]
    yield "empty", b""
    yield "missing", None
    if name != "run.ini":
        yield "not a number", without_last_number(content)
    if other not in (None, content):
        yield "another's", other


def is_harmless(whole, damaged, what):
    """Whether a flipped bit is one that no reader of HDF5 looks at, between the datasets' values."""
    if damaged.suffix != ".h5" or what != "flipped in its values":
        return False
    try:
        job.assert_same_hdf5(whole, damaged)
    except AssertionError:
        return False
    return True


def attempt(*words):
    done = subprocess.run(job.command(words), capture_output=True, text=True, timeout=240 * job.SLOWER)
    return done.returncode, done.stdout + done.stderr


class DamageMatrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"ZOETROPE_FAULT_FLIPS={FLIPS} ZOETROPE_FAULT_SEED={SEED}", file=sys.stderr)
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        for save in "full", "in-situ":
            job.run(["run", "--run", cls.root / save, "--save", save, *OPTIONS, *RATE])
            job.run(["run", "--run", cls.root / f"other-{save}", "--save", save, *OPTIONS, *OTHER_RATE])

    def test_a_full_run(self):
        self.try_all("full", self.names_in("full") if AT_LENGTH else FULL)

    def test_a_run_in_situ(self):
        self.try_all("in-situ", self.names_in("in-situ") if AT_LENGTH else IN_SITU)

    def test_what_each_run_makes_anew(self):
        whole, folder = self.root / "full", self.root / "anew"
        shutil.copytree(whole, folder)
        for name in MADE_ANEW:
            (folder / name).write_bytes((folder / name).read_bytes()[:100])
        job.run(["run", "--run", folder, "--no-progress"])
        self.assert_as_undisturbed(whole, folder)

    def names_in(self, save):
        wanted = {*OF_RUN, *RECORDS, *TENSORS, "embeddings.h5"}
        return [str(path.relative_to(self.root / save)) for path in sorted((self.root / save).rglob("*")) if path.name in wanted]

    def try_all(self, save, names):
        chance = random.Random(SEED)
        cases = []
        for name in names:
            other = self.root / f"other-{save}" / name
            content = (self.root / save / name).read_bytes()
            for what, damaged in damages(name, content, other.read_bytes() if other.exists() else None, chance):
                if name not in ALIKE or what in FEW or AT_LENGTH:
                    cases.append((save, name, what, damaged, f"{save}-{len(cases)}"))
        with ThreadPoolExecutor(2) as pool:
            complaints = [complaint for complaint in pool.map(self.try_one, cases) if complaint]
        self.assertFalse(complaints, f"{len(complaints)} of {len(cases)} cases\n" + "\n".join(complaints))

    def try_one(self, case):
        save, name, what, damaged, folder = case
        whole, folder = self.root / save, self.root / folder
        try:
            shutil.copytree(whole, folder)
            if damaged is None:
                (folder / name).unlink()
            else:
                (folder / name).write_bytes(damaged)
            self.check(whole, folder, folder / name, what)
        except AssertionError as error:
            return f"{save}: {name}, {what}: {error}"
        finally:
            shutil.rmtree(folder)
        return None

    def check(self, whole, folder, path, what):
        before = job.digests(folder)
        code, said = attempt("inspect", "--verify", folder)
        if (path.name, what) not in UNKNOWN:
            named = code == 3 and str(path) in said
            assert named or is_harmless(whole / path.relative_to(folder), path, what), f"inspect --verify does not name it: {code}\n{said}"
        assert job.digests(folder) == before, "inspect --verify has written something"

        given = [] if path.name != "run.ini" or what == "another's" else ["--save", whole.name, *OPTIONS[:-1], *RATE]
        code, said = attempt("run", "--run", folder, "--no-progress", *given)
        assert code in (0, 3) or (path.name, code) == ("run.ini", 2), f"code {code}\n{said}"
        if code != 0:
            after = job.digests(folder)
            assert path.parent.name in said and (str(path) in said or what == "another's"), f"refused without its name\n{said}"
            assert after == before, f"refused, and others differ: {set(after.items()) ^ set(before.items())}\n{said}"
        elif (path.name, what) in OTHER_RESULTS:
            assert str(path.parent) in said, f"other results without a word\n{said}"
        else:
            self.assert_as_undisturbed(whole, folder, said)

    def assert_as_undisturbed(self, whole, folder, said=""):
        try:
            job.assert_same_results(whole, folder)
        except (AssertionError, OSError, ValueError) as error:
            raise AssertionError(f"{error}\n{said}") from error
        for name in "animation.gif", "run.ini":
            assert (folder / name).read_bytes() == (whole / name).read_bytes(), f"{name} differs\n{said}"
        for path in whole.rglob("*.png"):
            assert path.read_bytes() == (folder / path.relative_to(whole)).read_bytes(), f"{path.name} differs\n{said}"
        code, found = attempt("inspect", "--verify", folder)
        assert code == 0, f"not all of it is whole again\n{found}{said}"


if __name__ == "__main__":
    unittest.main()
