# SPDX-License-Identifier: Apache-2.0
"""slurm/submit: the stages as dependent jobs of different sizes."""
import re
import shlex

import harness
import job
from harness import LONGER, SCRIPTS, SMALL, SlurmTest

STAGES = ["finetune", "extract", "analyze", "render", "review"]
# The virtual nodes are smaller than the sizes in the script.
SIZES = ["--each", "--cpus-per-task=1", "--finetune", "--nodes=2", "--finetune", "--gpus-per-node=2",
         "--extract", "--ntasks=3", "--analyze", "--ntasks=2", "--render", "--ntasks=2"]


class Submit(SlurmTest):
    def stages(self, *words, code=0, **variables):
        """Calls slurm/submit. Returns the jobs by stage, and what it said on standard error."""
        out, errors = self.call(SCRIPTS / "submit", *words, code=code, **variables)
        return dict(re.findall(r"^(\w+) +job (\d+)", out, re.MULTILINE)), errors

    def refused(self, *words, says):
        _, errors = self.stages(*SIZES, *words, code=2)
        self.assertIn(says, errors)
        self.assertEqual(self.cluster.queue(), [])
        self.assertEqual(list(self.folder.iterdir()), [], "work began before the options were checked")

    def finish_all(self, jobs):
        self.assertEqual(list(jobs), STAGES)
        return {stage: self.finish(number) for stage, number in jobs.items()}

    def test_the_stages_follow_one_another_each_in_its_size(self):
        jobs, _ = self.stages(*SIZES, "--run", "run", *SMALL, "--neighbours", "7", "--format=gif")
        records = self.finish_all(jobs)
        self.assertEqual([records[stage]["NumTasks"] for stage in STAGES], ["2", "3", "2", "2", "1"])
        self.assertEqual(records["finetune"]["NumNodes"], "2")
        self.assertIn("gres:gpu:2", records["finetune"]["TresPerNode"])
        for before, stage in map(str.split, ("finetune extract", "extract analyze", "analyze render", "render review")):
            self.assertGreaterEqual(records[stage]["StartTime"], records[before]["EndTime"])
        self.assert_same_as_reference("run", [*SMALL, "--neighbours", "7"])

    def test_a_stage_that_is_queued_again_is_waited_for(self):
        jobs, _ = self.stages(*SIZES, "--mpirun", "--run", "run", *LONGER)
        self.wait_for_training()
        self.call("scancel", "--batch", "--signal=USR1", jobs["finetune"])
        self.assert_still_training()
        records = self.finish_all(jobs)
        self.assertEqual(records["finetune"]["Restarts"], "1")
        self.assert_same_as_reference("run", LONGER)

    def test_a_stage_that_fails_cancels_the_rest(self):
        jobs, _ = self.stages(*SIZES, "--run", "run", *SMALL, "--data", "idx:/nowhere")
        self.assertEqual(self.finish(jobs["finetune"], "FAILED")["ExitCode"], "3:0")
        for stage in STAGES[1:]:
            record = self.finish(jobs[stage], "CANCELLED")
            self.assertIn(record["StartTime"], ("Unknown", record["EndTime"]), "it was started")

    def test_wrong_words_are_refused_before_anything_is_queued(self):
        self.refused("--lerning-rate", "1", "--run", "run", says="did you mean --learning-rate?")
        self.refused("--run", "run", "--batch-size", "0", says="--batch-size must be positive")
        self.refused("--run", "run", "--epochs", "1", "--max-steps", "1", says="contradict")
        self.refused("--run", "run", "--epochs", says="--epochs")
        self.refused("--run", "run", "surplus", says="without an option's name")
        self.refused("--run", "run", "--config", "missing.ini", says="missing.ini")
        self.refused("--epochs", "1", says="--run is required")
        self.refused("--each", "partition", "--run", "run", says="--each takes an option of sbatch")
        self.refused("--no-check", "--run", "run", "--lerning-rate", "1", says="takes no --lerning-rate")

    def test_a_size_that_no_node_has_is_refused_before_anything_is_queued(self):
        self.refused("--render", "--ntasks=999", "--run", "run", says="render: sbatch refuses its size")
        self.refused("--review", "--partition=nowhere", "--run", "run", says="review: sbatch refuses its size")

    def test_when_the_queue_refuses_a_stage_those_before_it_are_cancelled(self):
        # A stand-in for sbatch, which lets checks pass and queues two jobs.
        sbatch = self.folder / "sbatch"
        sbatch.write_text("#!/bin/bash\n[[ $* == *--test-only* ]] && exit\n[[ $* == *-analyze* ]] && exit 1\n"
                          "PATH=${PATH#*:} exec sbatch --hold \"$@\"\n")
        sbatch.chmod(0o755)
        path = f"{self.folder}:{self.cluster.environment['PATH']}"
        jobs, errors = self.stages(*SIZES, "--run", "run", *SMALL, code=1, PATH=path)
        self.assertIn("not all stages could be queued", errors)
        self.assertEqual(list(jobs), STAGES[:2])
        for number in jobs.values():
            self.finish(number, "CANCELLED")

    def test_a_dry_run_prints_what_would_be_queued(self):
        run = "a $(touch evil) ' run"
        out, _ = self.call(SCRIPTS / "submit", "--dry-run", *SIZES, "--run", run, "--epochs", "1", "--outliers", "3")
        self.assertEqual(self.cluster.queue(), [])
        lines = [shlex.split(line) for line in out.splitlines()]
        self.assertEqual([line[0] for line in lines], ["sbatch"] * 5)
        for stage, line in zip(STAGES, lines):
            script = line.index(str(SCRIPTS / "stage.sbatch"))
            self.assertEqual(line[script + 1:script + 4], [stage, "--run", run])
            self.assertEqual("--epochs" in line, stage == "finetune")
            self.assertEqual("--outliers" in line, stage in ("analyze", "render", "review"))
        self.assertIn("--dependency=afterok:FINETUNE", lines[1])
        self.assertIn("--kill-on-invalid-dep=yes", lines[1])

    def test_a_host_without_gpus_queues_jobs_that_have_some(self):
        words = ["--device", "cuda", "--precision", "tf32", "--backend", "nccl", "--cuda-graph", "on"]
        out, _ = self.call(SCRIPTS / "submit", "--dry-run", *SIZES, "--run", "run", *words)
        self.assertIn("--device cuda", out)

    def test_help(self):
        out, _ = self.call(SCRIPTS / "submit", "--help")
        for word in ("--dry-run", "--finetune OPTION", "--run RUN"):
            self.assertIn(word, out)


if __name__ == "__main__":
    harness.main()
