# SPDX-License-Identifier: Apache-2.0
"""Checkpoints go to transformers as they are, and a Hugging Face Trainer's output folder comes back the same way."""
import json
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy
    import torch
    from PIL import Image
    from transformers import (AutoImageProcessor, AutoModel, AutoModelForImageClassification, DeiTConfig, DeiTForImageClassification,
                              Trainer, TrainingArguments, ViTConfig, ViTForImageClassification, ViTImageProcessor)

SHAPE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=28, patch_size=7, num_labels=10)


def test_images(count):
    path = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte")
    if path.exists():
        raw = path.read_bytes()
    else:
        import gzip
        raw = gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    return numpy.frombuffer(raw, numpy.uint8, offset=16).reshape(-1, 28, 28)[:count]


def embed_and_classify(folder, images):
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor([Image.fromarray(image).convert("RGB") for image in images], return_tensors="pt")
    with torch.no_grad():
        cls = AutoModel.from_pretrained(folder)(**pixels).last_hidden_state[:, 0]
        logits = AutoModelForImageClassification.from_pretrained(folder)(**pixels).logits
    return cls.numpy(), logits.numpy()


class FashionMnist(torch.utils.data.Dataset):
    def __init__(self, count):
        self.pixels = torch.from_numpy((test_images(count).astype("float32") / 255 - 0.5) / 0.5)[:, None].expand(-1, 3, -1, -1)

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        return {"pixel_values": self.pixels[index], "labels": index % 10}


