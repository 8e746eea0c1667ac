# SPDX-License-Identifier: Apache-2.0
"""A file system that does not answer while the options are read from it: the job ends by itself."""
import os
import subprocess
import time
import unittest

import job

PRELOAD = os.environ["ZOETROPE_HANGING_OPEN"]


class HangingStart(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = job.Path(folder.name)
        (self.root / "run.ini").write_text("max-steps = 3\n")
        self.config = self.root / "own.ini"
        self.config.write_text("max-steps = 3\n")

    def assert_ends(self, hangs, *words, ranks=1):
        start = time.monotonic()
        done = subprocess.run(job.command(["finetune", "--run", self.root, "--timeout", "10", *words], ranks), capture_output=True, text=True,
                              timeout=60 * job.SLOWER, env={**os.environ, "LD_PRELOAD": PRELOAD, "HANGING_OPEN": hangs})
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertGreaterEqual(time.monotonic() - start, 9)
        message = "the job is ended: after 10 s the options in the run's run.ini and in --config are not read (seen from "
        self.assertEqual(done.stderr.count(message), 1, done.stderr)

    def test_run_ini_hangs(self):
        for ranks in 1, 2:
            with self.subTest(ranks=ranks):
                self.assert_ends("/run.ini", ranks=ranks)

    def test_config_hangs(self):
        self.assert_ends("/own.ini", "--config", self.config)


if __name__ == "__main__":
    unittest.main()
