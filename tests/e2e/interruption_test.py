# SPDX-License-Identifier: Apache-2.0
"""A rank that is killed ends the job in time; run again, it finishes with what an undisturbed run gives."""
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import job

TRAINING = ["--train-limit", "2000", "--test-limit", "3000", "--max-steps", "60", "--save-steps", "10", "--logging-steps", "4",
            "--learning-rate", "1e-3", "--size", "640x360", "--no-progress"]
RANKS = 2

class Interruption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        cls.undisturbed = cls.root / "undisturbed"
        job.run(["run", "--run", cls.undisturbed, *TRAINING], RANKS)

    def finish_and_compare(self, folder):
        job.run(["run", "--run", folder, *TRAINING], RANKS)
        job.assert_same_results(self.undisturbed, folder)
        job.assert_no_leftovers(folder)
        self.assertGreater((folder / "animation.gif").stat().st_size, 1000)

    def kill_when(self, name, condition, options=()):
        folder = self.root / name
        process = job.start(["run", "--run", folder, *TRAINING, *options], RANKS)
        job.wait_for(lambda: condition(folder), process)
        self.assertIn("killed", job.kill_one_rank(process).lower())
        return folder

    # Before the optimizer's state is due, and with every checkpoint.
    def test_killed_in_training(self):
        for name, options in ("training", []), ("training-often", ["--resume-every", "0"]):
            folder = self.kill_when(name, lambda run: (run / "checkpoint-20/embeddings.h5").exists(), options)
            self.assertFalse((folder / "checkpoint-60").exists(), "the kill came too late to test anything")
            self.assertEqual(any(folder.glob("*/optimizer.safetensors")), bool(options))
            embeddings = folder / "checkpoint-10/embeddings.h5"
            before = embeddings.stat()
            self.finish_and_compare(folder)
            self.assertEqual(embeddings.stat().st_mtime_ns, before.st_mtime_ns, "what was there is made again")

    def test_killed_in_extraction(self):
        folder = self.root / "extraction"
        job.run(["finetune", "--run", folder, *TRAINING[:-3], "--no-progress"], RANKS)
        self.assertFalse(any(folder.glob("checkpoint-*/embeddings*.h5")))
        process = job.start(["extract", "--run", folder], RANKS)
        job.wait_for(lambda: any(folder.glob("checkpoint-*/embeddings*.h5")), process)
        self.assertIn("killed", job.kill_one_rank(process).lower())
        self.assertFalse((folder / "checkpoint-60/embeddings.h5").exists(), "the kill came too late to test anything")
        self.finish_and_compare(folder)

    def test_killed_in_analysis(self):
        folder = self.root / "analysis"
        process = job.start(["run", "--run", folder, "--log-level", "debug", *TRAINING], RANKS)
        for line in process.stderr:
            if "analysing checkpoint" in line:
                break
        else:
            self.fail("analysis was never announced")
        self.assertIn("killed", job.kill_one_rank(process).lower())
        self.assertFalse((folder / "analysis.h5").exists(), "the kill came too late to test anything")
        self.finish_and_compare(folder)

    def test_a_signal_to_one_rank_saves_and_stops_all(self):
        folder = self.root / "signal"
        process = job.start(["run", "--run", folder, *TRAINING], RANKS)
        job.wait_for(lambda: (folder / "checkpoint-10").exists(), process)

        os.kill(job.ranks_of(process)[-1], signal.SIGUSR1)
        _, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 75, errors)
        self.assertIn("run the same command again", errors)
        self.assertFalse((folder / "checkpoint-60").exists(), "the signal came too late to test anything")
        self.assertTrue(any(folder.glob("*/optimizer.safetensors")))
        self.finish_and_compare(folder)

    def test_preemption_that_is_pretended(self):
        folder = self.root / "pretended"
        attempts, saved = 0, 0
        while True:  # as Slurm queues a job again; each time for longer, since half a second is nothing to a busy machine
            words = ["run", "--run", folder, "--pretend-preemption", str(0.5 * (1 + attempts)), *TRAINING]
            done = subprocess.run(job.command(words, RANKS), capture_output=True, text=True, timeout=600)
            if done.returncode == 0:
                break
            attempts += 1
            self.assertEqual(done.returncode, 75, done.stderr)
            self.assertLess(attempts, 60, "it does not get on")
            said = re.findall(r"interrupted: the training is saved at step (\d+); run the same command again to go on \(--pretend-preemption: saved "
                              r"(\d+\.\d) s after the signal, within the 240 s that slurm/job.sh gives it; ", done.stderr)
            # The last one may come as the training ends, and stops what is done after it.
            self.assertTrue(said or "embeddings so far are kept" in done.stderr, done.stderr)
            saved += len(said)
            self.assertIn("code = 75", (folder / "ended.ini").read_text())
            self.assertEqual([path.name for path in folder.glob("*.tmp")], [])
        self.assertGreater(saved, 0, "the training was over before anything was tried")
        self.assertNotIn("pretend", (folder / "run.ini").read_text())
        job.assert_same_results(self.undisturbed, folder)
        job.assert_no_leftovers(folder)

    def test_preemption_that_comes_too_late_is_said_not_to_have_come(self):
        folder = self.root / "too-late"
        _, errors = job.run(["finetune", "--run", folder, "--pretend-preemption", "500", *TRAINING[:4], "--max-steps", "2"])
        self.assertRegex(errors, r"warning +--pretend-preemption 500.0: the training has ended before that, so nothing was tried")
        _, errors = job.run(["finetune", "--run", folder, "--pretend-preemption", "-1"], code=2)
        self.assertIn("--pretend-preemption must be 0 to 2^30 seconds", errors)

    def test_a_signal_to_one_rank_stops_the_analysis_of_all(self):
        folder = self.root / "analysis-signal"
        shutil.copytree(self.undisturbed, folder)
        (folder / "analysis.h5").unlink()
        process = job.start(["analyze", "--run", folder, "--log-level", "debug"], RANKS)
        for line in process.stderr:
            if "analysing checkpoint" in line:
                break
        os.kill(job.ranks_of(process)[-1], signal.SIGUSR1)
        _, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 75, errors)
        self.assertEqual(errors.count("run the same command again"), 1, errors)
        self.assertFalse((folder / "analysis.h5").exists())
        job.run(["analyze", "--run", folder], RANKS)
        job.assert_same_results(self.undisturbed, folder)

    def test_sigterm_without_mpirun(self):
        folder = self.root / "alone"
        process = job.start(["finetune", "--run", folder, *TRAINING[:-3], "--no-progress"])
        job.wait_for(lambda: (folder / "checkpoint-10").exists(), process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 75, errors)
        self.assertEqual(errors.count("interrupted"), 1, errors)

    def test_a_rank_that_stands_still_is_named(self):
        folder = self.root / "stopped"
        process = job.start(["run", "--run", folder, "--timeout", "15", *TRAINING], RANKS)
        job.wait_for(lambda: (folder / "checkpoint-10").exists(), process)

        stopped = job.ranks_of(process)[-1]
        os.kill(stopped, signal.SIGSTOP)
        start = time.monotonic()
        _, errors = process.communicate(timeout=240)
        self.assertLess(time.monotonic() - start, 15 + 60)  # and not when mpirun or a person loses patience
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("rank 1", errors)
        self.finish_and_compare(folder)

    def test_a_rank_stopped_in_start_up_ends_the_others(self):
        # Before MPI_Init, in which the other ranks wait for it.
        for rank in 0, 1:
            stop = f'[ "$OMPI_COMM_WORLD_RANK" = {rank} ] && kill -STOP $$; exec "$@"'
            words = [job.PROGRAM, "finetune", "--run", self.root / f"start-up-{rank}", "--timeout", "5", *TRAINING[:-3]]
            process = subprocess.Popen([*job.MPIRUN, "-n", "2", "sh", "-c", stop, "sh", *map(str, words)],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            _, errors = process.communicate(timeout=240)
            self.assertEqual(process.returncode, 4, errors)
            self.assertEqual(errors.count("not all of its ranks have started"), 1, errors)

if __name__ == "__main__":
    unittest.main()
