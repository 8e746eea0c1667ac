# SPDX-License-Identifier: Apache-2.0
"""--memory-limit: rows that are read in blocks give the bits of those in memory, within the limit, and what is too small is refused."""
import json
import re
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np

FASHION = Path("/usr/share/datasets/fashion-mnist")
HAS_FAISS = "FAISS" in job.run(["--version"])[0]
CLASSES, MIB = 5, 1 << 20
BLOCKS = r"rows are read in ([2-9]|\d\d+) blocks: in memory the analysis takes .+ a rank, and --memory-limit leaves it"


class MemoryLimit(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def arrays(self, steps, images, width):
        """Embeddings of as many steps, some of them equal, and logits that follow them."""
        draw = np.random.default_rng(5)
        rows = draw.standard_normal((images, width), dtype=np.float32)
        weight = draw.standard_normal((width, CLASSES), dtype=np.float32)
        for step in range(steps):
            rows[-7:] = rows[:7]
            yield step, rows, rows @ weight
            rows += 0.2 * draw.standard_normal(rows.shape, dtype=np.float32)

    def give(self, steps=3, images=2000, width=256):
        """The words that analyse made-up embeddings with logits and labels, files of NumPy's."""
        for name in ("rows", "logits"):
            (self.root / name).mkdir()
        for step, rows, logits in self.arrays(steps, images, width):
            np.save(self.root / f"rows/step-{step}.npy", rows)
            np.save(self.root / f"logits/step-{step}.npy", logits)
        np.save(self.root / "labels.npy", np.arange(images) % CLASSES)
        return ["--embeddings", self.root / "rows", "--logits", self.root / "logits", "--labels", self.root / "labels.npy"]

    def analyze(self, run, *words, ranks=1, code=0):
        out, said = job.run(["analyze", "--run", self.root / run, "--threads", "1", "--no-progress", *words], ranks, code)
        return out + said

    def least(self, *words, ranks=1):
        """The least limit that such a job takes, as its refusal says."""
        said = self.analyze(f"refused-{ranks}", *words, "--memory-limit", "1M", ranks=ranks, code=2)
        found = re.search(r"--memory-limit: even in blocks the analysis takes .+ and 1.0 MiB is given; give (\d+M) or more", said)
        self.assertIsNotNone(found, said)
        self.assertFalse((self.root / f"refused-{ranks}/analysis.h5").exists())
        return found[1]

    def assert_same_in_blocks(self, *words, ranks=(1, 2)):
        said = self.analyze("in-memory", *words)
        self.assertNotIn("blocks", said)
        for count in ranks:
            run = f"in-blocks-{count}"
            self.assertRegex(self.analyze(run, *words, "--memory-limit", self.least(*words, ranks=count), ranks=count), BLOCKS)
            job.assert_same_hdf5(self.root / "in-memory/analysis.h5", self.root / run / "analysis.h5")

    def test_same_bits_with_planes_that_follow_one_another(self):
        self.assert_same_in_blocks(*self.give())

    def test_same_bits_with_a_plane_of_each(self):
        self.assert_same_in_blocks(*self.give(), "--projection", "each", "--quality-neighbours", "7", ranks=(1,))

    def test_same_bits_with_one_plane_of_all(self):
        self.assert_same_in_blocks(*self.give(steps=2), "--projection", "joint", ranks=(2,))

    def test_same_bits_where_ranks_share_a_checkpoint(self):
        self.assert_same_in_blocks(*self.give(steps=1), ranks=(1, 2, 3))

    def test_same_bits_of_arrays_in_one_file(self):
        with h5py.File(self.root / "all.h5", "w") as file:
            for step, rows, _ in self.arrays(2, 2000, 256):
                file[f"step_{step}"] = rows
        self.assert_same_in_blocks("--embeddings", self.root / "all.h5", ranks=(1,))

    def test_same_bits_with_training_images_of_a_training_that_embeds(self):
        run = self.root / "run"
        job.run(["run", "--run", run, "--data", f"idx:{FASHION}", "--train-limit", "600", "--test-limit", "2500", "--save", "in-situ",
                 "--split", "both", "--train-sample", "500", "--max-steps", "6", "--save-steps", "3", "--size", "640x360", "--tween", "0", "--no-progress"])
        whole = (run / "analysis.h5").rename(self.root / "whole.h5")
        least = re.search(r"give (\d+M) or more", self.analyze("run", "--memory-limit", "1M", code=2))
        self.assertIsNotNone(least)
        for ranks in (1, 2):
            self.assertRegex(self.analyze("run", "--memory-limit", least[1] if ranks == 1 else f"{2 * int(least[1][:-1])}M", ranks=ranks), BLOCKS)
            job.assert_same_hdf5(whole, run / "analysis.h5")
            (run / "analysis.h5").unlink()

    def test_memory_stays_within_the_limit(self):
        words = ["--quality-neighbours", "0", "--projection", "each"]
        given = self.give(steps=2, images=10000, width=768)
        self.analyze("run", *given, *words)
        peaks = {}
        for limit in ("auto", self.least(*given, *words)):
            (self.root / "run/analysis.h5").unlink()
            self.analyze("run", *words, "--memory-limit", limit)  # what is given is in the run already
            peaks[limit] = json.loads((self.root / "run/summary.json").read_text())["peak_memory_bytes"]
        in_memory, in_blocks = peaks.values()
        rows = 4 * 10000 * 768  # two such matrices and their centred rows are in memory, or at most a part of one
        self.assertLess(in_blocks, in_memory - 2 * rows)

    def test_too_little_and_wrong_words_are_refused(self):
        given = self.give(steps=1, images=40, width=8)
        for size in ("", "8", "1000K", "-1G", "8GB", "1.5G", "G", "many", "99999999T"):
            said = self.analyze("refused", *given, f"--memory-limit={size}", code=2)
            self.assertIn("--memory-limit", said)
        self.assertIn("give a size, e.g. 8G or 500M", self.analyze("refused", *given, "--memory-limit", "8GB", code=2))
        self.analyze("enough", *given, "--memory-limit", str(1 << 30))

    @require.unless(HAS_FAISS, "faiss", "this build has no FAISS: script/bootstrap installs libfaiss-dev where apt has it")
    def test_an_index_takes_all_rows_in_memory(self):
        given = self.give(steps=1)
        said = self.analyze("refused", *given, "--neighbour-search", "ivf", "--memory-limit", self.least(*given), code=2)
        self.assertIn("with an index of FAISS or a GPU all rows are in memory", said)
        self.assertIn("--neighbour-search exact", said)


if __name__ == "__main__":
    unittest.main()
