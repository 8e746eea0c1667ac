# SPDX-License-Identifier: Apache-2.0
"""What somebody meets who has just begun: stages out of order, the wrong folder, words of other programs, a run changed by hand."""
import json
import shutil
import unittest
from pathlib import Path

import job

TINY_TRAINING = ["--train-limit", "96", "--test-limit", "60", "--max-steps", "8", "--save-steps", "3", "--batch-size", "8", "--logging-steps", "2",
                 "--threads", "1", "--no-progress"]
TINY = [*TINY_TRAINING, "--size", "640x360", "--tween", "0"]


class FirstSteps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = job.scratch()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.base = Path(cls.scratch.name) / "base"
        cls.base_out, _ = job.run(["run", "--run", cls.base, *TINY])

    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def copy_of_run(self):
        return Path(shutil.copytree(self.base, self.root / "run"))

    def refused(self, words, code, *parts):
        out, errors = job.run(words, code=code)
        lines = [line for line in errors.splitlines() if line.startswith("zoetrope: ")]
        self.assertEqual(len(lines), 1, f"not one line of error:\n{errors}")
        for part in parts:
            self.assertIn(part, lines[0])
        return lines[0]

    def copy_of_model(self, step):
        model = self.root / f"model-{step}"
        model.mkdir()
        for name in ("config.json", "model.safetensors", "preprocessor_config.json"):
            shutil.copy(self.base / f"checkpoint-{step}" / name, model)
        return model

    def test_another_model_does_not_rewrite_a_runs_history(self):
        run = self.copy_of_run()
        before = job.digests(run)
        self.refused(["run", "--run", run, "--no-progress", "--model", self.copy_of_model(8)], 2, "checkpoint-0 is another model than --model")
        self.assertEqual(job.digests(run), before)
        job.run(["finetune", "--run", run, "--no-progress", "--model", self.copy_of_model(0)])  # it may have moved

    def test_a_deleted_checkpoint_is_a_frame_less(self):
        for words in (["render", "--size", "640x360", "--tween", "0"], ["review"]):
            run = self.copy_of_run()
            shutil.rmtree(run / "checkpoint-3")
            _, said = job.run([*words, "--run", run, "--no-progress"])
            self.assertIn("analysis.h5: shows checkpoint-3, which has been deleted; it is made again", said)
            self.assertFalse((run / "checkpoint-3").exists())
            _, said = job.run([*words, "--run", run, "--no-progress"])
            self.assertNotIn("deleted", said)
            job.run(["inspect", "--verify", run])
            shutil.rmtree(run)

    def test_pictures_are_of_the_embeddings_that_there_are(self):
        words = (["render", "--size", "640x360", "--tween", "0"], ["review"])
        for first, second in words, words[::-1]:
            run = self.copy_of_run()
            job.run(["extract", "--run", run, "--precision", "bf16", "--no-progress"])
            _, said = job.run([*first, "--run", run, "--no-progress"])
            self.assertIn("analysis.h5: was made from other embeddings than checkpoint-0 holds now; it is made again", said)
            job.run(["inspect", "--verify", run])
            _, said = job.run([*second, "--run", run, "--no-progress"])
            self.assertNotIn("made again", said)

            shutil.rmtree(run / "checkpoint-8")
            job.run([*first, "--run", run, "--no-progress"])
            shutil.copytree(self.base / "checkpoint-8", run / "checkpoint-8")
            _, said = job.run([*first, "--run", run, "--no-progress"], 2)
            self.assertIn("analysis.h5: does not show checkpoint-8; it is made again", said)
            job.run(["inspect", "--verify", run])
            shutil.rmtree(run)

    def test_embeddings_may_be_deleted_once_they_are_analysed(self):
        run = self.copy_of_run()
        before = (run / "analysis.h5").read_bytes()
        (run / "checkpoint-3/embeddings.h5").unlink()
        _, said = job.run(["review", "--run", run, "--no-progress"])
        self.assertNotIn("analysis.h5", said)

        shutil.copy(run / "checkpoint-0/embeddings.h5", run / "checkpoint-8/embeddings.h5")
        _, said = job.run(["review", "--run", run, "--no-progress"])
        self.assertIn("other embeddings than checkpoint-8 holds now; it is used as it is, since checkpoint-3 has no embeddings", said)
        self.assertEqual((run / "analysis.h5").read_bytes(), before)

    def test_a_small_memory_limit_is_found_before_the_training(self):
        run = self.root / "run"
        for limit in ("8", "8000", "1000K"):
            self.refused(["run", "--run", run, *TINY, "--memory-limit", limit], 2, f"--memory-limit {limit}", "8G")
        self.refused(["run", "--run", run, *TINY, "--memory-limit", "1M"], 2, "--memory-limit: even in blocks the analysis takes", "M or more")
        self.assertEqual([path.name for path in run.iterdir() if path.name != "ended.ini"], [])
        job.run(["finetune", "--run", run, *TINY_TRAINING])

    def test_stages_alone_say_what_comes_first(self):
        run = self.root / "run"
        out, _ = job.run(["finetune", "--run", run, *TINY_TRAINING])
        self.assertRegex(out, rf"checkpoints +{run}/checkpoint-\*\n")
        self.refused(["analyze", "--run", run], 3, "checkpoint-0/embeddings.h5: there is no such file; run zoetrope extract first")
        for stage in ("render", "review"):
            self.refused([stage, "--run", run], 3, "analysis.h5: there is no such file; run zoetrope extract and then zoetrope analyze first")
        out, _ = job.run(["extract", "--run", run, "--no-progress"])
        self.assertRegex(out, rf"embeddings +{run}/checkpoint-\*/embeddings\*\.h5\n")
        self.refused(["render", "--run", run], 3, "analysis.h5: there is no such file; run zoetrope analyze first")
        (run / "checkpoint-3/model.safetensors").unlink()
        (run / "checkpoint-3/embeddings.h5").unlink()
        self.refused(["analyze", "--run", run], 3, "checkpoint-3/embeddings.h5: there is no such file; restore it", "delete checkpoint-3")

    def test_what_is_no_run_is_left_as_it_is(self):
        for stage in ("extract", "analyze", "render", "review"):
            self.refused([stage, "--run", self.root], 3, "holds no checkpoint-<step> folder; run zoetrope finetune first")
            self.refused([stage, "--run", self.root, "--test-limit", "-1"], 2, "--test-limit")
            self.assertEqual(list(self.root.iterdir()), [])
        self.refused(["render", "--run", self.base / "checkpoint-3"], 3, f"--run {self.base}")
        run = self.copy_of_run()
        before = job.digests(run)
        for words in (["run", "--run", run / "checkpoint-3", *TINY], ["finetune", "--run", f"{run}/checkpoint-3/", *TINY_TRAINING]):
            self.refused(words, 3, f"it is a checkpoint itself: give the folder above, --run {run}")
            (run / "checkpoint-3/ended.ini").unlink()  # which a job's script reads
            self.assertEqual(job.digests(run), before)

    def test_a_file_is_named_where_its_value_is_wrong_and_only_there(self):
        run = self.copy_of_run()
        ini = (run / "run.ini").read_text()
        line = self.refused(["run", "--run", run, "--epochs", "2"], 2, "--max-steps 8, now it is 24")
        self.assertNotIn("run.ini)", line)
        line = self.refused(["run", "--run", run, "--learning-rate", "1"], 2, "--learning-rate")
        self.assertNotIn("run.ini)", line)
        lines = [line for line in ini.splitlines() if not line.startswith("# ")]

        def edit(old, new):
            (run / "run.ini").write_text("\n".join(lines).replace(old, new) + "\n")

        edit("theme = light", "theme = drak")
        self.refused(["render", "--run", run], 2, f"--theme drak: choose one of light, dark (--theme is from {run}/run.ini)")
        edit("batch-size = 8", "batch-size = 7")
        self.refused(["run", "--run", run], 2, f"(--batch-size is from {run}/run.ini)")
        broken = self.root / "images"
        for split in ("train", "test"):
            for name in ("a", "b"):
                (broken / split / name).mkdir(parents=True)
                for image in range(2):
                    (broken / split / name / f"{image}.png").write_bytes(b"no image")
        edit(next(line for line in lines if line.startswith("data = ")), f"data = folder:{broken}")
        line = self.refused(["run", "--run", run], 3, "(--skip-bad-images leaves such images out)")
        self.assertNotIn("--skip-bad-images is from", line)

    def test_ini_files_that_people_write(self):
        ini = self.root / "my.ini"
        words = ["finetune", "--check-options", "--run", self.root / "run", "--config", ini]
        for text, code, *parts in (
                ("format = gif, mp4\n", 0),
                ("format = gif, avi\n", 2, "--format avi: choose", f"(--format is from {ini})"),
                ("[train]\nmax-steps = 3\n", 3, f"{ini}: [train]: options stand in no sections"),
                ("run = elsewhere\n", 2, f"{ini}: run: give --run on the command line"),
                ("max-steps = 3\nepochs = 2\n", 2, f"{ini}: --max-steps and --epochs contradict"),
                ("max-steps = 0\nepochs = 2\n", 0),
                ("epochs = three\n", 3, f"{ini}: --epochs three: give a number"),
                ("quiet = maybe\n", 3, "--quiet maybe: give true or false")):
            ini.write_text(text)
            if code == 0:
                job.run(words)
            else:
                self.refused(words, code, *parts)

    def test_the_length_that_stands_closest_to_the_command_line_counts(self):
        run, ini = self.copy_of_run(), self.root / "my.ini"
        ini.write_text("epochs = 2\n")
        self.refused(["run", "--run", run, "--config", ini], 2, "--max-steps 8, now it is 24")

    def test_options_without_effect_are_told(self):
        words = ["review", "--run", self.copy_of_run(), "--no-progress"]
        _, said = job.run([*words, "--train-sample", "5"])
        self.assertEqual(said.count("warning --train-sample changes nothing: "), 1)
        _, said = job.run([*words, "--smoothness", "2", "--projection", "each"])
        self.assertEqual(said.count("warning --smoothness changes nothing: "), 1)
        drawn = ["render", "--run", words[2], "--size", "360x390", "--tween", "0", "--no-progress", "--title", "Mine"]
        _, said = job.run([*drawn, "--layout", "plot"])
        self.assertEqual(said.count("warning --title changes nothing: --layout plot shows none"), 1)
        _, said = job.run(words)
        self.assertNotIn("changes nothing", said)

    def test_options_are_checked_as_far_as_no_file_is_needed(self):
        words = ["run", "--check-options", "--run", self.root / "run"]
        self.refused([*words, "--log-level", "verbose"], 2, "--log-level verbose")
        for data in ("fashion-mnist", "imagefolder:/tmp", "folder:"):
            self.refused([*words, "--data", data], 2, f"--data {data}: ")
        self.refused([*words, "--data", "cifar10:/nowhere", "--skip-bad-images"], 2, "--skip-bad-images has no meaning")
        job.run([*words, "--data", "hf:owner/name"])
        job.run([*words, "--data", "owner/name"])

    def test_what_is_no_model_is_named(self):
        words = ["run", "--run", self.root / "run", *TINY, "--model"]
        self.refused([*words, self.base], 3, f"--model {self.base}: is a run, not a model; give one of its checkpoints, --model {self.base}/checkpoint-8")
        weights = self.base / "checkpoint-3/model.safetensors"
        self.refused([*words, weights], 3, f"--model {weights}: is a file of weights; give its folder, --model {weights.parent}")

    def test_words_that_others_use(self):
        words = ["run", "--run", self.root / "run"]
        for typed, meant in (("--lr", "learning-rate"), ("--steps", "max-steps"), ("--num-train-epochs", "epochs"), ("--output_dir", "run"),
                             ("--per-device-train-batch-size", "batch-size"), ("--learning_rate", "learning-rate")):
            self.refused([*words, typed, "1"], 2, f"unknown option {typed}: did you mean --{meant}?")
        self.refused([*words, "--lerning-rate=1"], 2, "unknown option --lerning-rate: did you mean --learning-rate?")
        self.refused(["finetune", "--run", self.root / "run", "--size=3x3"], 2, "zoetrope finetune takes no --size; ")
        self.refused(["run", "-r", "y"], 2, "unknown option -r: did you mean --run?")
        self.refused([*words, "--epochs", "three"], 2, "zoetrope: --epochs three: give a number")
        self.refused([*words, "--batch-size", "1e3"], 2, "--batch-size 1e3: give a whole number")
        self.refused([*words, "--learning-rate", "5,0"], 2, "--learning-rate 5,0: give a number, such as 3, 0.5 or 5e-5")
        self.assertNotIn("16384", self.refused([*words, "--size", "640"], 2, "--size 640: give WIDTHxHEIGHT"))
        for size in ("9000x9000", "20000x20000"):
            self.refused([*words, "--size", size], 2, f"--size {size} cannot be laid out", "8192")
        self.refused([*words, "--format", "gif,", "mp4"], 2, "zoetrope: 'mp4' is given without an option's name: a list has no spaces, give gif,mp4")
        self.refused([*words, "--data", self.root], 2, f"did you mean folder:{self.root}?")

    def test_what_was_done_before_keeps_its_times(self):
        run = self.copy_of_run()
        before = json.loads((run / "summary.json").read_text())["stages"]
        out, _ = job.run(["run", "--run", run, *TINY])
        self.assertRegex(out, r"\n  training +nothing left to do\n")
        self.assertRegex(out, r"\n  embedding +nothing left to do\n")
        self.assertNotIn("analysis ", out)
        after = json.loads((run / "summary.json").read_text())["stages"]
        for stage in ("training", "embedding", "outliers", "pca", "analysis"):
            self.assertEqual(after[stage], before[stage], stage)
        out, _ = job.run(["extract", "--run", run])
        self.assertRegex(out, r"  embedding +nothing left to do\n")

    def test_inspect_says_what_it_takes_and_how_far_a_run_is(self):
        for words in (["--help"], ["--help", "all"], ["-h"]):
            out, _ = job.run(["inspect", *words])
            self.assertIn("zoetrope inspect --verify PATH", out)
        self.refused(["inspect", "--run", self.base], 2, "unknown option --run: inspect takes its path without a name")
        self.refused(["inspect", "--verfy", self.base], 2, "did you mean --verify?")
        self.refused(["inspect"], 2, "one path")
        out, _ = job.run(["inspect", self.base])
        self.assertRegex(out, r"training +done \(8 of 8 steps\)\n")
        columns = {line.index(line.split()[1], 2 + len(line.split()[0])) for line in out.splitlines() if line.startswith(("  accuracy", "  neighbour_p"))}
        self.assertEqual(len(columns), 1, out)
        run = self.copy_of_run()
        for step in 6, 8:
            shutil.rmtree(run / f"checkpoint-{step}")
        out, _ = job.run(["inspect", run])
        self.assertNotIn("done", out)

    def test_what_people_look_at_is_verified(self):
        run = self.copy_of_run()
        out, _ = job.run(["inspect", "--verify", run])
        self.assertRegex(out, rf"^{run}: \d+ files, whole\n$")
        for name, stage in (("animation.gif", "render"), ("poster.png", "render"), ("checkpoint-3/frame.png", "render"), ("review.html", "review"),
                            ("issues.csv", "review")):
            content = (run / name).read_bytes()
            for damaged in (b"", content[:-20]):
                (run / name).write_bytes(damaged)
                out, _ = job.run(["inspect", "--verify", run], code=3)
                self.assertRegex(out, rf"^{run / name}: is .*; zoetrope {stage} makes it again\n$")
            (run / name).write_bytes(content)

    def test_verify_says_of_run_ini_what_a_job_says(self):
        run = self.copy_of_run()
        header, *lines = (run / "run.ini").read_text().splitlines(True)
        self.assertIn("delete this first line", header)
        (run / "run.ini").write_text("".join([header, *lines[:-1]]))
        for words in (["inspect", "--verify", run], ["render", "--run", run]):
            out, errors = job.run(words, code=3)
            self.assertIn("is cut, its last line with the digest is gone", out + errors)
            self.assertIn("where you have edited it, delete its first line", out + errors)
        (run / "run.ini").write_text("".join(lines[:-1]))
        job.run(["inspect", "--verify", run])
        job.run(["review", "--run", run])

    def test_a_training_without_a_line_of_the_log_says_so(self):
        at = TINY_TRAINING.index("--logging-steps")
        _, said = job.run(["finetune", "--run", self.root / "run", *TINY_TRAINING[:at], *TINY_TRAINING[at + 2:]])
        self.assertEqual(said.count("warning --logging-steps 20 is more than the 8 steps of the training"), 1)


if __name__ == "__main__":
    unittest.main()