class HuggingFace(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def test_a_checkpoint_loads_as_it_is_and_gives_the_same_numbers(self):
        run = self.root / "run"
        job.run(["run", "--run", run, *job.SMALL])
        for name in ("checkpoint-0", "checkpoint-20"):
            cls, logits = embed_and_classify(run / name, test_images(100))
            with h5py.File(run / name / "embeddings.h5") as file:
                self.assertLess(numpy.abs(file["embeddings"][:100] - cls).max(), 1e-5)
                self.assertLess(numpy.abs(file["logits"][:100] - logits).max(), 1e-5)
        model = AutoModelForImageClassification.from_pretrained(run / "checkpoint-20")
        self.assertEqual(model.config.id2label[9], "Ankle boot")
        self.assertEqual(model.config.label2id["T-shirt/top"], 0)

    def train(self, output, metrics=None, **arguments):
        torch.manual_seed(0)
        model = arguments.pop("model", None) or ViTForImageClassification(ViTConfig(**SHAPE))
        arguments = TrainingArguments(**{"output_dir": str(output), "per_device_train_batch_size": 8, "save_steps": 5, "logging_steps": 5,
                                         "report_to": [], "disable_tqdm": True, "use_cpu": True, **arguments})
        return Trainer(model=model, args=arguments, train_dataset=FashionMnist(80), eval_dataset=FashionMnist(8), compute_metrics=metrics,
                       processing_class=ViTImageProcessor(size={"height": 28, "width": 28}))

    def test_a_trainers_output_becomes_an_animation_without_training_again(self):
        output = self.root / "trainer-output"
        self.train(output, max_steps=15).train()
        words = ["--run", output, "--test-limit", "200"]
        job.run(["extract", *words], ranks=2)
        job.run(["analyze", *words])
        job.run(["render", *words, "--size", "960x540"])

        cls, _ = embed_and_classify(output / "checkpoint-10", test_images(200))
        with h5py.File(output / "checkpoint-10/embeddings.h5") as file:
            self.assertLess(numpy.abs(file["embeddings"][:] - cls).max(), 1e-5)
        with h5py.File(output / "analysis.h5") as file:
            self.assertEqual(file["step"][:].tolist(), [5, 10, 15])
            history = json.loads((output / "checkpoint-15/trainer_state.json").read_text())["log_history"]
            logged = [entry["loss"] for entry in history if "loss" in entry]
            numpy.testing.assert_allclose(file["loss"][:], logged)
        self.assertTrue((output / "animation.gif").exists())

    def assert_losses_logged_last(self, run, log):
        """The loss of each frame is of the last logging step up to it; nan before the first."""
        with h5py.File(run / "analysis.h5") as file:
            steps, losses = file["step"][:].tolist(), file["loss"][:]
        expected = [([numpy.nan] + [loss for logged, loss in log if logged <= step])[-1] for step in steps]
        self.assertTrue(numpy.isnan(expected).any() and len(set(expected)) >= 3, expected)
        numpy.testing.assert_array_equal(losses, expected)

    def test_a_trainers_log_has_other_steps_than_its_checkpoints_and_words_for_numbers(self):
        output = self.root / "trainer-output"
        words = ["--run", output, "--test-limit", "50"]
        self.train(output, max_steps=25, save_steps=6, logging_steps=8, eval_strategy="steps", eval_steps=6,
                   metrics=lambda _: {"auc": float("nan"), "margin": float("inf"), "balance": float("-inf")}).train()
        for job_name in ("extract", "analyze", "render"):
            job.run([job_name, *words])

        text = (output / "checkpoint-24/trainer_state.json").read_text()
        for word in (" NaN", " Infinity", "-Infinity"):
            self.assertIn(word, text)
        self.assert_losses_logged_last(output, [(e["step"], e["loss"]) for e in json.loads(text)["log_history"] if "loss" in e])
        with h5py.File(output / "analysis.h5") as file:
            numpy.testing.assert_allclose(file["epoch"][:], file["step"][:] / 10)

    def test_the_articles_log_names_epochs_and_no_steps(self):
        """log.csv as the notebook writes it: loss, learning_rate, epoch, without a header."""
        output = self.root / "trainer-output"
        words = ["--run", output, "--test-limit", "50", "--no-progress"]
        trainer = self.train(output, max_steps=15)
        trainer.train()
        history = [entry for entry in trainer.state.log_history if "loss" in entry]
        (output / "log.csv").write_text("".join(f"{entry['loss'] + 1},{entry['learning_rate']},{entry['epoch']}\n" for entry in history))
        job.run(["extract", *words])
        _, warnings = job.run(["analyze", *words])
        self.assertEqual(warnings.count("log.csv: is passed over, as its lines name no steps"), 1, warnings)
        losses = numpy.array([entry["loss"] for entry in history])
        with h5py.File(output / "analysis.h5") as file:
            numpy.testing.assert_array_equal(file["loss"][:], losses)

        for state in output.glob("*/trainer_state.json"):  # nothing else knows the losses
            state.write_text(json.dumps(json.loads(state.read_text()) | {"log_history": []}))
        job.run(["analyze", *words])
        with h5py.File(output / "analysis.h5") as file:
            numpy.testing.assert_allclose(file["loss"][:], losses + 1)

    def test_folders_that_are_no_run_or_no_frame_are_told_from_those_that_are(self):
        output = self.root / "output"
        for name in "checkpoint-5", "checkpoint-best", "checkpoint-010", "epoch-1/checkpoint-5", "only/epoch_3":
            ViTForImageClassification(ViTConfig(**SHAPE)).save_pretrained(output / name)
            ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(output / name)
        words = ["--test-limit", "20", "--no-progress"]
        _, warnings = job.run(["extract", "--run", output, *words], ranks=2)
        self.assertEqual(warnings.count("checkpoint-010, checkpoint-best: passed over"), 1, warnings)
        self.assertEqual([path.parent.name for path in output.glob("*/embeddings.h5")], ["checkpoint-5"])
        (self.root / "above").mkdir()
        (output / "epoch-1").rename(self.root / "above/inner")
        (output / "only").rename(self.root / "only")
        for run, said in ((output / "checkpoint-5", f"it is a checkpoint itself: give the folder above, --run {output}\n"),
                          (self.root / "only/epoch_3", "it is a model's folder: zoetrope run --model takes it"),
                          (self.root / "above", f"the folder inner in it does: give --run {self.root}/above/inner\n"),
                          (self.root / "only", "the folder epoch_3 in it holds a model: call it checkpoint-<step>")):
            for stage in "extract", "analyze":
                _, errors = job.run([stage, "--run", run, *words], code=3)
                self.assertIn(f"{run}: holds no checkpoint-<step> folder; {said}", errors)

    def test_our_log_has_other_steps_than_its_checkpoints(self):
        run = self.root / "run"
        job.run(["run", "--run", run, *job.SMALL[:4], "--max-steps", "45", "--save-steps", "15", "--logging-steps", "10", *job.SMALL[10:]])
        self.assert_losses_logged_last(run, [(row["step"], row["loss"]) for row in job.log(run)])

    def test_a_model_without_its_processor_is_not_guessed_at_in_silence(self):
        output = self.root / "output"
        checkpoint, words = output / "checkpoint-5", ["extract", "--run", output, "--test-limit", "20"]
        processor = ViTImageProcessor(size={"height": 28, "width": 28}, image_mean=[0.2] * 3, image_std=[0.3] * 3)

        ViTForImageClassification(ViTConfig(**SHAPE)).save_pretrained(checkpoint)
        _, warnings = job.run(words, ranks=2)
        self.assertEqual(warnings.count(f"{checkpoint}/preprocessor_config.json: is missing"), 1, warnings)
        processor.save_pretrained(output)
        (checkpoint / "embeddings.h5").unlink()
        _, warnings = job.run(words)
        self.assertNotIn("is missing", warnings)
        processor.save_pretrained(checkpoint)
        cls, _ = embed_and_classify(checkpoint, test_images(20))
        with h5py.File(checkpoint / "embeddings.h5") as file:
            self.assertLess(numpy.abs(file["embeddings"][:] - cls).max(), 1e-5)

        for folder in (output, checkpoint):
            (folder / "preprocessor_config.json").unlink()
        DeiTForImageClassification(DeiTConfig(**SHAPE)).save_pretrained(checkpoint)
        _, errors = job.run(words, code=3)
        self.assertIn("processors of a deit differ", errors)

    def test_trainer_resumes_from_our_checkpoint(self):
        run = self.root / "run"
        config = self.root / "config.json"
        ViTConfig(**SHAPE).save_pretrained(self.root)
        job.run(["finetune", "--run", run, "--model", config, *job.SMALL_TRAINING, "--no-progress"])
        trainer = self.train(self.root / "resumed", max_steps=30, model=AutoModelForImageClassification.from_pretrained(run / "checkpoint-20"))
        trainer.train(resume_from_checkpoint=str(run / "checkpoint-20"))
        self.assertEqual(trainer.state.global_step, 30)
        steps = [entry["step"] for entry in trainer.state.log_history if "loss" in entry]
        self.assertEqual(steps, [5, 10, 15, 20, 25, 30])


if __name__ == "__main__":
    unittest.main()
