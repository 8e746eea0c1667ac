# SPDX-License-Identifier: Apache-2.0
"""Fewer checkpoints than ranks: their rows are dealt to the ranks, which find to the bit what one rank finds. The job stops,
goes on and fails as one does whose checkpoints are dealt."""
import os
import resource
import signal
import sys
import time
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np

CLASSES = 5


class FewFrames(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def give(self, name, steps, images, width):
        """Makes up embeddings, some of them equal. Returns the words that analyse them."""
        folder = self.root / name
        folder.mkdir()
        draw = np.random.default_rng(5)
        label = np.arange(images) % CLASSES
        rows = draw.standard_normal((images, width), dtype=np.float32)
        for step in range(steps):
            rows[:, 0] += 0.5 * label
            rows[-7:] = rows[:7]
            np.save(folder / f"step-{step}.npy", rows)
            rows += 0.2 * draw.standard_normal(rows.shape, dtype=np.float32)
        np.save(self.root / f"{name}-labels.npy", label)
        return ["--embeddings", folder, "--labels", self.root / f"{name}-labels.npy", "--threads", "1", "--no-progress"]

    def analyse(self, name, words, ranks):
        job.run(["analyze", "--run", self.root / name, *words], ranks)
        job.assert_no_leftovers(self.root / name)
        return self.root / name / "analysis.h5"

    def assert_same_on(self, counts, words):
        one = self.analyse("alone", words, 1)
        for ranks in counts:
            job.assert_same_hdf5(one, self.analyse(f"on-{ranks}", words, ranks))

    def test_one_checkpoint(self):
        self.assert_same_on((2, 3, 4), self.give("one", 1, 2500, 24))

    def test_two_checkpoints(self):
        self.assert_same_on((3, 4), self.give("two", 2, 1500, 3))

    def test_planes_of_several_checkpoints(self):
        self.assert_same_on((3,), [*self.give("two", 2, 900, 16), "--projection", "smooth"])

    def test_more_images_than_are_judged(self):
        self.assert_same_on((3,), self.give("many", 1, 20100, 5))

    def test_goes_on_with_the_next_frame(self):
        words = self.give("long", 2, 30000, 64)
        whole = self.analyse("whole", words, 1)
        folder = self.root / "stopped"
        process = job.start(["analyze", "--run", folder, *words], 3)
        job.wait_for(lambda: list(folder.glob("checkpoint-*/embeddings.h5")), process)
        # A frame is kept as soon as two seconds have passed: they pass while the ranks stand still, and it is the first one's.
        while not list(folder.glob("analysis.parts/*.h5")):
            self.assertIsNone(process.poll(), "it was done before anything was kept")
            job.signal_ranks(process, signal.SIGCONT)
            time.sleep(0.2)
            job.signal_ranks(process, signal.SIGSTOP)
            time.sleep(2.2)
        process.send_signal(signal.SIGUSR1)
        job.signal_ranks(process, signal.SIGCONT)
        _, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 75, errors)
        self.assertIn("run the same command again to go on", errors)
        self.assertFalse((folder / "analysis.h5").exists())
        _, said = job.run(["analyze", "--run", folder, *words], 3)
        self.assertIn("the analysis goes on: 1 of 2 frames are there already", said)
        job.assert_same_hdf5(whole, folder / "analysis.h5")

    def start_search(self, name):
        """Three ranks of which the second stands still before the search for neighbours, which none ends without it."""
        folder = self.root / name
        process = job.start(["analyze", "--run", folder, *self.give("large", 1, 40000, 64)], 3)
        job.wait_for(lambda: list(folder.glob("checkpoint-*/embeddings.h5")), process)
        standing = job.ranks_of(process)[1]
        os.kill(standing, signal.SIGSTOP)
        self.assertFalse((folder / "analysis.h5").exists(), "it was done before anything could happen")
        return folder, process, standing

    def test_ends_with_a_rank_that_is_killed(self):
        folder, process, _ = self.start_search("killed")
        time.sleep(1)  # the others search, or wait
        job.kill_one_rank(process)
        self.assertFalse((folder / "analysis.h5").exists())

    def test_ends_with_a_rank_that_fails(self):
        folder, process, standing = self.start_search("failed")
        resource.prlimit(standing, resource.RLIMIT_AS, (1 << 20, 1 << 20))  # no more memory than it has
        os.kill(standing, signal.SIGCONT)
        start = time.monotonic()
        _, errors = process.communicate(timeout=240)
        self.assertLess(time.monotonic() - start, 120)
        self.assertEqual(process.returncode, 4, errors)
        self.assertIn("zoetrope: [rank 1 on ", errors)
        self.assertFalse((folder / "analysis.h5").exists())


if __name__ == "__main__":
    unittest.main()
