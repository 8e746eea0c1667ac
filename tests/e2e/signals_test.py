# SPDX-License-Identifier: Apache-2.0
"""Signals that end programs by default save and stop this one, or do nothing to it; and what launchers make of them."""
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import job

LONG = ["--train-limit", "640", "--test-limit", "300", "--max-steps", "4000", "--save-steps", "1000", "--logging-steps", "5",
        "--learning-rate", "1e-3", "--no-progress"]
SHORT = [*LONG[:4], "--max-steps", "20", "--save-steps", "5", *LONG[8:]]
DRAWN = [*SHORT, "--size", "960x540"]


class Signals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)

    def setUp(self):
        self.run_folder = self.root / self._testMethodName

    def ended(self):
        """What ended.ini says, as a dictionary; empty where there is none."""
        path = self.run_folder / "ended.ini"
        return dict(line.split(" = ", 1) for line in path.read_text().splitlines()) if path.exists() else {}

    def begin(self, ranks=1, **options):
        """A training, some steps after its start."""
        process = subprocess.Popen(job.command(["finetune", "--run", self.run_folder, *LONG], ranks), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **options)
        log = self.run_folder / "log.csv"
        job.wait_for(lambda: log.exists() and log.read_text().count("\n") > 3, process)
        return process

    def assert_saved(self):
        self.assertTrue(any(self.run_folder.glob("resume-*/optimizer.safetensors")), "nothing was saved")

    def test_signals_that_ask_to_stop(self):
        for number in (signal.SIGHUP, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                process = self.begin()
                process.send_signal(number)
                _, errors = process.communicate(timeout=240 * job.SLOWER)
                self.assertEqual(process.returncode, 75, errors)
                self.assertIn("interrupted: the training is saved at step", errors)
                self.assert_saved()
                self.assertEqual(self.ended()["code"], "75")
                self.assertIn("is saved at step", self.ended()["message"])
                shutil.rmtree(self.run_folder)

    def test_a_lost_terminal_is_nothing_to_a_job_under_nohup(self):
        process = self.begin(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        time.sleep(1)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(process.wait(60 * job.SLOWER), 75)
        process.communicate()

    def test_a_closed_pipe_stops_nothing(self):
        # Under mpirun it is mpirun's, which ends.
        words = ["run", "--run", self.run_folder, *DRAWN, "--log-level", "debug"]
        process = subprocess.Popen(job.command(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(200 * job.SLOWER), 0)
        self.assertTrue((self.run_folder / "review.html").exists())
        job.assert_no_leftovers(self.run_folder)

    def test_ctrl_c_at_a_pipeline_saves(self):
        # The program at the pipe's end is told, too, and is gone first.
        process = self.begin(start_new_session=True)
        process.stdout.close()
        process.stderr.close()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60 * job.SLOWER), 75)
        self.assert_saved()

    def test_a_file_that_may_not_grow_is_named(self):
        most = 5_000_000  # what MPI needs to start, and a model, but no optimizer

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        done = subprocess.run(job.command(["run", "--run", self.run_folder, *DRAWN]), capture_output=True, text=True,
                              timeout=200 * job.SLOWER, preexec_fn=limit)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, rf"(?m)^zoetrope: {self.run_folder}/\S+: .*")
        job.assert_no_leftovers(self.run_folder)
        self.assertEqual(self.ended()["code"], "4")
        job.run(["run", "--run", self.run_folder, *DRAWN])
        self.assertEqual(self.ended(), {}, "it is said of a job that ended well how it ended")

    def stop_mpirun(self, number, **options):
        """mpirun, with two ranks, is told to end. Returns its exit code."""
        process = self.begin(ranks=2, **options)
        self.assertFalse(any(self.run_folder.glob("resume-*")))
        process.send_signal(number)
        process.communicate(timeout=240 * job.SLOWER)
        return process.returncode

    def test_ctrl_c_at_mpirun_saves(self):
        self.assertEqual(self.stop_mpirun(signal.SIGINT), 1)
        self.assert_saved()

    def test_a_lost_terminal_at_mpirun_saves(self):
        self.stop_mpirun(signal.SIGHUP)
        self.assert_saved()

    def test_ctrl_c_at_mpirun_saves_though_it_kills_the_ranks_meanwhile(self):
        since, environment = self.slow_disk()
        process = self.begin(ranks=2, env=environment)
        since.touch()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240 * job.SLOWER)
        self.assertEqual(process.returncode, 1)
        self.assertFalse(any(self.run_folder.glob("resume-*")), "it was saved before mpirun killed the ranks: nothing was tested")
        since.unlink()
        deadline = time.monotonic() + 60 * job.SLOWER
        while not any(self.run_folder.glob("resume-*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assert_saved()
        process = job.start(["finetune", "--run", self.run_folder, *LONG], 2)
        for line in process.stderr:
            if "training goes on from resume-" in line:
                break
        else:
            self.fail("the training did not go on from what was saved")
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=240 * job.SLOWER)
        self.assertEqual(process.returncode, 75)

    def slow_disk(self):
        """The file since when it is slow, and the environment of a job that writes to it."""
        since = self.root / f"since-{self._testMethodName}"
        return since, {**os.environ, "LD_PRELOAD": os.environ["ZOETROPE_SLOW_FSYNC"], "SLOW_FSYNC_SINCE": str(since)}

    def begin_embedding(self, save_steps, environment):
        words = ["run", "--run", self.run_folder, *LONG[:6], "--save-steps", save_steps, *LONG[8:]]
        process = subprocess.Popen(job.command(words, 2), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        job.wait_for((self.run_folder / "checkpoint-0").exists, process)
        return process

    def wait_until_the_training_stands(self):
        log = self.run_folder / "log.csv"
        since, read = time.monotonic(), b""
        while time.monotonic() - since < 4 * job.SLOWER:
            if log.exists() and log.read_bytes() != read:
                since, read = time.monotonic(), log.read_bytes()
            time.sleep(0.1)

    def kill_and_wait_for_the_heir(self, process, since):
        """mpirun ends its ranks at once. Returns what was there when it had ended, and what is when nobody writes any more."""
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240 * job.SLOWER)
        self.assertEqual(process.returncode, 1)
        killed = {str(path.relative_to(self.run_folder)) for path in self.run_folder.glob("*/*")}
        since.unlink()
        deadline = time.monotonic() + 60 * job.SLOWER
        while (self.run_folder / ".zoetrope.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse((self.run_folder / ".zoetrope.lock").exists(), "nobody has finished what was begun")
        return killed, {str(path.relative_to(self.run_folder)) for path in self.run_folder.glob("*/*")}

    def test_what_is_embedded_is_saved_though_mpirun_kills_the_ranks_meanwhile(self):
        since, environment = self.slow_disk()
        process = self.begin_embedding(1000, environment)
        since.touch()
        job.wait_for(lambda: any(self.run_folder.glob("checkpoint-0/.embeddings*")), process)
        killed, saved = self.kill_and_wait_for_the_heir(process, since)
        self.assertFalse(any("optimizer" in name for name in killed), "it was saved before the kill: nothing was tested")
        self.assertTrue(any("optimizer" in name for name in saved), saved)
        self.assertTrue(any("/embeddings." in name for name in saved), saved)

    def test_all_that_is_queued_is_saved_where_the_disk_is_slower_than_the_training(self):
        since, environment = self.slow_disk()
        process = self.begin_embedding(2, environment)
        since.touch()
        time.sleep(8 * job.SLOWER)
        self.wait_until_the_training_stands()  # there is no room any more for what is to be written
        killed, saved = self.kill_and_wait_for_the_heir(process, since)
        frames = [sum(name.endswith("config.json") for name in names) for names in (killed, saved)]
        self.assertGreater(frames[1], frames[0] + 3)

    def test_a_signal_between_the_embeddings_of_two_splits_loses_no_model(self):
        since, environment = self.slow_disk()
        words = ["finetune", "--run", self.run_folder, *LONG[:6], "--save-steps", "100", *LONG[8:], "--save", "in-situ", "--split", "both"]
        process = subprocess.Popen(job.command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        frame = self.run_folder / "checkpoint-100"
        job.wait_for(frame.exists, process)
        since.touch()
        job.wait_for((frame / "embeddings.h5").exists, process)
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=90 * job.SLOWER)
        self.assertEqual(process.returncode, 75, errors)
        self.assertFalse((frame / "embeddings-train.h5").exists(), "the signal came too late to test anything")
        job.run(["extract", "--run", self.run_folder, "--split", "both"])
        self.assertTrue((frame / "embeddings-train.h5").exists())

    def test_a_signal_as_the_last_embeddings_are_written_stops(self):
        since, environment = self.slow_disk()
        words = ["run", "--run", self.run_folder, *LONG[:4], "--max-steps", "300", "--save-steps", "300", *LONG[8:], "--size", "960x540"]
        process = subprocess.Popen(job.command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        log = self.run_folder / "log.csv"
        job.wait_for(lambda: log.exists() and log.read_text().count("\n") > 40, process)
        since.touch()
        job.wait_for(lambda: any(self.run_folder.glob("checkpoint-300/.embeddings.shard-*")), process)
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=240 * job.SLOWER)
        self.assertEqual(process.returncode, 75, errors)
        self.assertIn("interrupted: the training is saved at step 300", errors)
        self.assertTrue(any(self.run_folder.glob("checkpoint-300/embeddings.shard-*.h5")), "what was embedded is gone")
        job.run(words)
        job.assert_no_leftovers(self.run_folder)

    def test_a_wrong_option_ends_all_ranks_at_once(self):
        self.run_folder.mkdir()
        start = time.monotonic()
        _, errors = job.run(["run", "--run", self.run_folder, "--lerning-rate", "1"], 2, code=2)
        self.assertLess(time.monotonic() - start, 120 * job.SLOWER)  # and not when a rank has waited for the others for --timeout
        self.assertIn("did you mean --learning-rate?", errors)
        self.assertEqual((self.ended()["code"], self.ended()["job"]), ("2", ""))

    def test_files_that_are_missing_are_told_to_the_launcher_as_well(self):
        os.environ["SLURM_JOB_ID"] = "4711"
        self.addCleanup(os.environ.pop, "SLURM_JOB_ID")
        job.run(["run", "--run", self.run_folder, "--data", "idx:/nowhere"], 2, code=3)
        self.assertEqual((self.ended()["code"], self.ended()["job"]), ("3", "4711"))
        self.assertIn("/nowhere is not a folder", self.ended()["message"])


if __name__ == "__main__":
    unittest.main()
