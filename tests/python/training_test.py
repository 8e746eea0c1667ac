# SPDX-License-Identifier: Apache-2.0
"""The callbacks for Trainer and Lightning, in trainings by these libraries."""
import os
import shutil
import unittest
import unittest.mock
import warnings
from pathlib import Path

import package
import require

with require.imports():
    import datasets
    import h5py
    import numpy as np
    import torch
    import transformers
    from PIL import Image

import job

import zoetrope

ZOETROPE = os.environ["ZOETROPE"]
torch.set_num_threads(1)  # models this small take longer with more
CLASSES = [f"class {number}" for number in range(10)]


def images(count):
    """A data set as `datasets` gives it: an image and a label in each row."""
    pixels, labels = package.fashion(count)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=CLASSES)})
    return datasets.Dataset.from_dict({"image": [Image.fromarray(image).convert("RGB") for image in pixels], "label": labels.tolist()},
                                      features=features)


def processor():
    return transformers.ViTImageProcessor(size={"height": 28, "width": 28})


def preprocessed(dataset):
    def transform(rows):
        pixels = [torch.from_numpy(np.asarray(image, "f4") / 255 - 0.5).permute(2, 0, 1) / 0.5 for image in rows["image"]]
        return {"pixel_values": pixels, "labels": rows["label"]}

    return dataset.with_transform(transform)


def train(callbacks, output="trainer", resume=None, seed=0, **arguments):
    """The log of a training whose every number is the same each time."""
    transformers.set_seed(seed)
    config = transformers.ViTConfig(**package.SHAPE, id2label=dict(enumerate(CLASSES)), hidden_dropout_prob=0.1)
    arguments = transformers.TrainingArguments(**{"output_dir": output, "per_device_train_batch_size": 8, "max_steps": 9, "save_steps": 3,
                                                  "logging_steps": 3, "report_to": [], "disable_tqdm": True, "use_cpu": True,
                                                  "remove_unused_columns": False, "learning_rate": 1e-3, **arguments})
    trainer = transformers.Trainer(transformers.ViTForImageClassification(config), arguments, train_dataset=preprocessed(images(80)),
                                   processing_class=processor(), callbacks=callbacks)
    trainer.train(resume_from_checkpoint=resume)
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def by_transformers(checkpoint, dataset):
    pixels = transformers.AutoImageProcessor.from_pretrained(checkpoint)(dataset["image"][:], return_tensors="pt")
    with torch.no_grad():
        return transformers.AutoModel.from_pretrained(checkpoint)(**pixels).last_hidden_state[:, 0].numpy()


def one_hot(model, batch):
    return torch.nn.functional.one_hot(batch["labels"], 10).float()


def embed_pixels(model, batch):
    return batch["pixel_values"][:, 0, ::4, ::4].flatten(1), torch.ones(len(batch["pixel_values"]), 2)


