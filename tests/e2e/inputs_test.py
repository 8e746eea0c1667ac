# SPDX-License-Identifier: Apache-2.0
"""Images and models that are easily read wrongly without a word, against transformers."""
import json
import sys
import unicodedata
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
    from transformers import (AutoImageProcessor, AutoModel, AutoModelForImageClassification, ViTConfig, ViTForImageClassification,
                              ViTImageProcessor)

ANIMALS = ["ant", "bee", "cow", "dog", "elk", "fox", "gnu", "hen", "ibex", "jay", "koi", "lion"]


def picture(number, shade, height=28, width=28):
    """Of the colour of a class, and no two alike."""
    random = numpy.random.default_rng(100 * number + shade)
    colour = numpy.array([number * 37 % 256, (number * 91 + 40) % 256, (number * 151 + 80) % 256])
    return Image.fromarray((colour + random.integers(-6, 7, (height, width, 3))).clip(0, 255).astype(numpy.uint8))


def save_images(folder, names, count=3, **size):
    for first, split in ((0, "train"), (50, "test")):
        for number, name in enumerate(names):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                picture(number, first + i, **size).save(folder / split / name / f"{i}.png")


def save_model(folder, names, side=28, processor=True):
    torch.manual_seed(5)
    ViTForImageClassification(ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=side, patch_size=side // 4,
        id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)})).save_pretrained(folder)
    if processor:
        ViTImageProcessor(size={"height": side, "width": side}).save_pretrained(folder)


def pixels(folder, images):
    return AutoImageProcessor.from_pretrained(folder, backend="pil")(images, return_tensors="pt")["pixel_values"]


def teach(folder, count):
    """Makes the classifier that of the nearest mean of the pictures' embeddings; label k is the picture's number."""
    model = ViTForImageClassification.from_pretrained(folder)
    with torch.no_grad():
        means = torch.stack([model.vit(pixels(folder, [picture(k, i) for i in range(3)])).last_hidden_state[:, 0].mean(0)
                             for k in range(count)])
        model.classifier.weight.copy_(200 * means)
        model.classifier.bias.copy_(-100 * (means * means).sum(1))
        found = model(pixels(folder, [picture(k, 50) for k in range(count)])).logits.argmax(1).tolist()
    assert found == list(range(count)), found
    model.save_pretrained(folder)


def rows(folder):
    """The classifier's rows by the names of their classes."""
    model = AutoModelForImageClassification.from_pretrained(folder)
    return {name: (*model.classifier.weight[i].tolist(), model.classifier.bias[i].item()) for i, name in model.config.id2label.items()}


