# SPDX-License-Identifier: Apache-2.0
"""The job scripts over several nodes give what the program gives without Slurm."""
import csv
import json
import os
import subprocess

import harness
import job
from harness import SCRIPTS, SMALL, SlurmTest


class Run(SlurmTest):
    def test_srun_starts_ranks_on_two_nodes(self):
        number = self.submit("run.sbatch", "--run", "run", *SMALL)
        self.finish(number)
        self.assertIn("on n[1-2]: srun", self.said())
        self.assert_same_as_reference("run", SMALL)

    def test_mpirun_starts_ranks_on_two_nodes(self):
        number = self.submit("run-mpirun.sbatch", "--run", "run", *SMALL)
        self.finish(number)
        self.assert_same_as_reference("run", SMALL)

    def test_words_reach_the_program_as_they_are(self):
        number = self.submit("run.sbatch", "--run", "$(touch evil) \"'`touch evil`' * ;", "--lerning-rate", "$HOME")
        self.finish(number, "FAILED")
        self.assertIn("did you mean --learning-rate?", self.said())
        show = self.folder / "show"
        show.write_text("#!/bin/sh\nfor word; do echo \"<$word>\"; done\n")
        show.chmod(0o755)
        words = ["--run", "a  b", "$(touch evil)", "`touch evil`", "*", "'\"", "", "\\", "--threads=3"]
        self.finish(self.submit("stage.sbatch", "inspect", *words, size=["--nodes=1"], ZOETROPE=str(show)))
        self.assertIn("".join(f"<{word}>\n" for word in ["inspect", *words]), self.said())

    def test_a_job_that_cannot_succeed_is_not_tried_again(self):
        number = self.submit("run.sbatch", "--run", "run", "--batch-size", "0")
        job_record = self.finish(number, "FAILED")
        self.assertEqual((job_record["Restarts"], job_record["ExitCode"]), ("0", "2:0"))
        number = self.submit("run.sbatch", "--run", "run", "--data", "idx:/nowhere")
        job_record = self.finish(number, "FAILED")
        self.assertEqual((job_record["Restarts"], job_record["ExitCode"]), ("0", "3:0"))

    def test_a_missing_program_is_named(self):
        number = self.submit("run.sbatch", "--run", "run", ZOETROPE="/nowhere/zoetrope")
        self.finish(number, "FAILED")
        self.assertIn("/nowhere/zoetrope: no such program; build it", self.said())

    def test_outside_slurm_a_script_says_what_it_is(self):
        for script in ("run.sbatch", "run-mpirun.sbatch", "stage.sbatch", "scaling.sbatch", "doctor.sbatch"):
            environment = {name: value for name, value in os.environ.items() if name != "ZOETROPE_HOME"}
            done = subprocess.run(["bash", SCRIPTS / script], capture_output=True, text=True, env=environment)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("start it with sbatch", done.stderr)

    def test_no_rank_goes_on_before_another_has_started(self):
        number = self.submit("doctor.sbatch", "--run", "run", LD_PRELOAD=os.environ["ZOETROPE_SLOW_START"])
        self.finish(number)
        self.assertIn("2 ranks", self.said())

    def test_the_doctor_looks_at_the_ranks_of_a_job(self):
        for words in [], ["--mpirun"]:
            number = self.submit("doctor.sbatch", *words, "--run", "run")
            self.finish(number)
            self.assertRegex(self.said(), rf"(?m)^ok +launch +2 ranks on 1 host, Slurm job {number}, started by {'mpirun' if words else 'srun'}$")
            # The nodes of this cluster are one machine's.
            self.assertRegex(self.said(), r"(?m)^warning +launch +Slurm has given the job 2 nodes, and its ranks are on 1 host$")
            self.assertRegex(self.said(), r"(?m)^ok +values over mpi ")
            self.assertEqual([path.name for path in self.folder.iterdir()], ["log"])

    def test_the_doctor_says_what_is_wrong(self):
        number = self.submit("doctor.sbatch", "--run", "/proc/1")
        self.assertEqual(self.finish(number, "FAILED")["ExitCode"], "4:0")
        self.assertRegex(self.said(), r"(?m)^wrong +run directory +/proc/1")

    def test_scaling_writes_a_table(self):
        size = ["--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=1"]
        self.finish(self.submit("scaling.sbatch", "scaling", *SMALL[:-1], size=size, WEAK="1"))
        with open(self.folder / "scaling/scaling.csv", newline="", encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        training = [(row["ranks"], row["nodes"]) for row in table if row["stage"] == "training"]
        self.assertEqual(training, [("1", "1"), ("2", "2")])
        for row in table:
            self.assertGreater(float(row["seconds"]), 0, row)
            if row["ranks"] == "1":
                self.assertEqual((row["speedup"], row["efficiency"]), ("1.000", "1.000"))
        self.assertEqual(list((self.folder / "scaling").rglob("checkpoint-*")), [])
        report = json.loads((self.folder / "scaling/report.json").read_text(encoding="utf-8"))
        self.assertEqual([(point["kind"], point["ranks"]) for point in report["points"]],
                         [("strong", 1), ("strong", 2), ("weak", 1), ("weak", 2)])
        self.assertEqual([point["images"] for point in report["points"]][2:], [32, 64])
        self.assertIn("To change first:", (self.folder / "scaling/report.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    harness.main()
