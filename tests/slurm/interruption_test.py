# SPDX-License-Identifier: Apache-2.0
"""Jobs that are told that their time is up, cancelled, or fail: what is saved, what is queued again, what is not."""
import os
import re
import signal

import harness
from harness import LONGER, SlurmTest

# Training stops at a frame by chance only.
GOES_ON = r"training goes on from (checkpoint|resume)-\d"


class Interruption(SlurmTest):
    def program(self, text):
        """A stand-in for zoetrope, to see what the scripts do about its end."""
        path = self.folder / "program"
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)
        return {"size": ["--nodes=1", "--cpus-per-task=1"], "ZOETROPE": str(path), "ZOETROPE_SECONDS_BEFORE_RETRY": "1"}

    def tell_that_time_is_up(self, script):
        number = self.submit(script, "--run", "run", *LONGER)
        self.wait_for_training()
        self.call("scancel", "--batch", "--signal=USR1", number)
        self.assert_still_training()
        record = self.finish(number)
        self.assertEqual(record["Restarts"], "1")
        self.assertIn("interrupted: the training is saved at step", self.said())
        self.assertRegex(self.said(), GOES_ON)
        self.assert_same_as_reference("run", LONGER)

    def test_told_that_time_is_up_under_srun(self):
        self.tell_that_time_is_up("run.sbatch")

    def test_told_that_time_is_up_under_mpirun(self):
        self.tell_that_time_is_up("run-mpirun.sbatch")

    def test_the_time_limit_itself(self):
        # Slurm looks at time limits every 30 s, and counts them in minutes.
        size = ["--nodes=1", "--time=1", "--signal=B:USR1@59"]
        work = [*LONGER[:4], "--max-steps", "100000", *LONGER[6:]]
        number = self.submit("run.sbatch", "--run", "run", *work, size=[*size, "--cpus-per-task=1"])
        self.wait_until(lambda: self.cluster.job(number)["Restarts"] == "1")
        self.wait_until(lambda: re.search(GOES_ON, self.said()))
        self.assertIn("interrupted: the training is saved at step", self.said())

    def test_preemption_that_is_pretended(self):
        number = self.submit("run.sbatch", "--run", "run", *LONGER, "--pretend-preemption", "2")
        record = self.finish(number)
        self.assertGreaterEqual(int(record["Restarts"]), 1)
        self.assertRegex(self.said(), GOES_ON)
        self.assertRegex(self.said(), r"saved \d+\.\d s after the signal, within the 240 s")
        self.assert_same_as_reference("run", LONGER)

    def preempt(self, script):
        number = self.submit(script, "--run", "run", *LONGER)
        self.wait_for_training()
        urgent = self.submit("stage.sbatch", "inspect", size=["--partition=urgent", "--nodes=4", "--exclusive"], ZOETROPE="/bin/true")
        self.assert_still_training()
        self.finish(urgent)
        record = self.finish(number)
        self.assertEqual(record["Restarts"], "1", self.said())
        self.assertRegex(self.said(), GOES_ON)
        self.assertNotIn("failed with code", self.said())
        self.assert_same_as_reference("run", LONGER)

    def test_a_job_that_is_preempted_under_srun(self):
        self.preempt("run.sbatch")

    def test_a_job_that_is_preempted_under_mpirun(self):
        self.preempt("run-mpirun.sbatch")

    def test_a_controller_that_is_away_while_the_job_saves(self):
        number = self.submit("run.sbatch", "--run", "run", *LONGER)
        self.wait_for_training()
        self.cluster.stop_controller()
        scripts = self.cluster.batch_scripts()
        self.assertTrue(scripts)
        for script in scripts:  # and what it runs in the background
            os.kill(script, signal.SIGUSR1)
        self.assert_still_training()
        self.wait_until(lambda: "not queued yet: Slurm's controller is asked again" in self.said())
        self.cluster.start_controller()
        record = self.finish(number)
        self.assertEqual(record["Restarts"], "1", self.said())
        self.assertIn("interrupted: the training is saved at step", self.said())
        self.assertRegex(self.said(), GOES_ON)
        self.assert_same_as_reference("run", LONGER)

    def test_a_cancelled_job_saves_and_stays_cancelled(self):
        number = self.submit("run.sbatch", "--run", "run", *LONGER)
        self.wait_for_training()
        self.call("scancel", number)
        self.assert_still_training()
        record = self.finish(number, "CANCELLED")
        self.wait_until(lambda: not self.cluster.processes())
        self.assertEqual(self.cluster.job(number)["JobState"], "CANCELLED")
        self.assertEqual(record["Restarts"], "0")
        self.assertIn("interrupted: the training is saved at step", self.said())

    def test_a_job_that_fails_is_tried_again_but_not_for_ever(self):
        number = self.submit("run.sbatch", **self.program("exit 9"))
        record = self.finish(number, "FAILED")
        self.assertEqual((record["Restarts"], record["ExitCode"]), ("3", "9:0"), self.said())
        self.assertEqual(self.said().count("failed with code 9"), 4)

    def test_a_rank_that_was_killed_is_tried_again(self):
        program = self.program('[[ $SLURM_RESTART_COUNT == 1 ]] || kill -KILL $$')
        self.assertEqual(self.finish(self.submit("run.sbatch", **program))["Restarts"], "1")

    def test_a_job_that_saved_is_queued_again_as_often_as_it_takes(self):
        program = self.program("folder=run/checkpoint-$((SLURM_RESTART_COUNT))\nmkdir -p $folder\n"
                               "[[ $SLURM_RESTART_COUNT == 4 ]] || { touch $folder/model.safetensors; exit 75; }")
        self.assertEqual(self.finish(self.submit("run.sbatch", "--run", "run", **program))["Restarts"], "4")

    def test_a_job_that_saves_nothing_is_queued_again_but_not_for_ever(self):
        # Its first attempt does save something. Frames do not count, and one of several attempts may be slow to stop.
        program = self.program("mkdir -p run/checkpoint-5\necho started\ntouch run/checkpoint-5/frame.png run/log.csv\n"
                               "[[ -n ${SLURM_RESTART_COUNT:-} ]] || touch run/checkpoint-5/model.safetensors\n"
                               "[[ ${SLURM_RESTART_COUNT:-0} == 2 ]] || exit 75\ntrap '' USR1\nsleep 600")
        number = self.submit("run.sbatch", "--run=run", **program, ZOETROPE_SECONDS_TO_STOP="1")
        self.wait_until(lambda: self.said().count("started") == 3)
        self.call("scancel", "--batch", "--signal=USR1", number)
        record = self.finish(number, "FAILED")
        self.assertEqual((record["Restarts"], record["ExitCode"]), ("4", "1:0"))
        self.assertIn("stopped 4 times in a row with nothing new saved in", self.said())
        self.assertIn("give it more time (sbatch --time), more ranks", self.said())
        self.assertEqual([path.name for path in (self.folder / "run").iterdir() if path.name.startswith(".")], [])

    def test_a_program_that_does_not_stop_in_time_is_queued_again(self):
        program = self.program("trap '' USR1\necho started\n[[ $SLURM_RESTART_COUNT == 1 ]] || sleep 600")
        number = self.submit("run.sbatch", **program, ZOETROPE_SECONDS_TO_STOP="2")
        self.wait_until(lambda: "started" in self.said())
        self.call("scancel", "--batch", "--signal=USR1", number)
        self.assertEqual(self.finish(number)["Restarts"], "1")
        self.assertIn("not ended within 2 s", self.said())


if __name__ == "__main__":
    harness.main()
