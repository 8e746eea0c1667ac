# SPDX-License-Identifier: Apache-2.0
"""A model that FSDP has divided among two processes: the training does not hang in the callback's place."""
import os
import subprocess
import sys
import unittest
from pathlib import Path

import package
import require

with require.imports():
    import torch
    import transformers

import zoetrope

# What each of two processes does: Trainer begins, with a model that is divided as FSDP's version 1 or 2 does it, or as it is.
SCRIPT = """
import datetime, os, pathlib, sys, warnings
import torch, transformers, zoetrope
import training_test
kind, in_process = sys.argv[1], sys.argv[2] == "in_process"
torch.distributed.init_process_group("gloo", timeout=datetime.timedelta(minutes=10), rank=int(os.environ["RANK"]), world_size=2,
                                     init_method=pathlib.Path(f"meeting-{kind}-{in_process}").absolute().as_uri())
model = transformers.ViTForImageClassification(transformers.ViTConfig(**training_test.package.SHAPE))
if kind == "fsdp2":
    torch.distributed.fsdp.fully_shard(model, mesh=torch.distributed.init_device_mesh("cpu", (2,)))
elif kind == "fsdp1":
    from torch.distributed.fsdp import FullyShardedDataParallel
    wrapped = FullyShardedDataParallel(model, use_orig_params=True, device_id=torch.device("cpu"))
rank = torch.distributed.get_rank()
arguments = transformers.TrainingArguments(output_dir="trainer", report_to=[], use_cpu=True)
state = transformers.TrainerState(is_world_process_zero=rank == 0)
animation = zoetrope.EmbeddingAnimation(training_test.images(20), run="run", in_process=in_process)
warnings.simplefilter("always")
try:
    animation.on_train_begin(arguments, state, transformers.TrainerControl(), model=model)
except ValueError as problem:
    print("refused:", problem, flush=True)
torch.distributed.barrier()
print("trains", flush=True)
"""


class Divided(package.InAFolder):
    def begin(self, kind, how):
        """What two processes print."""
        processes = []
        for rank in range(2):
            environment = os.environ | {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29547",
                                        "PYTHONPATH": f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"}
            processes.append(subprocess.Popen([sys.executable, "-c", SCRIPT, kind, how], env=environment, text=True,
                                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        said = [process.communicate(timeout=600)[0] for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0], "".join(said))
        self.assertTrue(all("trains" in text for text in said), said)
        return said

    def test_the_frame_before_the_first_step_is_left_out_with_a_warning(self):
        for kind in ("fsdp1", "fsdp2"):
            with self.subTest(kind):
                package.enter_folder(self)
                said = self.begin(kind, "beside")
                self.assertEqual(["the frame before the first step is left out" in text for text in said], [True, False], said)
                self.assertFalse(Path("run/checkpoint-0").exists())

    def test_the_model_in_memory_cannot_embed(self):
        for text in self.begin("fsdp2", "in_process"):
            self.assertIn("refused: in_process=True cannot embed with a model whose weights are divided among processes", text)

    def test_a_checkpoint_without_weights_that_the_program_reads_is_left_out_with_a_warning(self):
        checkpoint = Path("trainer/checkpoint-3")
        (checkpoint / "pytorch_model_fsdp_0").mkdir(parents=True)
        model = transformers.ViTForImageClassification(transformers.ViTConfig(**package.SHAPE))
        model.config.save_pretrained(checkpoint)
        import training_test
        animation = zoetrope.EmbeddingAnimation(training_test.images(20), run="run")
        arguments = transformers.TrainingArguments(output_dir="trainer", report_to=[], use_cpu=True)
        state, control = transformers.TrainerState(is_world_process_zero=True, global_step=3), transformers.TrainerControl()
        animation.on_train_begin(arguments, state, control, model=model)
        with self.assertWarnsRegex(zoetrope.ZoetropeWarning, "trainer/checkpoint-3 holds no model.safetensors.*FULL_STATE_DICT"):
            animation.on_save(arguments, state, control, model=model)
        self.assertFalse(Path("run/checkpoint-3").exists())


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
