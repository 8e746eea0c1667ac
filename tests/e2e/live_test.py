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

    def test_what_cannot_be_read_for_a_while_does_not_end_it(self):
        page, log = self.run_folder / "review.html", self.run_folder / "log.csv"
        job.run(["run", "--run", self.run_folder, *job.SMALL])
        page.unlink()
        whole = log.read_text()
        log.write_text(whole + "not a line of the log\n")
        live = self.start("review", "--live")
        while "the page stays as it is until that has passed" not in (line := live.stderr.readline()):
            self.assertIsNone(live.poll())
        self.assertIn("log.csv: line 6", line)
        self.assertFalse(page.exists())

        log.write_text(whole)
        job.wait_for(page.exists, live, WAIT)
        live.send_signal(signal.SIGINT)
        live.communicate(timeout=WAIT)
        self.assertEqual(live.returncode, 0)

    def test_how_the_runs_own_job_ended_is_left_alone(self):
        page, ended = self.run_folder / "review.html", self.run_folder / "ended.ini"
        job.run(["run", "--run", self.run_folder, *job.SMALL])
        page.unlink()
        ended.write_text("code = 4\n")
        live = self.start("review", "--live")
        job.wait_for(page.exists, live, WAIT)
        self.assertEqual(ended.read_text(), "code = 4\n")
        live.send_signal(signal.SIGINT)
        live.communicate(timeout=WAIT)
        self.assertEqual(live.returncode, 0)
        self.assertEqual(ended.read_text(), "code = 4\n")
        job.run(["review", "--live", "--run", self.run_folder, "--no-progress", "--test-limit", "three"], code=2)
        self.assertEqual(ended.read_text(), "code = 4\n")

    def test_a_page_that_cannot_be_written_for_a_while_is_written_then(self):
        page = self.run_folder / "review.html"
        job.run(["run", "--run", self.run_folder, *job.SMALL])
        page.unlink()
        (page / "in the way").mkdir(parents=True)
        live = self.start("review", "--live")
        while "the page stays as it is until that has passed" not in live.stderr.readline():
            self.assertIsNone(live.poll())
        (page / "in the way").rmdir()
        page.rmdir()
        job.wait_for(page.is_file, live, WAIT)  # no other checkpoint comes
        live.send_signal(signal.SIGINT)
        live.communicate(timeout=WAIT)
        self.assertEqual(live.returncode, 0)


if __name__ == "__main__":
    unittest.main()
