# SPDX-License-Identifier: Apache-2.0
"""--neighbour-search hnsw and ivf: the same bits on any number of ranks, with a recall that a count in numpy gives, too."""
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np

ROWS, COLUMNS, STEPS = 1000, 24, (0, 5, 9)  # of 1,000 rows all are looked at for the recall
K = 10
METHODS = ("hnsw", "ivf")
HAS_FAISS = "FAISS" in job.run(["--version"])[0]
needs_faiss = require.unless(HAS_FAISS, "faiss", "this build has no FAISS: script/bootstrap installs libfaiss-dev where apt has it")


def embeddings(rows=ROWS):
    """Three classes that part from one another, in noise that is alike in all directions: hard for an index."""
    random = np.random.default_rng(7)
    noise, centres = random.normal(size=(rows, COLUMNS)), random.normal(size=(3, COLUMNS))
    return {step: (noise + 0.2 * step * centres[np.arange(rows) % 3]).astype(np.float32) for step in STEPS}


def exact_distances(rows):
    unit = rows.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    distance = 1 - unit @ unit.T
    np.fill_diagonal(distance, np.inf)
    return distance


class NeighbourSearch(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def analyze(self, run, *options, rows=ROWS, values=None, ranks=1, code=0):
        given = self.root / "given"
        given.mkdir(exist_ok=True)
        for step, array in (values or embeddings(rows)).items():
            np.save(given / f"{step}.npy", array)
        out, said = job.run(["analyze", "--embeddings", given, "--run", self.root / run, "--no-progress", "--quality-neighbours", "12", *options],
                            ranks, code)
        return out + said

    def stored(self, run):
        with h5py.File(self.root / run / "analysis.h5") as file:
            return {name: file[name][:] for name in file}, dict(file.attrs)

    @needs_faiss
    def test_any_number_of_ranks_gives_the_same_bits(self):
        for method in METHODS:
            for ranks in (1, 2, 4):
                self.analyze(f"{method}-{ranks}", "--neighbour-search", method, ranks=ranks)
            self.analyze(f"{method}-threads", "--neighbour-search", method, "--threads", "3")
            for other in ("2", "4", "threads"):
                job.assert_same_hdf5(self.root / f"{method}-1/analysis.h5", self.root / f"{method}-{other}/analysis.h5")

    @needs_faiss
    def test_recall_is_what_numpy_counts_and_is_said(self):
        values = embeddings()
        for method in METHODS:
            said = self.analyze(method, "--neighbour-search", method)
            found, attributes = self.stored(method)
            for frame, step in enumerate(STEPS):
                distance = exact_distances(values[step])
                kth = np.sort(distance, axis=1)[:, K - 1]
                of_found = np.take_along_axis(distance, found["neighbour"][frame].astype(np.int64), axis=1)
                self.assertAlmostEqual(found["neighbour_recall"][frame], (of_found <= kth[:, None] + 1e-12).mean(), 12)
                np.testing.assert_allclose(found["mean_distance"][frame], of_found.mean(axis=1), rtol=1e-6)
            self.assertTrue(np.all(found["neighbour_recall"] > 0.8) and np.all(found["neighbour_recall"] <= 1), found["neighbour_recall"])
            self.assertEqual(attributes["neighbour_search"].decode(), method)
            self.assertRegex(attributes["neighbour_search_parameters"].decode(), "^FAISS 1.7.[0-9], ")
            least = f"{100 * found['neighbour_recall'].min():.2f} % found"
            self.assertIn(f"by {method}: of the 10 nearest", said)
            self.assertIn(least, said)
            inspected, _ = job.run(["inspect", self.root / method / "analysis.h5"])
            self.assertRegex(inspected, rf"neighbours by {method}: of the 10 nearest .*{re.escape(least)}")
            self.assertIn("neighbour_recall", inspected)
            job.run(["review", "--run", self.root / method, "--no-progress"])
            self.assertIn(f"neighbours by {method}: of the 10 nearest", (self.root / method / "review.html").read_text())

    @needs_faiss
    def test_an_analysis_by_one_is_not_taken_for_that_by_another(self):
        by = {}
        for method in ("ivf", "exact", "hnsw", "exact"):
            self.analyze("run", *(() if method == "exact" else ("--neighbour-search", method)))
            by[method], attributes = self.stored("run")
            self.assertEqual("neighbour_search" in attributes, method != "exact")
            self.assertEqual("neighbour_recall" in by[method], method != "exact")
        self.assertFalse(np.array_equal(by["exact"]["neighbour"], by["ivf"]["neighbour"]))
        before = (self.root / "run/analysis.h5").stat().st_mtime_ns
        self.analyze("run", "--neighbour-search", "exact")
        self.assertEqual((self.root / "run/analysis.h5").stat().st_mtime_ns, before)
        # Ranks of the neighbours in the picture are exact in either case.
        np.testing.assert_array_equal(by["ivf"]["trust"], by["exact"]["trust"])

    @needs_faiss
    def test_few_images_are_searched_exactly_and_it_says_so(self):
        said = self.analyze("few", "--neighbour-search", "hnsw", rows=60)
        self.assertIn("--neighbour-search hnsw: 60 images are searched exactly", said)
        self.analyze("exact", rows=60)
        few, exact = self.stored("few")[0], self.stored("exact")[0]
        np.testing.assert_array_equal(few.pop("neighbour_recall"), 1)
        self.assertEqual(set(few), set(exact))
        for name in exact:
            np.testing.assert_array_equal(few[name], exact[name], name)

    @needs_faiss
    def test_degenerate_rows(self):
        values = embeddings()
        for array in values.values():
            array[100:300] = array[100]
            array[500] = 0
        for method in METHODS:
            self.analyze(method, "--neighbour-search", method, values=values)
            found = self.stored(method)[0]
            np.testing.assert_array_equal(found["mean_distance"][:, 100:300], 0)
            np.testing.assert_array_equal(found["mean_distance"][:, 500], 1)
        for array in values.values():
            array[:] = 1  # one distinct row
        self.analyze("equal", "--neighbour-search", "ivf", values=values)
        np.testing.assert_array_equal(self.stored("equal")[0]["mean_distance"], 0)

    def test_many_images_are_searched_exactly_and_it_says_how_long_that_takes(self):
        rows = np.random.default_rng(1).normal(size=(200_000, 4)).astype(np.float32)
        given = self.root / "given"
        given.mkdir()
        np.save(given / "0.npy", rows)
        words = job.command(["analyze", "--embeddings", given, "--run", self.root / "run", "--no-progress"])
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
            said = next((line for line in program.stdout if "exact search" in line), "")
            program.send_signal(signal.SIGTERM)
            program.communicate(timeout=240)
        self.assertRegex(said, "the exact search for neighbours among 200,000 images takes about .+ for each of 1 checkpoints; --neighbour-search hnsw")
        self.assertEqual(program.returncode, 75)

    def test_wrong_words_and_values_are_refused(self):
        said = self.analyze("none", "--neighbour-search", "annoy", code=2)
        self.assertIn("--neighbour-search annoy: choose one of exact, hnsw, ivf", said)
        if not HAS_FAISS:
            said = self.analyze("none", "--neighbour-search", "hnsw", code=2)
            self.assertIn("this zoetrope has no FAISS", said)
            return
        values = embeddings()
        values[5][17, 3] = np.nan
        refusals = {self.analyze(method, "--neighbour-search", method, values=values, code=3).replace(method, "") for method in ("exact", *METHODS)}
        self.assertEqual(len(refusals), 1, refusals)
        self.assertIn("17", refusals.pop())


if __name__ == "__main__":
    unittest.main()
