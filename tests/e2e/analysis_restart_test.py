# SPDX-License-Identifier: Apache-2.0
"""An analysis that is stopped keeps the frames that it has finished, and the next attempt computes the others alone."""
import shutil
import signal
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy as np

STEPS, IMAGES, WIDTH, CLASSES = 8, 12000, 128, 5
GOES_ON = "the analysis goes on: "


class AnalysisRestart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.given = cls.root / "given"
        cls.given.mkdir()
        draw = np.random.default_rng(3)
        rows = draw.standard_normal((IMAGES, WIDTH), dtype=np.float32)
        label = np.arange(IMAGES) % CLASSES
        for step in range(STEPS):
            rows[:, 0] += 0.3 * label
            rows += 0.1 * draw.standard_normal(rows.shape, dtype=np.float32)
            np.save(cls.given / f"step-{step}.npy", rows)
        np.save(cls.root / "labels.npy", label)
        cls.whole = cls.root / "whole"
        job.run(cls.words(cls.whole))

    @classmethod
    def words(cls, folder, *more):
        return ["analyze", "--run", folder, "--embeddings", cls.given, "--labels", cls.root / "labels.npy", "--threads", "1",
                "--no-progress", *more]

    def parts(self, folder):
        return sorted((folder / "analysis.parts").glob("*.h5"))

    def stop_in_the_middle(self, name, kind, ranks=1):
        """Returns the run and the number of frames that it keeps."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        process = job.start(self.words(folder), ranks)
        job.wait_for(lambda: self.parts(folder), process)
        process.send_signal(kind)
        process.communicate(timeout=240)
        self.assertNotEqual(process.returncode, 0)
        self.assertFalse((folder / "analysis.h5").exists())
        return folder, len(self.parts(folder))

    def assert_whole(self, folder):
        job.assert_same_hdf5(self.whole / "analysis.h5", folder / "analysis.h5")
        job.assert_no_leftovers(folder)

    def test_goes_on_after_a_kill(self):
        folder, kept = self.stop_in_the_middle("killed", signal.SIGKILL)
        self.assertTrue(0 < kept < STEPS, kept)
        _, said = job.run(self.words(folder))
        self.assertIn(f"{GOES_ON}{kept} of {STEPS} frames are there already", said)
        self.assert_whole(folder)

    def test_goes_on_after_a_stop(self):
        folder, kept = self.stop_in_the_middle("stopped", signal.SIGTERM)
        self.assertTrue(0 < kept < STEPS, kept)
        _, said = job.run(self.words(folder))
        self.assertIn(f"{GOES_ON}{kept} of {STEPS} frames are there already", said)
        self.assert_whole(folder)

    def test_goes_on_with_another_number_of_ranks(self):
        folder, _ = self.stop_in_the_middle("ranks", signal.SIGTERM, ranks=2)
        self.assertIn(GOES_ON, job.run(self.words(folder))[1])
        self.assert_whole(folder)

    def test_frames_of_other_options_are_made_again(self):
        folder, _ = self.stop_in_the_middle("options", signal.SIGTERM)
        _, said = job.run(self.words(folder, "--neighbours", 5))
        self.assertNotIn(GOES_ON, said)
        job.assert_no_leftovers(folder)

    def test_a_damaged_frame_is_made_again(self):
        folder, kept = self.stop_in_the_middle("damaged", signal.SIGTERM)
        part = self.parts(folder)[0]
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 4
        part.write_bytes(content)
        _, said = job.run(self.words(folder))
        self.assertRegex(said, f"{part.name}: .*; it is made again")
        if kept > 1:
            self.assertIn(f"{GOES_ON}{kept - 1} of", said)
        self.assert_whole(folder)


if __name__ == "__main__":
    unittest.main()
