# SPDX-License-Identifier: Apache-2.0
"""The job scripts with stand-ins for Slurm's commands: what files, the environment and words hold is never run."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "slurm"
PLANTED = "x[$(touch planted)]"  # bash runs the command when it computes with this
STAND_INS = {
    "srun": "[[ $1 == --mpi=list ]] && { echo pmix; exit; }\nexit $ENDS_WITH",
    "squeue": "echo RUNNING",
    "scontrol": 'echo "$*"; kill $PPID',  # Slurm ends a job that it queues again
    "sbatch": "echo 1",
}


class JobScript(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="zoetrope-test-", dir=os.getcwd())
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "work"
        self.bin = Path(scratch.name) / "bin"
        self.note = self.folder / "run/.nothing-saved-by-job-7"
        self.note.parent.mkdir(parents=True)
        self.bin.mkdir()
        for name, text in STAND_INS.items():
            (self.bin / name).write_text(f"#!/bin/bash\n{text}\n")
            (self.bin / name).chmod(0o755)

    def call(self, script, *words, code=None, **variables):
        """Runs a script of slurm/ as Slurm would. Returns what it said."""
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "ZOETROPE_HOME": str(SCRIPTS.parent), "ZOETROPE": "/bin/true",
                       "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n1", "SLURM_JOB_NUM_NODES": "1", **variables}
        done = subprocess.run(["bash", SCRIPTS / script, *words], capture_output=True, text=True, errors="replace", timeout=100,
                              cwd=self.folder, env=environment)
        said = done.stdout + done.stderr
        self.assertEqual(list(self.folder.rglob("planted")), [], said)
        if code is not None:
            self.assertEqual(done.returncode, code, said)
        return said

    def stop(self, note):
        """A job that ends with code 75 and has saved nothing, where a file says how often that happened before."""
        self.note.write_bytes(note)
        return self.call("run.sbatch", "--run", "run", ENDS_WITH="75")

    def test_a_bundle_starts_its_own_programs(self):
        home = self.bin.parent / "a bundle"
        (home / "slurm").mkdir(parents=True)
        (home / "bin").mkdir()
        shutil.copy(SCRIPTS / "job.sh", home / "slurm")
        for name, text in (("zoetrope", "echo zoetrope $*"), ("mpirun", 'echo mpirun; while [[ $1 != /* ]]; do shift; done; exec "$@"')):
            (home / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
            (home / "bin" / name).chmod(0o755)
        said = self.call("run-mpirun.sbatch", "--run", "run", code=0, ZOETROPE_HOME=str(home), ZOETROPE="")
        self.assertIn("mpirun\nzoetrope run --run run --threads 1\n", said)

    def test_a_note_that_is_no_number_is_not_computed_with(self):
        for note in (PLANTED, f"0+{PLANTED}", f"{PLANTED}\n2", "note", "-1", "3.0", "0" * 99999, "\udcff\udcfe", "\0", ""):
            said = self.stop(note.encode(errors="surrogateescape"))
            self.assertIn("queued again", said)
            self.assertEqual(self.note.read_text(), "1\n", note[:40])
            self.assertNotIn("line ", said)  # an error of bash

    def test_a_note_counts_in_decimal(self):
        for note, then in (("0", "1\n"), ("1\n", "2\n"), ("002", "3\n")):
            self.assertIn("requeue 7", self.stop(note.encode()))
            self.assertEqual(self.note.read_text(), then)
        for note, times in (("3", 4), ("08", 9), ("000000010", 11)):
            self.assertIn(f"stopped {times} times in a row", self.stop(note.encode()))
            self.assertFalse(self.note.exists())

    def test_a_note_that_leads_elsewhere_changes_nothing_there(self):
        other = self.folder / "other"
        other.write_text("2\n")
        self.note.symlink_to(other)
        self.call("run.sbatch", "--run", "run", ENDS_WITH="75")
        self.assertEqual(other.read_text(), "2\n")
        self.assertEqual(self.note.read_text(), "3\n")

    def test_numbers_of_the_environment_are_digits(self):
        for name in ("SLURM_CPUS_PER_TASK", "SLURM_JOB_NUM_NODES", "SLURM_NTASKS", "SLURM_RESTART_COUNT", "ZOETROPE_SECONDS_TO_STOP",
                     "REPEATS"):
            for value in (PLANTED, f"1+{PLANTED}", "many", "-1", "1e3", "9" * 10):
                for script, words in (("run.sbatch", ["--run", "run"]), ("scaling.sbatch", ["folder"])):
                    if name == "REPEATS" and script == "run.sbatch":
                        continue
                    said = self.call(script, *words, code=2, ENDS_WITH="9", **{name: value})
                    self.assertIn(f"error: {name} is '{value}', which is not a number", said)

    def test_numbers_of_the_environment_are_decimal(self):
        said = self.call("run.sbatch", "--run", "run", code=9, ENDS_WITH="9", SLURM_RESTART_COUNT="08", SLURM_NTASKS="010",
                         SLURM_CPUS_PER_TASK="09", ZOETROPE_SECONDS_TO_STOP="090")
        self.assertIn("not tried again after 8 restarts", said)
        self.assertIn("--ntasks=10 --cpus-per-task=9 ", said)

    def test_names_of_options_are_words(self):
        program = os.environ["ZOETROPE"]
        for name in (PLANTED, "$(touch planted)", "run]$(touch planted)"):
            said = self.call("submit", "--dry-run", "--no-check", "--run", "run", f"--{name}", "1", code=2, ZOETROPE=program)
            self.assertIn(f"zoetrope run takes no --{name}", said)


if __name__ == "__main__":
    unittest.main()
