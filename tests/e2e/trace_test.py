# SPDX-License-Identifier: Apache-2.0
"""--trace: what every rank did and when, also of a job that is stopped or fails."""
import json
import os
import signal
import time
import unittest
from pathlib import Path

import job
import timeline

# What happens on every rank, and what only rank 0 does.
EVERYWHERE = {"opening a data set", "preparing images", "step", "loading the batch", "forward", "backward", "update", "all_reduce",
              "broadcast", "barrier", "embedding", "neighbours", "PCA", "classifier", "drawing", "packing", "writing",
              "flushing", "reading"}
OF_RANK_0 = {"sealing", "Procrustes", "encoding", "choosing the palette", "waiting for a frame", "review page", "sheets of images"}
STAGES = {"start", "reading training images", "training", "embedding with checkpoint-20", "drawing frames", "writing the review page"}


class Trace(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def names(self, tracks, rank):
        return {span["name"] for (pid, _), spans in tracks.items() if pid == rank for span in spans}

    def test_a_whole_job_on_two_ranks(self):
        run, file = self.root / "run", self.root / "timeline.json.gz"
        begin = time.monotonic()
        job.run(["run", "--run", run, *job.SMALL, "--trace", file, "--trace-steps", "2:3"], 2)
        wall = time.monotonic() - begin
        tracks = timeline.tracks(timeline.events(file))
        for rank in (0, 1):
            self.assertLessEqual(EVERYWHERE | (OF_RANK_0 if rank == 0 else set()), self.names(tracks, rank))
            self.assertLessEqual(STAGES, {span["name"] for span in tracks[rank, "stages"]})
            self.assertEqual([span["args"]["step"] for span in tracks[rank, "main"] if span["name"] == "step"], list(range(1, 21)))
        for track, spans in tracks.items():
            self.assertEqual(timeline.overlaps(spans), [], track)
            self.assertLess(timeline.seconds(timeline.outermost(spans)), wall)
        self.check_times(tracks, json.loads((run / "summary.json").read_text())["total_seconds"])
        self.check_operations(tracks)
        self.assertNotIn("trace", (run / "run.ini").read_text())

    def check_times(self, tracks, total):
        for rank in (0, 1):
            self.assertGreater(timeline.seconds(tracks[rank, "stages"]), total)
            self.assertGreater(timeline.seconds(timeline.outermost(tracks[rank, "main"])), 0.9 * total)
        # A step's sum ends on no rank before it has begun on the other.
        sums = [[span for span in tracks[rank, "main"] if span["name"] == "barrier"] for rank in (0, 1)]
        self.assertEqual(len(sums[0]), len(sums[1]))
        for first, second in zip(*sums, strict=True):
            self.assertLess(max(first["begin"], second["begin"]), min(first["end"], second["end"]))

    def check_operations(self, tracks):
        for rank in (0, 1):
            steps = [span for span in tracks[rank, "main"] if span["name"] == "step"]
            operations = [span for (pid, name), spans in tracks.items() if pid == rank and name.endswith(": libtorch") for span in spans]
            self.assertIn("aten::cross_entropy_loss", {span["name"] for span in operations})
            self.assertGreater(min(span["begin"] for span in operations), steps[1]["begin"] - 1e6)
            self.assertLess(max(span["end"] for span in operations), steps[2]["end"] + 1e6)

    def test_the_stages_as_jobs(self):
        run = self.root / "run"
        for name, words, said in (("finetune", job.SMALL_TRAINING, "step"), ("extract", [], "embedding"), ("analyze", [], "PCA"),
                                  ("render", [], "encoding"), ("review", [], "review page")):
            file = self.root / f"{name}.json"
            job.run([name, "--run", run, "--no-progress", "--trace", file, *(word for word in words if word != "--no-progress")])
            self.assertIn(said, self.names(timeline.tracks(timeline.events(file)), 0))

    def start_training(self):
        run, file = self.root / "run", self.root / "timeline.json"
        process = job.start(["finetune", "--run", run, "--max-steps", "5000", "--save-steps", "10", "--no-progress", "--trace", file], 2)
        job.wait_for(lambda: (run / "checkpoint-20").exists(), process)
        return process, file

    def test_a_job_that_is_interrupted(self):
        process, file = self.start_training()
        os.kill(job.ranks_of(process)[-1], signal.SIGUSR1)
        _, errors = process.communicate(timeout=240)
        self.assertEqual(process.returncode, 75, errors)
        tracks = timeline.tracks(timeline.events(file))
        for rank in (0, 1):
            self.assertGreaterEqual(sum(span["name"] == "step" for span in tracks[rank, "main"]), 20)

    def test_a_job_that_loses_a_rank(self):
        process, file = self.start_training()
        job.kill_one_rank(process)
        tracks = timeline.tracks(timeline.events(file))
        self.assertEqual({rank for rank, _ in tracks}, {0})
        self.assertGreaterEqual(sum(span["name"] == "step" for span in tracks[0, "main"]), 20)

    def test_a_job_that_fails(self):
        for ranks in (1, 2):
            file = self.root / f"{ranks}.json"
            job.run(["run", "--run", self.root / "run", "--data", "idx:/nowhere", "--trace", file], ranks, 3)
            self.assertIn((0, "stages"), timeline.tracks(timeline.events(file)))

    def test_a_job_that_hangs(self):
        run, file = self.root / "run", self.root / "timeline.json"
        process = job.start(["finetune", "--run", run, "--timeout", "3", "--max-steps", "5000", "--no-progress", "--trace", file], 2)
        job.wait_for(lambda: (run / "checkpoint-20").exists(), process)
        stopped = job.ranks_of(process)[-1]
        os.kill(stopped, signal.SIGSTOP)
        _, errors = process.communicate(timeout=240)
        self.assertIn("hangs", errors)
        last = timeline.tracks(timeline.events(file))[0, "main"][-1]
        self.assertGreater(last["dur"], 2e6, "what rank 0 waited in is not shown")

    def test_what_cannot_be_traced(self):
        words = ["finetune", "--run", self.root / "run", "--max-steps", "2", "--no-progress"]
        for ranks in (1, 2):
            _, errors = job.run([*words, "--trace", self.root / "missing/timeline.json"], ranks, 4)
            self.assertIn("missing/timeline.json: cannot be created", errors)
        self.assertEqual(job.checkpoints(self.root / "run"), [], "it was trained before")
        for steps in ("5", "5:", ":5", "5:4", "0:3", "1:200", "a:b", "1:2:3"):
            _, errors = job.run([*words, "--trace", self.root / "timeline.json", "--trace-steps", steps], code=2)
            self.assertIn(f"--trace-steps {steps}", errors)
        _, errors = job.run([*words, "--trace-steps", "1:2"], code=2)
        self.assertIn("--trace", errors)


if __name__ == "__main__":
    unittest.main()