class Trainer(package.InAFolder):
    def test_checkpoints_are_embedded_as_a_run_embeds_them(self):
        test = images(50)
        with warnings.catch_warnings():
            warnings.simplefilter("error", zoetrope.ZoetropeWarning)
            losses = train([zoetrope.EmbeddingAnimation(test, run="run", **package.DRAWN)], save_total_limit=1)
        run = zoetrope.Run("run")
        self.assertEqual(run.steps, [0, 3, 6, 9])
        self.assertEqual([path.name for path in Path("trainer").glob("checkpoint-*")], ["checkpoint-9"], "Trainer keeps one")
        self.assertEqual(list(Path("run").rglob("*.safetensors")), [], "weights that are embedded are kept")
        self.assertLess(np.abs(run.embeddings(9) - by_transformers("trainer/checkpoint-9", test)).max(), 2e-5)
        job.run(["extract", "--run", "trainer", "--data", f"parquet:{self.root}/run/test-images", "--no-progress"])
        np.testing.assert_array_equal(run.embeddings(9), zoetrope.Run("trainer").embeddings(9))
        self.assertEqual((run.class_names, run.labels.tolist()), (CLASSES, test["label"][:]))
        np.testing.assert_allclose(run.curves()["loss"], [np.nan, *losses])
        np.testing.assert_allclose(run.curves()["epoch"], np.array(run.steps) / 10)
        self.assertTrue(Path("run/animation.gif").exists() and Path("run/review.html").exists())

    def test_the_model_in_memory_gives_the_same_and_learns_the_same(self):
        test = images(50)
        alone = train([], output="alone")
        beside = zoetrope.EmbeddingAnimation(preprocessed(test), run="run", in_process=True, batch_size=7, **package.DRAWN)
        self.assertEqual(train([beside]), alone, "the training was disturbed")
        run = zoetrope.Run("run")
        self.assertEqual(run.steps, [0, 3, 6, 9])
        for step in (3, 9):
            self.assertLess(np.abs(run.embeddings(step) - by_transformers(f"trainer/checkpoint-{step}", test)).max(), 2e-5)
        self.assertEqual((run.class_names, run.labels.tolist()), (CLASSES, test["label"][:]))
        np.testing.assert_allclose(run.curves()["loss"], [np.nan, *alone])
        np.testing.assert_array_equal(np.asarray(run.to_datasets()[3]["image"].convert("L")), package.fashion(50)[0][3])

    def test_goes_on_where_trainer_does_and_refuses_another_training(self):
        def callback():
            return zoetrope.EmbeddingAnimation(images(20), run="run", **package.DRAWN)

        train([callback()], max_steps=3)
        train([callback()], resume="trainer/checkpoint-3")
        self.assertEqual(zoetrope.Run("run").steps, [0, 3, 6, 9])
        with self.assertRaisesRegex(FileExistsError, "run holds the embeddings of another training"):
            train([callback()], output="another")

    def test_a_function_embeds_and_classifies_any_model(self):
        def embed(model, batch):
            return model(batch["pixel_values"], output_hidden_states=True).hidden_states[0].mean(1), one_hot(model, batch)

        pixels, labels = package.fashion(20)
        items = [{"pixel_values": torch.from_numpy(image / 255).float().expand(3, 28, 28), "labels": int(label)}
                 for image, label in zip(pixels, labels, strict=True)]
        train([zoetrope.EmbeddingAnimation(items, run="run", in_process=True, embed=embed, **package.DRAWN)])
        run = zoetrope.Run("run")
        self.assertEqual((run.steps, run.embeddings(6).shape), ([0, 3, 6, 9], (20, 32)))
        self.assertEqual(run.analysis()["prediction"].tolist(), labels.tolist())

    def test_a_collator_that_prepares_images_sees_what_trainer_gives_it(self):
        def collate(rows):
            pixels = processor()([row["image"] for row in rows], return_tensors="pt")["pixel_values"]
            return {"pixel_values": pixels, "labels": torch.tensor([row["label"] for row in rows])}

        def train_with(data, removes):
            arguments = transformers.TrainingArguments("trainer", max_steps=2, save_steps=2, report_to=[], disable_tqdm=True, use_cpu=True,
                                                       remove_unused_columns=removes)
            config = transformers.ViTConfig(**package.SHAPE, id2label=dict(enumerate(CLASSES)))
            animation = zoetrope.EmbeddingAnimation(data, run=f"removes-{removes}", in_process=True, collate=collate, **package.DRAWN)
            transformers.Trainer(transformers.ViTForImageClassification(config), arguments, train_dataset=list(preprocessed(images(16))),
                                 callbacks=[animation]).train()

        with warnings.catch_warnings():
            warnings.simplefilter("error", zoetrope.ZoetropeWarning)
            train_with(images(20), removes=False)
        self.assertEqual(zoetrope.Run("removes-False").steps, [0, 2])
        with self.assertWarnsRegex(zoetrope.ZoetropeWarning, r"^zoetrope: KeyError\('image'\); the training goes on"):
            train_with(images(20), removes=True)

    def test_labels_that_are_no_classes_are_left_out_with_one_warning(self):
        pixels, labels = package.fashion(20)
        kinds = {"tokens": lambda label: [label, 0, 1], "scores": lambda label: label + 0.5, "several": lambda label: [0.0, 1.0],
                 "unknown": lambda label: -100}
        for kind, of in kinds.items():
            items = [{"pixel_values": torch.from_numpy(image / 255).float().expand(3, 28, 28), "labels": of(int(label))}
                     for image, label in zip(pixels, labels, strict=True)]
            with self.subTest(kind), warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", zoetrope.ZoetropeWarning)
                train([zoetrope.EmbeddingAnimation(items, run=kind, in_process=True, embed=embed_pixels, batch_size=7, **package.DRAWN)],
                      max_steps=3)
                said = [str(warning.message) for warning in caught if warning.category is zoetrope.ZoetropeWarning]
                self.assertEqual(len(said), 1, said)
                self.assertRegex(said[0], "the labels do not name a class for each row, and are left out")
                self.assertEqual((zoetrope.Run(kind).steps, zoetrope.Run(kind).class_names), ([0, 3], ["all"]))

    def test_batches_may_hold_anything_beside_tensors(self):
        pixels, labels = package.fashion(20)

        def collate(rows):
            return {"inputs": {"pixel_values": [torch.from_numpy(np.stack([pixels[row] for row in rows]) / 255).float()]},
                    "names": [f"image {row}" for row in rows], "mask": None, "labels": [int(labels[row]) for row in rows]}

        def embed(model, batch):
            self.assertIsNone(batch["mask"])
            self.assertEqual(len(batch["names"]), len(batch["labels"]))
            return batch["inputs"]["pixel_values"][0].flatten(1)

        animation = zoetrope.EmbeddingAnimation(range(20), run="run", in_process=True, embed=embed, collate=collate, **package.DRAWN)
        with warnings.catch_warnings():
            warnings.simplefilter("error", zoetrope.ZoetropeWarning)
            train([animation])
        self.assertEqual((zoetrope.Run("run").steps, zoetrope.Run("run").labels.tolist()), ([0, 3, 6, 9], labels.tolist()))

    def test_nothing_that_fails_ends_the_training(self):
        def fail(model, batch):
            raise RuntimeError("no embedding today")

        losses = train([], output="alone", max_steps=3)
        killed = self.program("kill -9 $$")
        silent = self.program("echo 'something is wrong' >&2; exit 4")
        cases = {"missing": ("/nowhere", "where no program is", {}), "killed": (killed, "was ended by signal 9", {}),
                 "failing": (silent, "something is wrong", {}),
                 "unreadable": (ZOETROPE, "a list is given, which the program cannot", {"data": [1]}),
                 "raising": (ZOETROPE, "no embedding today", {"in_process": True, "embed": fail})}
        for name, (program, said, options) in cases.items():
            with self.subTest(name), unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(program)}), \
                 warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", zoetrope.ZoetropeWarning)
                given = options.pop("data", preprocessed(images(20)))
                self.assertEqual(train([zoetrope.EmbeddingAnimation(given, run=name, **options)], output="beside", max_steps=3), losses)
                texts = [str(warning.message) for warning in caught if warning.category is zoetrope.ZoetropeWarning]
                self.assertTrue(texts, "no warning")
                self.assertRegex(texts[0], f"^zoetrope: .*({said}).*; the training goes on$")
            shutil.rmtree("beside")

    def test_a_program_that_is_killed_once_has_all_steps_in_the_end(self):
        first = self.program(f'[ -e again ] && exec {ZOETROPE} "$@"; touch again; kill -9 $$')
        with unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(first)}), \
             self.assertWarnsRegex(zoetrope.ZoetropeWarning, "was ended by signal 9"):
            train([zoetrope.EmbeddingAnimation(images(20), run="run", **package.DRAWN)])
        self.assertEqual(zoetrope.Run("run").steps, [0, 3, 6, 9])

    def test_what_is_left_when_the_training_is_over_gets_all_cores(self):
        cores = len(os.sched_getaffinity(0))
        endless = self.program(f'echo "$@" >> words; case "$*" in *--threads={cores + 1}*) exec sleep 600; esac; exec {ZOETROPE} "$@"')
        with unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(endless)}), warnings.catch_warnings():
            warnings.simplefilter("error", zoetrope.ZoetropeWarning)
            train([zoetrope.EmbeddingAnimation(images(20), run="run", threads=cores + 1, **package.DRAWN)])
        extractions = [line for line in Path("words").read_text().splitlines() if line.startswith("extract ")]
        self.assertIn(f" --threads={cores} ", extractions[-1])
        self.assertEqual(zoetrope.Run("run").steps, [0, 3, 6, 9])

    def program(self, script):
        path = Path(f"program-{len(list(Path().glob('program-*')))}").absolute()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path


