# SPDX-License-Identifier: Apache-2.0
"""Wrong options and broken files: one line that names the place and says what to do, and the right exit code."""
import gzip
import json
import os
import shutil
import struct
import subprocess
import time
import unittest
from pathlib import Path

import job


class Usage(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def refused(self, words, code, *parts, ranks=1):
        _, errors = job.run(words, ranks, code)
        lines = [line for line in errors.splitlines() if line.startswith("zoetrope: ")]
        self.assertEqual(len(lines), 1, f"not one line of error:\n{errors}")
        for part in parts:
            self.assertIn(part, lines[0])

    def test_words_that_are_not_understood(self):
        run = self.root / "run"
        self.refused(["rum"], 2, "did you mean run?")
        self.refused(["run"], 2, "--run")
        self.refused(["run", "--run", run, "--lerning-rate", "1"], 2, "did you mean --learning-rate?")
        self.refused(["run", "--run", run, "--batch-size", "many"], 2, "batch-size")
        self.refused(["run", "--run", run, "--batch-size", "0"], 2, "--batch-size")
        self.refused(["run", "--run", run, "--max-steps", "5", "--epochs", "1"], 2, "--max-steps", "--epochs")
        self.refused(["run", "--run", run, "--size", "10by10"], 2, "WIDTHxHEIGHT")
        self.refused(["run", "--run", run, "--size", "320x180"], 2, "--size 320x180", "360")
        self.refused(["run", "--run", run, "--fps", "80"], 2, "--fps 80", "gif")
        self.refused(["run", "--run", run, "--test-limit", "1"], 2, "--test-limit 1", "two test images")
        self.refused(["run", "--run", run, "--format", "gif,avi"], 2, "avi", "webp")
        self.refused(["run", "--run", run, "--format", ""], 2, "--format", "webp")
        self.refused(["run", "--run", run, "--data", ""], 2, "--data is empty")
        self.refused(["run", "--run", run, "--batch-size", "%value%"], 2, "percent signs")  # a placeholder of Boost's
        for seed in ("5 %", "-1", "1e3", str(2**64)):
            self.refused(["run", "--run", run, "--seed", seed], 2, f"--seed {seed}", "whole number")
        self.refused(["run", "--run", run, "--batch-size", str(2**63 - 1)], 2, "--batch-size")
        self.refused(["run", "--run", run, "--epochs", "inf"], 2, "--epochs")
        self.refused(["run", "--run", run, "--learning-rate", "inf"], 2, "--learning-rate")
        self.refused(["run", "--run", run, "--max-grad-norm", "inf"], 2, "--max-grad-norm", "0: no clipping")
        self.refused(["analyze", "--run", run, "--analyze", "beside"], 2, "analyze takes no --analyze")
        self.refused(["run", "--run", run, "--threads", "100000"], 2, "--threads")
        self.refused(["run", "--run", run, "--layout", "article", "--theme", "dark"], 2, "--layout article")
        self.refused(["run", "--run", run, "--data", "folder:x "], 2, "--data", "spaces")
        self.refused(["render", "--run", run, "--device", "cpu"], 2, "render takes no --device")
        self.refused(["render", "--run", run, "--learning-rate", "1"], 2, "render takes no --learning-rate")
        self.refused(["run", "--run", run, "surplus"], 2, "'surplus' is given without an option's name")
        self.refused(["render", self.root], 2, f"did you mean --run {self.root}?")
        for option, value in (("--tween", "some"), ("--fps", ""), ("--duration", "10s"), ("--duration", "0"),
                              ("--duration", "601"), ("--size", "1920")):
            self.refused(["run", "--run", run, option, value], 2, option)
        self.refused(["run", "--run", run, "--data", "zip:x"], 2, "zip")
        self.assertFalse(run.exists() and any(run.glob("checkpoint-*")), "work began before the options were checked")

    @unittest.skipIf(job.has_gpu(), "this machine has a GPU")
    def test_without_a_gpu(self):
        for ranks in (1, 2):
            run = ["finetune", "--run", self.root / "run", "--data", self.make_idx(), "--max-steps", "2", "--no-progress"]
            self.refused([*run, "--device", "cuda"], 2, "--device cuda: ", ranks=ranks)
            self.refused([*run, "--backend", "nccl"], 2, "--backend nccl", "CPU", ranks=ranks)
            self.refused([*run, "--precision", "tf32"], 2, "--precision tf32", ranks=ranks)
            self.refused([*run, "--cuda-graph", "on"], 2, "--cuda-graph on: ", "CPU", ranks=ranks)
            self.assertFalse((self.root / "run").exists(), "work began before the devices were checked")
        job.run([*run, "--device", "auto"], ranks=2)

    def test_options_can_be_checked_alone(self):
        words = ["run", "--check-options", "--run", self.root / "run", "--device", "cuda", "--precision", "tf32",
                 "--backend", "nccl", "--cuda-graph", "on", "--data", "idx:/on/another/host"]
        out, _ = job.run(words)
        self.assertEqual(out, "the options can be used\n")
        self.refused([*words, "--precision", "fp8"], 2, "precision")
        self.refused([*words, "--config", self.root / "missing.ini"], 3, "missing.ini")
        self.assertFalse((self.root / "run").exists())

    def test_several_ranks_speak_once(self):
        self.refused(["run", "--run", self.root / "run", "--epoch", "1"], 2, "did you mean --epochs?", ranks=4)
        self.refused(["run", "--run", self.root / "run", "--data", "idx:/nowhere"], 3, "/nowhere", ranks=4)

    def test_help_and_version_need_no_run(self):
        out, _ = job.run(["--help"])
        self.assertIn("zoetrope run", out)
        out, _ = job.run(["run", "--help"])
        for option in ("--learning-rate", "--save-steps", "--data", "5e-5", "zoetrope run --run", "--help all"):
            self.assertIn(option, out)
        self.assertNotIn("--warmup-ratio", out)
        every, _ = job.run(["run", "--help", "all"])
        self.assertIn("--warmup-ratio", every)
        count = sum(line.startswith("  -") for line in every.splitlines())
        self.assertIn(f"lists all {count} options", out)
        out, _ = job.run(["--version"])
        for library in ("libtorch", "MPI", "HDF5"):
            self.assertIn(library, out)

    def test_a_job_says_what_it_does_and_what_it_has_made(self):
        run = self.root / "run"
        out, errors = job.run(["run", "--run", run, *job.SMALL, "--format", "gif,mp4"])
        self.assertRegex(errors, r"fine-tuning a small ViT \([0-9,]+ parameters\) on 640 images of 10 classes: 20 steps of 32 "
                                 r"images, 5 checkpoints, 700 test images embedded at each, on [0-9]+ threads?")
        for name in ("log.csv", "analysis.h5", "animation.gif", "animation.mp4", "poster.png", "review.html", "issues.csv",
                     "summary.json", "checkpoint-*/frame.png"):
            self.assertIn(f" {run / name}\n", out)
        _, errors = job.run(["run", "--run", run, *job.SMALL])
        self.assertNotIn("fine-tuning", errors)  # there is nothing left
        out, _ = job.run(["review", "--run", run, "--export", "npz,projector", "--no-progress"])
        for name in ("review.html", "review.npz", "projector"):
            self.assertIn(f" {run / name}\n", out)
        self.assertNotIn("animation.gif", out)

        analysis = run / "analysis.h5"
        smooth = analysis.read_bytes()
        render = ["render", "--run", run, "--size", "640x360", "--tween", "0", "--no-progress"]
        job.run(render)
        self.assertEqual(analysis.read_bytes(), smooth)
        job.run([*render, "--projection", "each"])
        each = analysis.read_bytes()
        self.assertNotEqual(each, smooth)
        job.run(render)  # as it is
        self.assertEqual(analysis.read_bytes(), each)

        model = run / "checkpoint-20/model.safetensors"
        self.assertEqual(job.run(["inspect", model])[0], job.run(["inspect", model.parent])[0])
        alone = self.root / "alone.safetensors"
        shutil.copy(model, alone)
        out, _ = job.run(["inspect", alone])
        self.assertIn("classifier.weight  10 x 128", out)
        alone.write_bytes(b"not a safetensors file")
        self.refused(["inspect", alone], 3, "alone.safetensors")

    def make_idx(self, images=20, labels=20, cut=0, magic=0x803):
        folder = self.root / "idx"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for split in ("train", "t10k"):
            pixels = bytes(range(256)) * (images * 784 // 256 + 1)
            content = struct.pack(">IIII", magic, images, 28, 28) + pixels[:images * 784]
            (folder / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(content[:len(content) - cut]))
            content = struct.pack(">II", 0x801, labels) + bytes(i % 10 for i in range(labels))
            (folder / f"{split}-labels-idx1-ubyte").write_bytes(content)
        return f"idx:{folder}"

    def test_broken_data(self):
        run = ["run", "--run", self.root / "run", "--max-steps", "2", "--no-progress", "--data"]
        job.run([*run, self.make_idx()])
        shutil.rmtree(self.root / "run")
        self.refused([*run, self.make_idx(cut=100)], 3, "train-images-idx3-ubyte.gz")
        self.refused([*run, self.make_idx(labels=19)], 3, "19", "20")
        self.refused([*run, self.make_idx(magic=0x802)], 3, "train-images-idx3-ubyte.gz")

    def test_a_single_test_image(self):
        data = self.make_idx()
        for kind in ("images-idx3", "labels-idx1"):
            next((self.root / "idx").glob(f"t10k-{kind}-ubyte*")).unlink()
        (self.root / "idx/t10k-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 1, 28, 28) + bytes(784))
        (self.root / "idx/t10k-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 1) + bytes(1))
        self.refused(["run", "--run", self.root / "run", "--max-steps", "2", "--data", data], 3, "single test image")
        self.assertEqual(job.checkpoints(self.root / "run"), [], "it was trained before")

    def test_broken_models(self):
        model = self.root / "model"
        shutil.copytree(job.GOLDEN / "vit-tiny", model)
        run = ["run", "--run", self.root / "run", "--max-steps", "2", "--no-progress", "--data", self.make_idx(), "--model", model]
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps(config | {"hidden_size": 64}))
        self.refused(run, 3, "model.safetensors", "shape")
        (model / "config.json").write_text(json.dumps(config | {"model_type": "swin"}))
        self.refused(run, 3, "config.json", "swin")
        (model / "config.json").write_text(json.dumps(config))
        (model / "model.safetensors").write_bytes(b"\xff" * 100)
        self.refused(run, 3, "model.safetensors")

    def test_a_run_directory_of_other_options(self):
        run = ["finetune", "--run", self.root / "run", "--max-steps", "4", "--save-steps", "2", "--no-progress", "--data", self.make_idx()]
        job.run(run)
        self.refused([*run, "--learning-rate", "1"], 2, "--learning-rate", "another --run")

    def test_refused_options_are_not_kept(self):
        run, data = self.root / "run", self.make_idx()
        words = ["finetune", "--run", run, "--no-progress"]
        self.refused([*words, "--data", "idx:/nowhere"], 3, "/nowhere")
        self.refused([*words, "--data", data, "--model", self.root / "no#model"], 2, "--model", "'#'")
        self.refused([*words, "--data", data, "--model", self.root], 3, "config.json")
        self.assertFalse((run / "run.ini").exists())
        job.run([*words, "--data", data, "--max-steps", "2"])
        kept = (run / "run.ini").read_text()
        self.refused([*words, "--learning-rate", "1e-3"], 2, "--learning-rate")
        self.refused([*words, "--max-steps", "1"], 2, "--max-steps 2, now it is 1")
        self.refused([*words, "--data", "idx:/nowhere"], 3, "/nowhere")
        self.assertEqual((run / "run.ini").read_text(), kept)
        job.run(words)
        job.run(["extract", "--run", run])
        self.assertEqual((run / "run.ini").read_text(), kept)
        job.run([*words, "--image-cache", "17"])  # nothing is left to train, but these options are in order
        self.assertIn("image-cache = 17", (run / "run.ini").read_text())

    def test_options_come_back_from_the_run_directory(self):
        job.run(["finetune", "--run", self.root / "run", "--max-steps", "2", "--no-progress", "--data", self.make_idx()])
        job.run(["extract", "--run", self.root / "run"])
        job.run(["analyze", "--run", self.root / "run", "--neighbours", "3"])
        job.run(["render", "--run", self.root / "run", "--size", "960x540"])
        job.run(["review", "--run", f"{self.root}/run/"])
        stages = json.loads((self.root / "run/summary.json").read_text())["stages"]
        self.assertLessEqual({"training", "embedding", "analysis", "drawing", "animation", "review"}, set(stages))
        self.assertIn("<title>run</title>", (self.root / "run/review.html").read_text())
        out, _ = job.run(["inspect", self.root / "run"])
        self.assertIn("frames", out)
        self.assertNotIn("nan", out)
        self.assertRegex(out, r"linear_cka +\d\.\d{4}\n")  # of two frames one can be compared with the one before it
        self.assertRegex(out, r"knn_accuracy +\d\.\d{4} -> \d\.\d{4}\n")
        (self.root / "bad.ini").write_text("neighbors = 3\n")
        self.refused(["analyze", "--run", self.root / "run", "--config", self.root / "bad.ini"], 3, "bad.ini", "neighbours")

    def test_no_animation_of_other_settings_is_left(self):
        run = self.root / "run"
        job.run(["run", "--run", run, "--max-steps", "2", "--no-progress", "--data", self.make_idx(), "--size", "640x360"])
        _, said = job.run(["render", "--run", run, "--size", "640x360", "--theme", "dark", "--format", "mp4"])
        self.assertEqual([path.name for path in run.glob("animation.*")], ["animation.mp4"])
        self.assertIn(f"removed {run}/animation.gif", said)
        job.run(["render", "--run", run, "--size", "640x360", "--format", "gif,mp4"])
        self.assertEqual({path.name for path in run.glob("animation.*")}, {"animation.gif", "animation.mp4"})

    def test_what_rank_0_sees_holds_for_all(self):
        # Another host may see an older run directory: here without run.ini, and with a checkpoint that has been deleted.
        first, second = self.root / "first", self.root / "second"
        (second / "run/checkpoint-99").mkdir(parents=True)
        first.mkdir()
        job.run(["finetune", "--run", first / "run", "--max-steps", "2", "--save-steps", "1", "--no-progress", "--data", self.make_idx()])
        for name in ("checkpoint-0", "checkpoint-1", "checkpoint-2", "log.csv", "analysis.h5"):
            (second / "run" / name).symlink_to(first / "run" / name)
        elsewhere = f'((${{OMPI_COMM_WORLD_RANK:-${{PMI_RANK:-0}}}} == 0)) || cd "{second}"; exec "$0" "$@"'
        for stage in ("finetune", "extract", "analyze", "render"):
            words = [*job.MPIRUN, "-n", "2", "bash", "-c", elsewhere, job.PROGRAM, stage, "--run", "run", "--timeout", "20"]
            done = subprocess.run(words, cwd=first, capture_output=True, text=True, timeout=240)
            self.assertEqual(done.returncode, 0, f"{stage}: {done.stderr}")
        job.assert_no_leftovers(first)

    def test_pictures_of_other_images_are_refused(self):
        data = self.make_idx()
        job.run(["run", "--run", self.root / "run", "--max-steps", "2", "--no-progress", "--data", data])
        other = self.root / "other"
        shutil.copytree(self.root / "idx", other)
        images = gzip.decompress((other / "t10k-images-idx3-ubyte.gz").read_bytes())
        (other / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(images[:-1] + b"x"))
        for stage in ("render", "review"):
            self.refused([stage, "--run", self.root / "run", "--data", f"idx:{other}"], 3, "other images")

    def test_two_trainings_in_one_run_directory(self):
        words = ["finetune", "--run", self.root / "run", "--no-progress", "--data", self.make_idx(), "--max-steps"]
        first = job.start([*words, "100000"])
        try:
            while not (self.root / "run/checkpoint-0").exists():
                self.assertIsNone(first.poll(), "the first training ended")
                time.sleep(0.05)
            self.refused([*words, "5", "--timeout", "1"], 4, "another job works there (process ")
        finally:
            first.terminate()
            first.communicate()
        self.assertEqual(first.returncode, 75)

    def test_surroundings_that_libraries_crash_in(self):
        gone = self.root / "gone"
        gone.mkdir()
        script = 'cd "$0" && rmdir "$0" && exec "$1" run --run "$2"'
        done = subprocess.run(["sh", "-c", script, gone, job.PROGRAM, self.root / "run"], capture_output=True, text=True, timeout=240)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertEqual(done.stderr, "zoetrope: the working directory is gone: change to another one\n")
        done = subprocess.run(["sh", "-c", 'ulimit -v 1000000; exec "$0" run --run "$1"', job.PROGRAM, self.root / "run"],
                              capture_output=True, text=True, timeout=240)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertRegex(done.stderr, r"^zoetrope: the address space is limited to 976 MiB \(ulimit -v\).*\n$")

    def test_a_pipe_is_no_file(self):
        os.mkfifo(self.root / "pipe.json")
        self.refused(["inspect", self.root / "pipe.json"], 3, "regular file")

    def test_damaged_results_are_named(self):
        job.run(["run", "--run", self.root / "run", "--max-steps", "2", "--no-progress", "--data", self.make_idx()])
        whole = (self.root / "run/analysis.h5").read_bytes()
        for damaged in (b"not HDF5 at all" * 100, whole[:len(whole) // 2]):
            (self.root / "run/analysis.h5").write_bytes(damaged)
            for stage in ("finetune", "extract"):  # which have no need of it
                _, errors = job.run([stage, "--run", self.root / "run"])
                self.assertIn("analysis.h5", errors)
                self.assertNotIn("test_accuracy", (self.root / "run/summary.json").read_text())
        self.refused(["inspect", self.root / "run/analysis.h5"], 3, "analysis.h5")
        self.refused(["render", "--run", self.root / "run"], 3, "analysis.h5")
        self.refused(["inspect", self.root / "nothing"], 3, "nothing")
        job.run(["analyze", "--run", self.root / "run"])
        job.run(["render", "--run", self.root / "run"])


if __name__ == "__main__":
    unittest.main()
