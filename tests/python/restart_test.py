# SPDX-License-Identifier: Apache-2.0
"""A second training in a run: its frames are its own, or it is refused, and what others have made stays."""
import os
import unittest
import unittest.mock
import warnings
from pathlib import Path

import package
import require

with require.imports():
    import datasets
    import numpy as np
    import torch
    import transformers

import training_test
from training_test import by_transformers, images, preprocessed, train

import zoetrope


class Abort(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **context):
        if state.global_step == 5:
            raise KeyboardInterrupt


def callback(test, **options):
    return zoetrope.EmbeddingAnimation(test, run="run", **package.DRAWN, **options)


def without_a_working_program():
    program = Path("broken").absolute()
    program.write_text("#!/bin/sh\nexit 4\n")
    program.chmod(0o755)
    return unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(program)})


def interrupted(test, **arguments):
    """A training that ends after its fifth step, of which nothing is embedded."""
    with without_a_working_program(), warnings.catch_warnings():
        warnings.simplefilter("ignore", zoetrope.ZoetropeWarning)
        try:
            train([callback(test), Abort()], **arguments)
        except KeyboardInterrupt:
            return
    raise AssertionError("was not interrupted")


class Restart(package.InAFolder):
    def assert_frames(self, test, steps):
        run = zoetrope.Run("run")
        self.assertEqual(run.steps, steps)
        for step in steps[1:]:
            self.assertLess(np.abs(run.embeddings(step) - by_transformers(f"trainer/checkpoint-{step}", test)).max(), 2e-5, step)

    def test_what_an_interrupted_training_has_left_is_not_taken_for_the_next(self):
        interrupted(images(20), seed=1, output="interrupted")
        self.assertTrue(Path("run/checkpoint-3/model.safetensors").exists())
        test = images(40).select(range(20, 40))
        train([callback(test)])
        self.assert_frames(test, [0, 3, 6, 9])
        transformers.set_seed(0)
        config = transformers.ViTConfig(**package.SHAPE, id2label=dict(enumerate(training_test.CLASSES)), hidden_dropout_prob=0.1)
        transformers.ViTForImageClassification(config).save_pretrained("first")
        training_test.processor().save_pretrained("first")
        self.assertLess(np.abs(zoetrope.Run("run").embeddings(0) - by_transformers("first", test)).max(), 2e-5)
        self.assertEqual(zoetrope.Run("run").labels.tolist(), test["label"][:])

    def test_frames_after_the_checkpoint_that_training_goes_on_from_are_made_anew(self):
        test = images(20)
        for options in ({}, {"in_process": True}):
            with self.subTest(options):
                package.enter_folder(self)
                given = preprocessed(test) if options else test
                train([callback(given, **options)], learning_rate=1e-2)
                with self.assertWarnsRegex(zoetrope.ZoetropeWarning, "goes on after step 3, so that the frames of 6, 9 in run were of"):
                    train([callback(given, **options)], resume="trainer/checkpoint-3", learning_rate=1e-4)
                self.assert_frames(test, [0, 3, 6, 9])

    def test_weights_of_a_process_that_was_killed_go_once_they_are_embedded(self):
        interrupted(images(20))
        Path("run/.checkpoint-half").mkdir()
        train([callback(images(20))], resume="trainer/checkpoint-3")
        self.assert_frames(images(20), [0, 3, 6, 9])
        self.assertEqual([*Path("run").rglob("*.safetensors"), *Path("run").glob(".checkpoint-*")], [])

    def test_checkpoints_of_others_are_neither_shown_nor_removed(self):
        train([], max_steps=3)
        with self.assertRaisesRegex(FileExistsError, "trainer holds checkpoints after step 0, .* delete trainer/checkpoint-3 and"):
            train([zoetrope.EmbeddingAnimation(images(20), run="trainer", **package.DRAWN)])
        self.assertTrue(Path("trainer/checkpoint-3/model.safetensors").exists())
        self.assertFalse(Path("trainer/test-images").exists())

    def test_trainers_own_folder_may_be_the_run(self):
        train([zoetrope.EmbeddingAnimation(images(20), run="trainer", **package.DRAWN)])
        self.assertEqual(zoetrope.Run("trainer").steps, [0, 3, 6, 9])
        self.assertTrue(Path("trainer/checkpoint-9/model.safetensors").exists())

    def test_another_training_or_other_images_are_refused_and_nothing_is_lost(self):
        train([callback(images(20))])
        train([], output="another", seed=1, learning_rate=1e-2)
        before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
        with self.assertRaisesRegex(FileExistsError, "run holds the embeddings of another training: at step 3 its log is not this one's"):
            train([callback(images(20))], output="another", resume="another/checkpoint-3")
        with self.assertRaisesRegex(FileExistsError, "run holds embeddings of other test images: give the data set"):
            train([callback(images(21))], resume="trainer/checkpoint-3")
        self.assertEqual({path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}, before)

    @require.package("lightning")
    def test_lightning_keeps_the_frames_up_to_its_checkpoint(self):
        import lightning

        from zoetrope.lightning import EmbeddingAnimation

        class Model(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(784, 8)

            def training_step(self, batch):
                return torch.nn.functional.cross_entropy(self.layer(batch), torch.zeros(len(batch), dtype=torch.long))

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), 0.1)

        rows = torch.from_numpy(package.fashion(20)[0] / 255).float().flatten(1)

        def fit(epochs, checkpoint=None):
            animation = EmbeddingAnimation([rows], lambda model, batch: model.layer(batch), run="run", **package.DRAWN)
            trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
                                        enable_progress_bar=False, enable_model_summary=False, callbacks=[animation])
            trainer.fit(model := Model(), torch.utils.data.DataLoader(rows, 4), ckpt_path=checkpoint)
            return trainer, model

        fit(1)[0].save_checkpoint("one")
        fit(3, "one")
        with self.assertWarnsRegex(zoetrope.ZoetropeWarning, "goes on after step 5, so that the frames of 10, 15 in run were of"):
            _, model = fit(2, "one")
        self.assertEqual(zoetrope.Run("run").steps, [0, 5, 10])
        with torch.no_grad():
            np.testing.assert_allclose(zoetrope.Run("run").embeddings(10), model.layer(rows), atol=1e-6)


if __name__ == "__main__":
    datasets.disable_progress_bars()
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    unittest.main()