class Lightning(package.InAFolder):
    @require.package("lightning")
    def test_epochs_become_an_animation(self):
        import lightning

        from zoetrope.lightning import EmbeddingAnimation

        class Model(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.features, self.drop, self.head = torch.nn.Linear(784, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 10)
                self.losses = []

            def training_step(self, batch):
                inputs, labels = batch
                loss = torch.nn.functional.cross_entropy(self.head(self.drop(self.features(inputs))), labels)
                self.losses.append(float(loss.detach()))
                return loss

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), 0.1)

        pixels, labels = package.fashion(40)
        data = torch.utils.data.TensorDataset(torch.from_numpy(pixels / 255).float().flatten(1), torch.from_numpy(labels).long())

        def fit(*callbacks):
            lightning.seed_everything(0, verbose=False)
            model = Model()
            trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
                                        enable_progress_bar=False, enable_model_summary=False, callbacks=list(callbacks))
            trainer.fit(model, torch.utils.data.DataLoader(data, 8, shuffle=True))
            return model

        alone = fit().losses
        model = fit(EmbeddingAnimation(torch.utils.data.DataLoader(data, 16), lambda model, batch: model.features(batch[0]), run="run",
                                       labels=labels, images=pixels, class_names=CLASSES, **package.DRAWN))
        self.assertEqual(model.losses, alone, "the training was disturbed")
        run = zoetrope.Run("run")
        self.assertEqual((run.steps, run.class_names, run.labels.tolist()), ([0, 5, 10], CLASSES, labels.tolist()))
        with torch.no_grad():
            np.testing.assert_allclose(run.embeddings(10), model.features(data.tensors[0]), atol=1e-6)
        self.assertTrue(Path("run/review.html").exists())
        with h5py.File("run/analysis.h5") as file:
            self.assertEqual(file["step"][:].tolist(), run.steps)
        with self.assertRaisesRegex(FileExistsError, "run holds the embeddings of another training"):
            fit(EmbeddingAnimation(torch.utils.data.DataLoader(data, 16), lambda model, batch: batch[0], run="run"))


if __name__ == "__main__":
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()  # what it says of classifiers that it does not load
    unittest.main()
