# SPDX-License-Identifier: Apache-2.0
"""Files of a run that a disk or a network has damaged: what is whole is kept, what is not is named."""
import os
import shutil
import unittest
from pathlib import Path

import job

WRITER_ELSEWHERE = "0123abcd-77-1-0011223344556677"  # in names of temporary files


def flip_bit(path, place=0.75):
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 4
    path.write_bytes(content)


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        cls.whole = cls.root / "whole"
        job.run(["run", "--run", cls.whole, "--resume-every", "0", *job.SMALL])

    def copy(self, name):
        return Path(shutil.copytree(self.whole, self.root / name))

    def test_embeddings_of_a_damaged_model_are_kept(self):
        for ranks in 1, 2:
            folder = self.copy(f"model-{ranks}")
            model = folder / "checkpoint-5/model.safetensors"
            flip_bit(model)
            before = job.digests(folder)
            for command in "run", "extract":
                _, said = job.run([command, "--run", folder, *(job.SMALL if command == "run" else ["--no-progress"])],
                                  ranks, code=3)
                self.assertIn(f"{model}: is damaged", said)
                self.assertIn("checkpoint-5/embeddings.h5 is left as it is", said)
                self.assertEqual(job.digests(folder), before)
            model.unlink()  # as the message says
            job.run(["run", "--run", folder, *job.SMALL], ranks)
            job.assert_same_results(self.whole, folder)

    def test_a_damaged_model_is_not_embedded(self):
        folder = self.copy("unembedded")
        flip_bit(folder / "checkpoint-5/model.safetensors")
        (folder / "checkpoint-5/embeddings.h5").unlink()
        before = job.digests(folder)
        for ranks in 1, 2:
            _, said = job.run(["extract", "--run", folder, "--no-progress"], ranks, code=3)
            self.assertIn("checkpoint-5/model.safetensors: is damaged", said)
            self.assertEqual(job.digests(folder), before)

    def test_weights_that_changed_are_told(self):
        folder = self.copy("changed")
        model = folder / "checkpoint-5/model.safetensors"
        shutil.copy(folder / "checkpoint-10/model.safetensors", model)
        self.assert_told_once(folder, "changed")

        # As a Hugging Face Trainer writes it, without a digest: to notice a change is to read all of it.
        model.write_bytes(model.read_bytes().replace(b"zoetrope_digest", b"somebody_digest"))
        self.assert_told_once(folder, "without a digest")
        for ranks in 1, 2:
            flip_bit(model)
            self.assert_told_once(folder, f"a bit, {ranks} ranks", ranks)

    def assert_told_once(self, folder, what, ranks=1):
        words = ["extract", "--run", folder, "--no-progress"]
        _, said = job.run(words, ranks)
        self.assertEqual(said.count("other weights"), 1, what)
        self.assertIn("checkpoint-5/embeddings.h5: was made from other weights", said, what)
        _, said = job.run(words, ranks)
        self.assertNotIn("other weights", said, what)

    def test_training_goes_on_from_the_newest_whole_checkpoint(self):
        folder = self.copy("training")
        flip_bit(folder / "checkpoint-20/model.safetensors")
        _, said = job.run(["run", "--run", folder, *job.SMALL], 2)
        self.assertIn("checkpoint-20/model.safetensors: is damaged", said)
        self.assertIn("goes on from checkpoint-15", said)
        self.assertEqual(job.checkpoints(folder), job.checkpoints(self.whole))
        job.assert_no_leftovers(folder)
        job.run(["extract", "--run", folder, "--no-progress"])  # all models are whole again

        # Of a training that was stopped there.
        folder = self.copy("stopped")
        shutil.rmtree(folder / "checkpoint-20")
        flip_bit(folder / "checkpoint-15/optimizer.safetensors")
        _, said = job.run(["run", "--run", folder, *job.SMALL], 2)
        self.assertIn("checkpoint-15/optimizer.safetensors: is damaged", said)
        self.assertIn("training begins again instead", said)
        job.assert_same_results(self.whole, folder)

    def test_a_finished_training_needs_no_optimizer(self):
        for ranks in 1, 2:
            folder = self.copy(f"finished-{ranks}")
            flip_bit(folder / "checkpoint-20/optimizer.safetensors")
            before = job.digests(folder)
            _, said = job.run(["finetune", "--run", folder, "--learning-rate", "3e-3", "--no-progress"], ranks, code=2)
            self.assertIn("checkpoint-20 was trained with --learning-rate 0.001, now it is 0.003", said)
            self.assertEqual(job.digests(folder), before)

            _, said = job.run(["finetune", "--run", folder, "--no-progress"], ranks)
            self.assertIn("checkpoint-20/optimizer.safetensors: is damaged", said)
            self.assertIn("the training is finished and does not need it any more", said)
            for name in "checkpoint-20/model.safetensors", "checkpoint-20/trainer_state.json", "log.csv":
                self.assertEqual((folder / name).read_bytes(), (self.whole / name).read_bytes())
            job.run(["inspect", "--verify", folder])

    def test_embeddings_in_two_precisions_are_told(self):
        folder = self.root / "precisions"
        job.run(["run", "--run", folder, "--save", "in-situ", "--precision", "fp32", *job.SMALL])
        job.run(["extract", "--run", folder, "--precision", "bf16", "--no-progress"])
        for ranks in 1, 2:
            _, said = job.run(["analyze", "--run", folder, "--no-progress"], ranks)
            self.assertEqual(said.count("precision: checkpoint-20 in bfloat16, the others in float32"), 1, said)
        job.run(["extract", "--run", folder, "--precision", "fp32", "--no-progress"])
        _, said = job.run(["analyze", "--run", folder, "--no-progress"])
        self.assertNotIn("precision", said)

    def test_what_a_killed_job_has_left_is_swept_by_the_next_of_any_kind(self):
        folder = self.copy("leftovers")
        for command in "extract", "analyze", "review":
            (folder / f".projector.{WRITER_ELSEWHERE}.tmp").mkdir()
            for name in f".analysis.h5.{WRITER_ELSEWHERE}.tmp", f".review.npz.{WRITER_ELSEWHERE}.tmp", ".notes.tmp":
                (folder / name).write_text("half")
            for path in folder.glob(".*.tmp"):
                os.utime(path, (0, 0))
            job.run([command, "--run", folder, "--no-progress"])
            self.assertEqual([path.name for path in folder.glob(".*.tmp")], [".notes.tmp"], command)

    def test_embeddings_without_their_model_are_trained_again(self):
        """As the message says: without what is newer the training comes to them again."""
        whole, folder = self.root / "whole-in-situ", self.root / "in-situ"
        job.run(["run", "--run", whole, "--save", "in-situ", *job.SMALL])
        shutil.copytree(whole, folder)
        embeddings = folder / "checkpoint-10/embeddings.h5"
        flip_bit(embeddings, 0.5)
        before = job.digests(folder)
        _, said = job.run(["run", "--run", folder, "--no-progress"], code=3)
        self.assertIn(f"{embeddings}: /", said)
        self.assertIn("delete checkpoint-20: zoetrope run then trains again from the start", said)
        self.assertEqual(job.digests(folder), before)
        shutil.rmtree(folder / "checkpoint-20")
        job.run(["run", "--run", folder, "--no-progress"])
        job.assert_same_results(whole, folder)

    def test_an_edited_run_ini_is_used(self):
        folder = self.copy("edited")
        ini = folder / "run.ini"
        ini.write_text(ini.read_text().replace("neighbours = 10", "neighbours = 5"))
        job.run(["analyze", "--run", folder, "--no-progress"])
        job.run(["analyze", "--run", self.copy("given"), "--neighbours", "5", "--no-progress"])
        job.assert_same_hdf5(folder / "analysis.h5", self.root / "given/analysis.h5")

        # A digit that is one bit away may be an edit or damage.
        ini.write_text((self.whole / "run.ini").read_text().replace("neighbours = 10", "neighbours = 11"))
        _, said = job.run(["analyze", "--run", folder, "--no-progress"], code=3)
        self.assertIn(f'{ini}: line ', said)
        self.assertIn('"neighbours = 11" was "neighbours = 10"', said)
        ini.write_text(ini.read_text().split("\n", 1)[1])  # as the message says
        job.run(["analyze", "--run", folder, "--no-progress"])

    def test_a_checkpoints_epoch_is_known_without_its_state(self):
        folder = self.copy("epoch")
        before = (folder / "checkpoint-10/trainer_state.json").read_bytes()
        (folder / "checkpoint-10/trainer_state.json").unlink()
        _, said = job.run(["extract", "--run", folder, "--no-progress"])
        self.assertIn("checkpoint-10/trainer_state.json: is missing; it is made again", said)
        self.assertEqual((folder / "checkpoint-10/trainer_state.json").read_bytes(), before)
        job.run(["run", "--run", folder, *job.SMALL])
        job.assert_same_results(self.whole, folder)

    def test_a_missing_state_beside_a_line_that_nothing_can_read(self):
        folder = self.copy("two-faults")
        state = folder / "checkpoint-0/trainer_state.json"
        before = state.read_bytes()
        state.unlink()
        with (folder / "log.csv").open("a") as log:
            log.write("3,0.7\n")
        _, said = job.run(["finetune", "--run", folder, "--no-progress"])
        self.assertIn("checkpoint-0/trainer_state.json: is missing; it is made again", said)
        self.assertEqual(state.read_bytes(), before)
        self.assertEqual((folder / "log.csv").read_bytes(), (self.whole / "log.csv").read_bytes())


if __name__ == "__main__":
    unittest.main()
