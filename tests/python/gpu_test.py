# SPDX-License-Identifier: Apache-2.0
"""When the callback for Trainer lets the program embed on the training's GPU. There need not be one: torch.cuda answers as if."""
import os
import unittest
import unittest.mock
import warnings
from pathlib import Path

import package
import require

with require.imports():
    import datasets
    import torch
    import transformers

import training_test

import zoetrope
from zoetrope import gpu

GIB = 2**30


def cuda(devices=2):
    """torch as on a machine with GPUs, as far as it is asked which one is there."""
    patches = unittest.mock.patch.multiple(torch.cuda, is_available=lambda: devices > 0, current_device=lambda: 0)
    return patches, unittest.mock.patch.object(torch.version, "cuda", "13.0")


class Decision(unittest.TestCase):
    def which(self, device, shown=None, devices=2):
        variables = {} if shown is None else {"CUDA_VISIBLE_DEVICES": shown}
        functions, version = cuda(devices)
        with functions, version, unittest.mock.patch.dict(os.environ, variables):
            if shown is None:
                os.environ.pop("CUDA_VISIBLE_DEVICES", None)
            found = gpu.training_gpu(torch.device(device))
            return found and (found.visible, found.index)

    def test_the_gpu_is_the_one_that_this_process_trains_on(self):
        self.assertEqual(self.which("cuda"), ("0", 0))
        self.assertEqual(self.which("cuda:1"), ("1", 1))
        self.assertEqual(self.which("cuda:1", "3,5"), ("5", 1))
        self.assertEqual(self.which("cuda:0", "GPU-8932f937"), ("GPU-8932f937", 0))
        self.assertIsNone(self.which("cuda:1", "3"))
        self.assertIsNone(self.which("cpu"))
        self.assertIsNone(self.which("mps"))
        self.assertIsNone(self.which("cuda", devices=0))

    def test_without_a_torch_of_cuda_there_is_none(self):
        functions, _ = cuda()
        with functions, unittest.mock.patch.object(torch.version, "cuda", None):
            self.assertIsNone(gpu.training_gpu(torch.device("cuda")))

    def test_what_is_needed_grows_with_the_model(self):
        base = transformers.ViTForImageClassification(transformers.ViTConfig(num_hidden_layers=1))
        small = transformers.ViTForImageClassification(transformers.ViTConfig(**package.SHAPE))
        parameters = sum(parameter.numel() for parameter in base.parameters())
        # 197 tokens of hidden size 768, an MLP of 3,072, 12 heads; 256 images at a time.
        activations = 256 * 4 * (197 * (6 * 768 + 2 * 3072) + 12 * 197**2)
        self.assertEqual(gpu.needed_bytes(base), GIB + 4 * parameters + GIB // 2 + activations)
        self.assertLess(gpu.needed_bytes(small), 1.6 * GIB)
        self.assertIsNone(gpu.needed_bytes(torch.nn.Linear(2, 2)))

    def test_the_training_keeps_room_to_grow(self):
        self.assertTrue(gpu.fits(2 * GIB, 10 * GIB, 80 * GIB))
        self.assertFalse(gpu.fits(2 * GIB, 10 * GIB - 1, 80 * GIB))
        self.assertTrue(gpu.fits(2 * GIB, 3 * GIB, 8 * GIB))
        self.assertFalse(gpu.fits(2 * GIB, 3 * GIB - 1, 8 * GIB))

    def test_a_device_of_another_name_is_refused(self):
        with self.assertRaisesRegex(ValueError, "device is 'gpu'; give auto, cpu or cuda"):
            zoetrope.EmbeddingAnimation("cifar10:x", device="gpu")


class Beside(package.InAFolder):
    """The program's command lines in a training that takes itself for one on the second of two GPUs."""

    def extractions(self, on_gpu, free, **options):
        """CUDA_VISIBLE_DEVICES and device of each process, and the warnings. On a GPU the program is `on_gpu`, a line of a shell's."""
        program = Path("program").absolute()
        program.write_text(f"""#!/bin/bash
case "$1 $*" in
  extract*--device=cuda*) echo "$CUDA_VISIBLE_DEVICES $*" >> words; {on_gpu} ;;
  extract*) echo "- $*" >> words ;;
esac
exec {os.environ["ZOETROPE"]} "${{@/--device=cuda/--device=cpu}}"
""")
        program.chmod(0o755)
        with unittest.mock.patch.object(torch.cuda, "mem_get_info", lambda index: (free, 80 * GIB)), \
             unittest.mock.patch.object(gpu, "training_gpu", lambda device: gpu.Gpu("7", 1)), \
             unittest.mock.patch.dict(os.environ, {"ZOETROPE_PROGRAM": str(program)}), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", zoetrope.ZoetropeWarning)
            training_test.train([zoetrope.EmbeddingAnimation(training_test.images(20), run="run", **package.DRAWN, **options)])
        self.assertEqual(zoetrope.Run("run").steps, [0, 3, 6, 9])
        lines = [line.split() for line in Path("words").read_text().splitlines()]
        self.assertTrue(all("--precision=fp32" in line for line in lines), lines)
        self.assertTrue(all(("--image-cache=512" in line) == ("--device=cuda" in line) for line in lines), lines)
        where = [(line[0], next(word for word in line if word.startswith("--device="))) for line in lines]
        return where, [str(warning.message) for warning in caught if warning.category is zoetrope.ZoetropeWarning]

    def test_a_free_gpu_is_used_once_the_training_has_taken_its_part(self):
        where, said = self.extractions(":", 60 * GIB)
        self.assertEqual(where[0], ("-", "--device=cpu"))
        self.assertEqual(where[-1], ("7", "--device=cuda"))
        self.assertEqual(said, [])

    def test_a_gpu_that_the_training_fills_is_left_to_it(self):
        where, said = self.extractions(":", 2 * GIB)
        self.assertEqual({device for _, device in where}, {"--device=cpu"})
        self.assertEqual(said, [])

    def test_cores_are_what_is_asked_for(self):
        self.assertEqual({device for _, device in self.extractions(":", 60 * GIB, device="cpu")[0]}, {"--device=cpu"})

    def test_where_the_gpu_fails_cores_go_on_and_one_warning_says_so(self):
        for name, failure, words in [("memory", "echo 'zoetrope: CUDA out of memory' >&2; exit 4", "CUDA out of memory"),
                                     ("half", "echo 'zoetrope: this zoetrope was built without CUDA' >&2; exit 2", "built without CUDA"),
                                     ("killed", "kill -9 $$", "was ended by signal 9")]:
            with self.subTest(name):
                package.enter_folder(self)
                where, said = self.extractions(failure, 60 * GIB, device="cuda")
                self.assertEqual(where[:2], [("7", "--device=cuda"), ("-", "--device=cpu")])
                self.assertEqual([device for _, device in where].count("--device=cuda"), 1)
                self.assertEqual(len(said), 1)
                self.assertRegex(said[0], f"embedding on the GPU has failed \\(.*{words}.*\\), and goes on on cores; the training goes on")

    def test_what_is_wrong_with_the_data_is_not_the_gpus_fault(self):
        where, said = self.extractions("[ -e once ] || { touch once; echo 'zoetrope: a damaged file' >&2; exit 3; }", 60 * GIB,
                                       device="cuda")
        self.assertEqual({device for _, device in where}, {"--device=cuda"})
        self.assertRegex(said[0], "a damaged file")


if __name__ == "__main__":
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    unittest.main()