class Inputs(unittest.TestCase):
    def setUp(self):
        self.folder = job.scratch()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)

    def finetune(self, name, model, *words, code=0):
        return job.run(["finetune", "--run", self.root / name, "--data", f"folder:{self.root / 'images'}", "--model", model,
                        "--max-steps", "1", "--batch-size", "4", "--no-progress", *words], code=code)[1]

    def test_folders_named_by_numbers_are_the_models_classes_of_these_numbers(self):
        save_images(self.root / "images", [str(k) for k in range(12)])
        words = ["--run", self.root / "run", "--data", f"folder:{self.root / 'images'}", "--no-progress"]
        for step in (5, 10):
            save_model(self.root / f"run/checkpoint-{step}", ANIMALS)
            teach(self.root / f"run/checkpoint-{step}", 12)
        job.run(["extract", *words])
        _, warnings = job.run(["analyze", *words], ranks=2)
        with h5py.File(self.root / "run/analysis.h5") as file:
            self.assertEqual(file["accuracy"][()].tolist(), [1, 1])
        self.assertEqual(warnings.count('"0" with "ant", "1" with "bee", "10" with "koi" and 9 more'), 1, warnings)

    def test_names_in_two_unicode_forms_are_one(self):
        composed, decomposed = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
        save_images(self.root / "images", ["dog", decomposed])
        words = ["--run", self.root / "run", "--data", f"folder:{self.root / 'images'}", "--no-progress"]
        save_model(self.root / "run/checkpoint-5", ["dog", composed])
        teach(self.root / "run/checkpoint-5", 2)
        job.run(["extract", *words])
        _, warnings = job.run(["analyze", *words])
        self.assertNotIn("id2label", warnings)
        with h5py.File(self.root / "run/analysis.h5") as file:
            self.assertEqual(file["accuracy"][()].tolist(), [1])
        save_model(self.root / "other/checkpoint-5", ["dog", "cafe"])
        words[1] = self.root / "other"
        job.run(["extract", *words])
        _, warnings = job.run(["analyze", *words])
        self.assertIn(f'do not hold the 2 of --data by name, "{decomposed}" for one', warnings)

    def test_a_classifier_goes_on_with_the_classes_that_it_knows(self):
        save_images(self.root / "images", ["cat", "dog", "eel"])
        save_model(self.root / "model", ["eel", "cat", "dog"])
        warnings = self.finetune("named", self.root / "model")
        self.assertNotIn("id2label", warnings)
        self.assertEqual(rows(self.root / "named/checkpoint-0"), rows(self.root / "model"))

        save_model(self.root / "other", ["fox", "cat", "dog"])
        warnings = self.finetune("other-run", self.root / "other")
        self.assertIn('"cat" with "fox", "dog" with "cat", "eel" with "dog"', warnings)
        self.assertEqual(list(rows(self.root / "other-run/checkpoint-0").values()), list(rows(self.root / "other").values()))

        save_model(self.root / "more", ["fox", "cat", "dog", "eel"])
        self.assertNotIn("id2label", self.finetune("more-run", self.root / "more"))

    def test_numbers_tell_which_classes_a_classifier_goes_on_with(self):
        save_images(self.root / "images", [str(k) for k in range(12)], count=1)
        save_model(self.root / "model", ANIMALS)
        warnings = self.finetune("run", self.root / "model")
        self.assertIn('"10" with "koi"', warnings)
        known = rows(self.root / "model")
        self.assertEqual(rows(self.root / "run/checkpoint-0"), {str(k): known[name] for k, name in enumerate(ANIMALS)})

    def test_one_class_is_nothing_to_learn(self):
        save_images(self.root / "images", ["cat"])
        save_model(self.root / "model", ["cat", "dog"])
        errors = self.finetune("run", self.root / "model", code=3)
        self.assertIn(f"--data folder:{self.root / 'images'}: holds one class alone, \"cat\"", errors)
        self.assertFalse(list(self.root.glob("run/checkpoint-*")))

        (self.root / "images/test/dog").mkdir()
        picture(1, 0).save(self.root / "images/test/dog/1.png")
        self.assertIn('training images are all of one class of 2, "cat"', self.finetune("run", self.root / "model"))

    def test_sizes_in_every_form_that_transformers_takes(self):
        save_images(self.root / "images", ["cat", "dog"], count=1, height=61, width=47)
        checkpoint = self.root / "run/checkpoint-5"
        processor = checkpoint / "preprocessor_config.json"
        save_model(checkpoint, ["cat", "dog"], side=32, processor=False)
        extract = ["extract", "--run", self.root / "run", "--data", f"folder:{self.root / 'images'}", "--no-progress"]
        images = [picture(k, 50, 61, 47) for k in range(2)]
        crop = {"do_center_crop": True, "crop_size": [32, 32]}
        for kind, options in (("Bit", {"size": {"shortest_edge": 36}, "crop_size": [32, 32]}), ("Bit", {"size": 36, "crop_size": 32}),
                              ("DeiT", {"size": [40, 36], "crop_size": {"height": 32, "width": 32}}), ("ViT", {"size": [32, 32]}),
                              ("ViT", {"size": 36, "default_to_square": False, **crop}),
                              ("ViT", {"size": [36, 40], "pad_size": [50, 50], **crop})):
            (checkpoint / "embeddings.h5").unlink(missing_ok=True)
            processor.write_text(json.dumps({"image_processor_type": f"{kind}ImageProcessor", **options}))
            job.run(extract)
            with torch.no_grad():
                expected = AutoModel.from_pretrained(checkpoint)(pixels(checkpoint, images)).last_hidden_state[:, 0].numpy()
            with h5py.File(checkpoint / "embeddings.h5") as file:
                self.assertLess(numpy.abs(file["embeddings"][()] - expected).max(), 1e-5, (kind, options))
        processor.write_text(json.dumps({"image_processor_type": "BitImageProcessor", "size": 36, "crop_size": [32]}))
        _, errors = job.run(extract, code=3)
        self.assertIn('preprocessor_config.json: "crop_size" is [32]; supported are', errors)

    def test_options_of_an_analysis_hold_for_every_job_that_takes_them(self):
        run = self.root / "run"
        quiet = ["--run", run, "--no-progress"]
        job.run(["run", "--run", run, *job.SMALL])

        def outliers_and_neighbours():
            with h5py.File(run / "analysis.h5") as file:
                return file["outlier"].shape[1], file["neighbour"].shape[2]
        job.run(["analyze", *quiet, "--outliers", "12"])
        job.run(["render", *quiet, "--tween", "0"])  # asks for nothing
        self.assertEqual(outliers_and_neighbours(), (12, 10))
        job.run(["render", *quiet, "--tween", "0", "--outliers", "3", "--neighbours", "4"])
        self.assertEqual(outliers_and_neighbours(), (3, 4))
        job.run(["review", *quiet, "--neighbours", "6"])
        self.assertEqual(outliers_and_neighbours(), (8, 6))


if __name__ == "__main__":
    unittest.main()
