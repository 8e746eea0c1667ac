# SPDX-License-Identifier: Apache-2.0
"""The job scripts with stand-ins for Slurm's commands: what files, the environment and words hold is never run."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "slurm"
PLANTED = "x[$(touch planted)]"  # bash runs the command when it computes with this
STAND_INS = {
    "srun": "[[ $1 == --mpi=list ]] && { echo pmix; exit; }\n$BEFORE_ITS_END\nexit $ENDS_WITH",
    "mpirun": "$BEFORE_ITS_END\nexit $ENDS_WITH",
    # A controller that is down for as many questions as the file says.
    "squeue": "read -r silent <silent && ((silent > 0)) && { echo $((silent - 1)) >silent; echo \"$SAYS\" >&2; exit 1; }\necho ${STATE:-RUNNING}",
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
        self.failures = self.folder / "run/.failures-of-job-7"
        self.ended = self.folder / "run/ended.ini"
        self.note.parent.mkdir(parents=True)
        self.bin.mkdir()
        for name, text in STAND_INS.items():
            (self.bin / name).write_text(f"#!/bin/bash\n{text}\n")
            (self.bin / name).chmod(0o755)
        (self.folder / "silent").write_text("0\n")

    def call(self, script, *words, code=None, **variables):
        """Runs a script of slurm/ as Slurm would. Returns what it said."""
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "ZOETROPE_HOME": str(SCRIPTS.parent), "ZOETROPE": "/bin/true",
                       "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n1", "SLURM_JOB_NUM_NODES": "1", "BEFORE_ITS_END": ":",
                       "ZOETROPE_SECONDS_BEFORE_RETRY": "0", **variables}
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

    def fail_once(self, note=None, **variables):
        """A job whose program ends with code 9."""
        if note is not None:
            self.failures.write_text(note)
        return self.call("run.sbatch", "--run", "run", **{"ENDS_WITH": "9", **variables})

    def end_under_mpirun(self, text, code="1"):
        """A job whose mpirun ends with this code, when the program has left `text` in its run directory."""
        program = self.bin / "leave"
        program.write_text(f"#!{shutil.which('python3')}\nopen('run/ended.ini', 'w').write({text!r})\n")
        program.chmod(0o755)
        return self.call("run-mpirun.sbatch", "--run", "run", ENDS_WITH=code, BEFORE_ITS_END=str(program))

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

    def test_a_job_with_gpus_takes_the_program_for_them(self):
        home = self.bin.parent / "home"
        (home / "slurm").mkdir(parents=True)
        for script in ("job.sh", "submit"):
            shutil.copy(SCRIPTS / script, home / "slurm")

        def program_of(**variables):
            said = self.call("run.sbatch", "--run", "run", code=0, ENDS_WITH="0", ZOETROPE_HOME=str(home), ZOETROPE="", **variables)
            return re.search(rf" {home}/(\S+) run --run run", said)[1]

        def make(name):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy("/bin/true", home / name)

        make("build/cuda/zoetrope")
        self.assertEqual(program_of(), "build/cuda/zoetrope")
        submit = ["bash", home / "slurm/submit", "--dry-run", "--no-check", "--run", "run"]
        self.assertNotIn("no such program", subprocess.run(submit, capture_output=True, text=True).stderr)
        make("build/zoetrope")
        for variables, name in (({}, "build/zoetrope"), ({"SLURM_GPUS_ON_NODE": "0"}, "build/zoetrope"),
                                ({"SLURM_GPUS_ON_NODE": "4"}, "build/cuda/zoetrope"), ({"SLURM_JOB_GPUS": "0"}, "build/cuda/zoetrope")):
            self.assertEqual(program_of(**variables), name, variables)
        (home / "build/cuda/zoetrope").unlink()
        self.assertEqual(program_of(SLURM_GPUS_ON_NODE="4"), "build/zoetrope")

    def test_a_script_that_does_not_find_its_folder_says_what_to_do(self):
        for script in sorted(SCRIPTS.glob("*.sbatch")):
            said = self.call(script.name, "--run", "run", code=2, ZOETROPE_HOME="", SLURM_SUBMIT_DIR=str(self.folder))
            self.assertIn("error: submit from zoetrope's folder, or first: export ZOETROPE_HOME=", said)

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
                     "ZOETROPE_SECONDS_BEFORE_RETRY", "ZOETROPE_SECONDS_TO_ASK", "REPEATS"):
            for value in (PLANTED, f"1+{PLANTED}", "many", "-1", "1e3", "9" * 10):
                for script, words in (("run.sbatch", ["--run", "run"]), ("scaling.sbatch", ["folder"])):
                    if name == "REPEATS" and script == "run.sbatch":
                        continue
                    said = self.call(script, *words, code=2, ENDS_WITH="9", **{name: value})
                    self.assertIn(f"error: {name} is '{value}', which is not a number", said)

    def test_numbers_of_the_environment_are_decimal(self):
        said = self.fail_once(SLURM_RESTART_COUNT="08", SLURM_NTASKS="010", SLURM_CPUS_PER_TASK="09", ZOETROPE_SECONDS_TO_STOP="090",
                         ZOETROPE_SECONDS_BEFORE_RETRY="00")
        self.assertIn("job 7, attempt 9, on n1", said)
        self.assertIn("--ntasks=10 --cpus-per-task=9 ", said)

    def test_what_it_was_queued_again_for_otherwise_is_no_failure(self):
        self.assertIn("requeue 7", self.fail_once(SLURM_RESTART_COUNT="50"))
        self.assertEqual(self.failures.read_text(), "1\n")
        self.assertIn("requeue 7", self.fail_once(SLURM_RESTART_COUNT="51"))
        self.assertEqual(self.failures.read_text(), "2\n")

    def test_a_job_that_fails_is_not_tried_for_ever(self):
        self.failures.write_text("3\n")
        said = self.call("run.sbatch", "--run", "run", code=9, ENDS_WITH="9")
        self.assertIn("not tried again after 4 failures in a row", said)
        self.assertNotIn("requeue", said)
        self.assertFalse(self.failures.exists())
        for note in (PLANTED, "x", ""):
            self.assertIn("requeue 7", self.fail_once(note))

    def test_failures_are_counted_anew_when_something_was_saved(self):
        save = self.bin / "save"
        save.write_text("#!/bin/sh\nmkdir -p run/checkpoint-5\necho >run/checkpoint-5/model.safetensors\n")
        save.chmod(0o755)
        self.assertIn("requeue 7", self.fail_once("3", BEFORE_ITS_END=str(save)))
        self.assertEqual(self.failures.read_text(), "1\n")
        self.note.write_text("2\n")
        self.call("run.sbatch", "--run", "run", ENDS_WITH="75", BEFORE_ITS_END=str(save))
        self.assertFalse(self.failures.exists() or self.note.exists())

    def test_frames_of_an_analysis_are_something_saved(self):
        save = self.bin / "save"
        save.write_text("#!/bin/sh\nmkdir -p run/analysis.parts\necho >run/analysis.parts/$NAME\n")
        save.chmod(0o755)
        self.note.write_text("3\n")
        said = self.call("run.sbatch", "--run", "run", ENDS_WITH="75", BEFORE_ITS_END=str(save), NAME="5.h5")
        self.assertIn("requeue 7", said)
        self.assertFalse(self.note.exists())
        shutil.rmtree(self.folder / "run/analysis.parts")
        self.note.write_text("3\n")
        said = self.call("run.sbatch", "--run", "run", code=1, ENDS_WITH="75", BEFORE_ITS_END=str(save), NAME=".5.h5.x.tmp")
        self.assertIn("with nothing new saved", said)

    def test_there_is_a_pause_before_the_next_try(self):
        start = time.monotonic()
        self.assertIn("tried again in 3 s", self.fail_once(ZOETROPE_SECONDS_BEFORE_RETRY="3"))
        self.assertGreaterEqual(time.monotonic() - start, 3)

    def test_a_controller_that_does_not_answer_is_asked_again(self):
        for code, says in (("75", "Unable to contact slurm controller (connect failure)"), ("9", "")):
            (self.folder / "silent").write_text("2\n")
            said = self.call("run.sbatch", "--run", "run", ENDS_WITH=code, SAYS=f"slurm_load_jobs error: {says}")
            self.assertEqual(said.count("not queued yet"), 2, said)
            self.assertIn("requeue 7", said)

    def test_a_controller_that_never_answers_ends_the_job_with_its_code(self):
        (self.folder / "silent").write_text("99\n")
        said = self.call("run.sbatch", "--run", "run", code=75, ENDS_WITH="75", ZOETROPE_SECONDS_TO_ASK="4")
        self.assertIn("Slurm's controller has not answered for 4 s: submit the job again", said)
        self.assertNotIn("requeue", said)

    def test_a_job_that_is_gone_or_cancelled_is_not_queued_again(self):
        said = self.call("run.sbatch", "--run", "run", code=75, ENDS_WITH="75", STATE="COMPLETING")
        self.assertNotIn("requeue", said)
        (self.folder / "silent").write_text("9\n")
        said = self.call("run.sbatch", "--run", "run", code=75, ENDS_WITH="75", SAYS="slurm_load_jobs error: Invalid job id specified")
        self.assertNotIn("requeue", said)

    def test_a_cluster_that_does_not_requeue_is_not_asked_for_ever(self):
        (self.bin / "scontrol").write_text("#!/bin/sh\necho requeue is disabled >&2\nexit 1\n")
        said = self.call("run.sbatch", "--run", "run", code=75, ENDS_WITH="75")
        self.assertIn("this cluster does not requeue: submit the job again", said)

    def test_what_the_run_says_of_its_end_counts_for_more_than_mpiruns_code(self):
        said = self.end_under_mpirun("code = 75\njob = 7\n")
        self.assertIn("requeue 7", said)
        self.assertNotIn("failed", said)
        for code in ("2", "3"):
            said = self.end_under_mpirun(f"job = 7\ncode = {code}\n", code="143")
            self.assertNotIn("requeue", said)
        self.assertIn("failed with code 4", self.end_under_mpirun("code = 4\njob = 7\nmessage = x\n", code="137"))

    def test_what_the_run_says_of_its_end_is_not_believed_of_another(self):
        for text in ("code = 2\njob = 8\n", "code = 2\n", f"code = {PLANTED}\njob = 7\n", "code = 0\njob = 7\n",
                     "code = 2\njob = $(touch planted)\n", f"code = 2\njob = {PLANTED}\n", "x" * 5000 + "\ncode = 2\njob = 7\n",
                     "\0code = 9999999999999999999999\0\njob = 7\n", ""):
            self.failures.unlink(missing_ok=True)
            self.assertIn("failed with code 1", self.end_under_mpirun(text), text[:40])
        self.failures.unlink()
        self.ended.write_text("code = 2\njob = 7\n")  # an earlier attempt's
        self.assertIn("requeue 7", self.fail_once())

    def dry_run(self, *words):
        """The words that each stage would get from slurm/submit."""
        lines = self.call("submit", "--dry-run", "--run", "run", *words, code=0, ZOETROPE=os.environ["ZOETROPE"]).splitlines()
        found = (re.fullmatch(r".*/stage\.sbatch (\w+) (.*?) *", line) for line in lines)
        return {match[1]: match[2] for match in found}

    def test_stages_of_the_articles_layout_have_its_planes(self):
        for layout in (["--layout", "article"], ["--layout=article"]):
            words = self.dry_run(*layout)
            self.assertEqual([stage for stage in words if "--projection each" in words[stage]], ["analyze", "render", "review"])
        for others in (["--layout", "article", "--projection=joint"], ["--layout", "plot"]):
            self.assertNotIn("each", " ".join(self.dry_run(*others).values()))

    def test_a_timeline_is_of_one_stage(self):
        words = self.dry_run("--trace", "first.json.gz", "--outliers", "5")
        self.assertEqual([stage for stage in words if "first.json.gz" in words[stage]], ["finetune"])
        self.assertIn("--outliers 5", words["review"])

    def test_names_of_options_are_words(self):
        program = os.environ["ZOETROPE"]
        for name in (PLANTED, "$(touch planted)", "run]$(touch planted)"):
            said = self.call("submit", "--dry-run", "--no-check", "--run", "run", f"--{name}", "1", code=2, ZOETROPE=program)
            self.assertIn(f"zoetrope run takes no --{name}", said)


class Bootstrap(unittest.TestCase):
    def test_who_is_not_root_builds_without_packages_that_are_not_needed(self):
        scratch = tempfile.TemporaryDirectory(prefix="zoetrope-test-", dir=os.getcwd())
        self.addCleanup(scratch.cleanup)
        home, programs = Path(scratch.name) / "home", Path(scratch.name) / "bin"
        for folder in (programs, home / "script", home / ".venv/bin"):
            folder.mkdir(parents=True)
        for name in ("bootstrap", "common.sh", "requirements-build.txt"):
            shutil.copy(SCRIPTS.parent / "script" / name, home / "script")
        requirements = (home / "script/requirements-build.txt").read_bytes()
        (home / ".venv/.build").write_text(f"{hashlib.sha256(requirements).hexdigest()}  -\n")  # installed already
        for name, text in {"dpkg-query": "[[ $* == *${LACKS:-libfaiss-dev}* ]] || echo -n installed", "apt-cache": "echo '  Candidate: 1.0'",
                           "id": "echo 1000", "cmake": "echo cmake version 3.25.1", "python3": "", "../home/.venv/bin/python": ""}.items():
            (programs / name).write_text(f"#!/bin/bash\n{text}\n")
            (programs / name).chmod(0o755)
        for name in ("bash", "dirname", "head", "sed", "sha256sum", "sort"):
            (programs / name).symlink_to(shutil.which(name))
        for lacks, code, says in (("libfaiss-dev", 0, "left out: libfaiss-dev liblapack-dev"), ("ninja-build", 1, "is needed to install: ninja-build")):
            done = subprocess.run(["bash", home / "script/bootstrap"], capture_output=True, text=True, env={"PATH": str(programs), "LACKS": lacks})
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn(says, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
