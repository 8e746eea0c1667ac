# SPDX-License-Identifier: Apache-2.0
"""A run of two ranks that gets a signal in any of its stages ends in time, with a code that says what happened, and the
same command again ends as one that was left alone.

Some pairs of stage and signal, drawn anew each time; ZOETROPE_FAULTS=all: each of them, ZOETROPE_FAULTS=500: as many,
which takes five seconds each."""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))
import job  # noqa: E402

FAULTS = os.environ.get("ZOETROPE_FAULTS", "10")
RANKS = 2
TIMEOUT = round(15 * job.SLOWER)  # --timeout of a job with a rank that stands still
RUN = ["--train-limit", "300", "--test-limit", "400", "--max-steps", "40", "--save-steps", "5", "--logging-steps", "5",
       "--batch-size", "16", "--learning-rate", "1e-3", "--size", "640x360", "--resume-every", "0.5", "--threads", "1", "--no-progress"]
PICTURES = ["--format", "gif,mp4"]

# What the log says when a stage has begun; the work of which stage is left to the run.
STAGES = {
    "start-up": None,
    "reading": "reading training images",
    "training": r"training, step 1[0-9]$",
    "saving and sealing": r"embedding with checkpoint-(5|10|15)$",
    "extraction": r"embedding with checkpoint-",
    "analysis": "analysing checkpoint-(0|5|10)$",
    "gathering": "gathering the analysis",
    "drawing": "drawing frames",
    "encoding": "encoding the ",
    "review": "writing the review page",
}
SIGNALS = ["KILL", "STOP", "TERM", "USR1", "INT", "HUP", "PIPE"]
# Codes that a job may end with: those of a signal that comes before the program listens, and 0 after its work, are always right.
CODES = {"KILL": {137}, "STOP": {4}, "TERM": {75, 143, 1}, "USR1": {75, 138}, "INT": {75, 130, 1}, "HUP": {75, 129}, "PIPE": {0, 141}}


class Signals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = job.scratch()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.references = {}

    def reference(self, saving):
        if saving not in self.references:
            folder = self.references[saving] = self.root / f"reference-{saving}"
            job.run(["run", "--run", folder, "--save", saving, *RUN, *PICTURES], RANKS)
        return self.references[saving]

    def words(self, saving, folder, *more):
        return ["run", "--run", folder, "--save", saving, *RUN, *PICTURES, *more]

    def before(self, stage, saving, folder):
        """A run that has come as far as before this stage, so that the stage comes soon."""
        reference = self.reference(saving)
        if stage in ("start-up", "reading", "training", "saving and sealing"):
            return
        shutil.copytree(reference, folder)
        later = ["analysis.h5"] if stage in ("extraction", "analysis", "gathering") else []
        if stage == "extraction":
            later += [f"{name}/embeddings.h5" for name in job.checkpoints(folder)]
        for name in later:
            (folder / name).unlink()

    def disturb(self, stage, kind, saving, folder, draw):
        """Returns the job's code, its words, and whether the signal came before its end."""
        process = job.start(self.words(saving, folder, "--log-level", "debug", "--timeout", str(TIMEOUT)), RANKS)
        said, begun = [], threading.Event()

        def listen():
            for line in process.stderr:
                said.append(line)
                if STAGES[stage] and re.search(STAGES[stage], line.rstrip()):
                    begun.set()
            begun.set()
        listener = threading.Thread(target=listen)
        listener.start()
        if STAGES[stage]:
            begun.wait(240 * job.SLOWER)
        time.sleep(draw.uniform(0, 2 if stage == "start-up" else 0.3))
        ranks = job.ranks_of(process)
        in_time, target = bool(ranks) and process.poll() is None, None
        if in_time:
            target = process.pid if kind in ("TERM", "INT") and draw.random() < 0.3 else draw.choice(ranks)
            try:
                os.kill(target, getattr(signal, "SIG" + kind))
            except ProcessLookupError:
                in_time = False
        start = time.monotonic()
        if kind == "STOP" and self.stands_alone(process, target):
            in_time, start = False, time.monotonic()
            os.kill(target, signal.SIGCONT)
            self.assertEqual(process.wait(60 * job.SLOWER), 0,
                             f"{kind} in {stage}: only the rank that stands still is left\n{''.join(said)}")
        try:
            process.wait(240 * job.SLOWER)
        finally:
            process.kill()
        listener.join()
        process.stdout.close()
        process.stderr.close()
        return process.returncode, "".join(said), in_time, time.monotonic() - start

    def stands_alone(self, process, rank):
        """Whether the others have ended, and well: the rank stands still behind MPI_Finalize's last meeting.
        Its work is done, and nobody is left to watch it; as soon as it goes on, the job ends."""
        try:
            process.wait(60 * job.SLOWER)
            return False
        except subprocess.TimeoutExpired:
            return job.ranks_of(process) == [rank]

    def check(self, stage, kind, saving, draw):
        folder = self.root / "run"
        shutil.rmtree(folder, ignore_errors=True)
        self.before(stage, saving, folder)
        code, said, in_time, seconds = self.disturb(stage, kind, saving, folder, draw)
        what = f"{kind} in {stage}, --save {saving}"
        self.assertIn(code % 256, CODES[kind] | {0}, f"{what}: code {code}\n{said[-3000:]}")
        self.assertLess(seconds, 120 * job.SLOWER, what)
        for words in ("terminate called", "Assertion", "double free", "Segmentation", "Traceback"):
            self.assertNotIn(words, said, what)
        job.run(self.words(saving, folder), RANKS)
        try:
            job.assert_same_results(self.reference(saving), folder)
            job.assert_no_leftovers(folder)
            for name in ("animation.gif", "poster.png"):
                self.assertEqual(*((run / name).read_bytes() for run in (self.reference(saving), folder)), name)
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}\n{said[-3000:]}") from None
        return code, in_time

    def test_signals(self):
        seed = random.randrange(10**9)
        print(f"seed {seed}", flush=True)
        draw = random.Random(seed)
        pairs = [(stage, kind) for stage in STAGES for kind in SIGNALS]
        if FAULTS != "all":
            pairs = [pair for _ in range(1 + int(FAULTS) // len(pairs)) for pair in draw.sample(pairs, len(pairs))][:int(FAULTS)]
        reached = 0
        for stage, kind in pairs:
            saving = "full" if stage == "extraction" else draw.choice(["full", "in-situ"])
            try:
                code, in_time = self.check(stage, kind, saving, draw)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from None
            reached += in_time
            print(f"{kind} in {stage}, --save {saving}: {code}{'' if in_time else ', too late'}", flush=True)
        print(f"{len(pairs)} tries, {reached} signals before the end, no difference", flush=True)


if __name__ == "__main__":
    unittest.main()
