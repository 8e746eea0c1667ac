# SPDX-License-Identifier: Apache-2.0
"""zoetrope review --live beside a run: its page shows checkpoints while training goes on, and at the end the run's own page stays."""
import signal
import unittest
from pathlib import Path

import job

WAIT = 300  # seconds, on a machine that does other things, too


class Live(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.run_folder = Path(folder.name) / "run"

    def start(self, *words):
        process = job.start([*words, "--run", self.run_folder, "--no-progress"])
        for clean_up in (process.stdout.close, process.stderr.close, process.wait, process.kill):
            self.addCleanup(clean_up)
        return process

    def test_the_page_follows_the_run_and_is_then_the_runs_own(self):
        page = self.run_folder / "review.html"
        run = self.start("run", "--train-limit", "640", "--test-limit", "700", "--max-steps", "600", "--save-steps", "100", "--save", "in-situ")
        job.wait_for((self.run_folder / "run.ini").exists, run, WAIT)
        live = self.start("review", "--live")
        job.wait_for(page.exists, live, WAIT)
        self.assertIsNone(run.poll(), "the page came only when the run was over")
        while "the page shows" not in live.stderr.readline():  # and now it waits for news
            self.assertIsNone(live.poll())
        live.send_signal(signal.SIGSTOP)

        _, errors = run.communicate(timeout=WAIT)
        self.assertEqual(run.returncode, 0, errors)
        own = page.read_bytes()
        live.send_signal(signal.SIGINT)
        live.send_signal(signal.SIGCONT)
        live.communicate(timeout=WAIT)
        self.assertEqual(live.returncode, 0)
        self.assertEqual(page.read_bytes(), own)


if __name__ == "__main__":
    unittest.main()
