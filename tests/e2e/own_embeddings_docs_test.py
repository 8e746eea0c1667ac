# SPDX-License-Identifier: Apache-2.0
"""The callbacks of docs/own-embeddings.md, in trainings by the libraries that they are for."""
import os
import re
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs/own-embeddings.md"


def code_of(heading):
    """What the code of the section that is called so defines."""
    section = PAGE.read_text().split(f"# {heading}\n")[1].split("\n##")[0]
    names = {}
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], names)  # noqa: S102
    return names


def callback(heading):
    return code_of(heading)["KeepEmbeddings"]


class Callbacks(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.given = self.root / "emb"

    def draw_images(self, count, shape):
        """The same each time, `count` of each class and split, in the folder images. Returns those of the test split."""
        import numpy as np
        from PIL import Image
        draw = np.random.default_rng(3)
        pictures = []
        for split in "train", "test":
            for name in "cat", "dog":
                for i in range(count):
                    path = self.root / "images" / split / name / f"{i}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(draw.integers(0, 256, shape, np.uint8)).save(path)
                    pictures += [Image.open(path)] if split == "test" else []
        return pictures

    def assert_taken_in(self, steps, shape):
        import numpy as np
        found = sorted(int(path.stem.split("_")[1]) for path in self.given.iterdir())
        self.assertEqual(found, steps)
        first, last = (np.load(self.given / f"step_{step}.npy") for step in (steps[0], steps[-1]))
        self.assertEqual((first.shape, first.dtype), (shape, np.float32))
        self.assertFalse(np.array_equal(first, last), "nothing was learned")
        run = self.root / "run"
        job.run(["analyze", "--embeddings", self.given, "--run", run, "--no-progress", "--neighbours", "3", "--quality-neighbours", "4"])
        self.assertEqual(job.checkpoints(run), [f"checkpoint-{step}" for step in steps])

    @require.package("transformers")
    def test_trainer(self):
        import torch
        import transformers
        torch.manual_seed(0)
        config = transformers.BertConfig(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
        model = transformers.BertForSequenceClassification(config)
        words = torch.randint(30, (24, 6))
        data = [{"input_ids": row, "labels": int(row.sum()) % 2} for row in words]
        embed = lambda model, batch: model.base_model(**batch).last_hidden_state[:, 0]  # noqa: E731
        keep = callback("Hugging Face's Trainer")([{"input_ids": words[:10]}, {"input_ids": words[10:]}], embed, self.given)
        arguments = transformers.TrainingArguments(str(self.root / "trainer"), max_steps=6, save_steps=3, learning_rate=1e-2, use_cpu=True,
                                                   report_to=[], disable_tqdm=True)
        transformers.Trainer(model, arguments, train_dataset=data, callbacks=[keep]).train()
        self.assertTrue(model.training)
        self.assert_taken_in([0, 3, 6], (24, 8))
        self.assert_epochs_of(self.root / "trainer", [0, 1, 2])

    def assert_epochs_of(self, run, expected):
        """The run directory is Trainer's own folder: what it has logged is the run's log."""
        import h5py
        import numpy as np
        job.run(["render", "--embeddings", self.given, "--run", run, "--no-progress", "--neighbours", "3", "--size", "960x540"])
        with h5py.File(run / "analysis.h5") as file:
            np.testing.assert_allclose(file["epoch"][:], expected)
        job.run(["inspect", "--verify", run])

    @require.package("lightning")
    def test_lightning(self):
        import lightning
        import torch

        class Model(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.features, self.head = torch.nn.Linear(5, 8), torch.nn.Linear(8, 2)

            def training_step(self, batch):
                inputs, labels = batch
                return torch.nn.functional.cross_entropy(self.head(self.features(inputs)), labels)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), 0.1)

        inputs = torch.randn(24, 5)
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, (inputs.sum(1) > 0).long()), 8)
        keep = callback("Lightning")([inputs[:10], inputs[10:]], lambda model, batch: model.features(batch), self.given)
        lightning.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                          enable_model_summary=False, callbacks=[keep]).fit(Model(), loader)
        self.assert_taken_in([0, 3, 6], (24, 8))

    @require.package("keras")
    def test_keras(self):
        os.environ["KERAS_BACKEND"] = "torch"
        import keras
        import numpy as np
        inputs = np.random.default_rng(0).normal(size=(24, 5)).astype("f4")
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, name="features"), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(inputs, inputs.sum(1), epochs=2, verbose=0, callbacks=[callback("Keras")(inputs, "features", self.given)])
        self.assert_taken_in([0, 1, 2], (24, 8))

    @require.package("transformers")
    def test_models_that_are_not_read(self):
        """Towers of other families, each with the embedding that its own library calls pooled."""
        import h5py
        import numpy as np
        import torch
        import transformers
        embed = code_of("Models that zoetrope does not read")["embed"]
        pictures = self.draw_images(5, (20, 24, 3))
        tower = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4)
        text = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=9)
        for name, config, processor in (
                ("clip", transformers.CLIPConfig(text_config=text, vision_config=tower), "CLIPImageProcessor"),
                ("clip-tower", transformers.CLIPVisionConfig(**tower), "CLIPImageProcessor"),
                ("siglip", transformers.SiglipConfig(text_config=text, vision_config=tower), "SiglipImageProcessor"),
                ("dinov3", transformers.DINOv3ViTConfig(**tower), "ViTImageProcessor"),
                ("convnext", transformers.ConvNextConfig(hidden_sizes=[4, 4, 8, 8], depths=[1] * 4, image_size=64), "ViTImageProcessor")):
            for step in 0, 20:
                torch.manual_seed(step)
                model = transformers.AutoModel.from_config(config).eval()
                folder = self.root / name / f"checkpoint-{step}"
                model.save_pretrained(folder)
                side = getattr(config, "image_size", 16)
                getattr(transformers, processor)(size={"height": side, "width": side}, do_center_crop=False).save_pretrained(folder)
            if not name.startswith("clip"):
                refused = job.run(["extract", "--run", self.root / name, "--data", f"folder:{self.root}/images", "--no-progress"], code=3)[1]
                self.assertIn('docs/own-embeddings.md, "Models that zoetrope does not read"', refused)
            embed(self.root / name, str(self.root / "images"), self.root / f"emb-{name}")
            run = self.root / f"run-{name}"
            job.run(["render", "--embeddings", self.root / f"emb-{name}", "--images", f"folder:{self.root}/images", "--run", run, "--no-progress",
                     "--neighbours", "3", "--size", "640x360"])
            self.assertEqual(job.checkpoints(run), ["checkpoint-0", "checkpoint-20"])
            pixels = transformers.AutoImageProcessor.from_pretrained(folder)(pictures, return_tensors="pt")["pixel_values"]
            with torch.no_grad():
                vision = model.vision_model if name in ("clip", "siglip") else model
                expected = vision(pixel_values=pixels).pooler_output
            with h5py.File(run / "checkpoint-20/embeddings.h5") as file:
                np.testing.assert_allclose(file["embeddings"][()], expected.flatten(1), atol=1e-5)

    @require.package("timm")
    def test_checkpoints_of_timm(self):
        """What CheckpointSaver of train.py writes embeds as timm's model does."""
        import argparse

        import h5py
        import numpy as np
        import timm
        import timm.utils
        import torch
        pictures = self.draw_images(3, (40, 44, 3))
        torch.manual_seed(2)
        model = timm.create_model("vit_tiny_patch16_224", num_classes=2, img_size=32, depth=2)
        averaged = timm.utils.ModelEmaV3(model, decay=0.5)
        saver = timm.utils.CheckpointSaver(torch.compile(model), torch.optim.SGD(model.parameters()), argparse.Namespace(model="vit_tiny_patch16_224"),
                                           averaged, checkpoint_dir=str(self.root))
        expected = {}
        transform = timm.data.create_transform(**timm.data.resolve_data_config({"input_size": (3, 32, 32)}, model=model))
        pixels = torch.stack([transform(picture) for picture in pictures])
        for epoch in 0, 1:
            for parameter in model.parameters():
                torch.nn.init.normal_(parameter, std=0.05)
            averaged.update(model)
            saver.save_checkpoint(epoch, 0.5)
            with torch.no_grad():
                expected[epoch] = {ema: each.eval().forward_features(pixels)[:, 0] for ema, each in ((False, model), (True, averaged.module))}
        refused = job.run(["finetune", "--run", self.root / "no", "--model", self.root, "--max-steps", "1"], code=3)[1]
        self.assertIn('docs/own-embeddings.md, "Checkpoints of timm"', refused)
        for ema in False, True:
            run = self.root / f"run-{ema}"
            code_of("Checkpoints of timm")["convert"](self.root, run, ema=ema, img_size=32, depth=2)
            job.run(["extract", "--run", run, "--data", f"folder:{self.root}/images", "--no-progress"])
            for epoch in expected:
                with h5py.File(run / f"checkpoint-{epoch}/embeddings.h5") as file:
                    np.testing.assert_allclose(file["embeddings"][()], expected[epoch][ema], atol=1e-4)


if __name__ == "__main__":
    unittest.main()
