# SPDX-License-Identifier: Apache-2.0
"""LoRA adapters that peft has saved, merged into their base model as its merge_and_unload() does."""
import json
import os
import shutil
import sys
import unittest
from pathlib import Path
from unittest import mock

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy
    import peft
    import torch
    from PIL import Image
    from safetensors.torch import load_file, save_file
    from transformers import (Dinov2Config, Dinov2ForImageClassification, ViTConfig, ViTForImageClassification, ViTImageProcessor, ViTModel)

CLASSES = ["cat", "dog", "owl"]
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 28, "patch_size": 7}
LABELS = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: i for i, name in enumerate(CLASSES)}}
# What LoraConfig takes that changes what a merged model is; r and lora_alpha differ from their defaults.
FORMS = {
    "plain": {"target_modules": ["q_proj", "v_proj"]},
    "rank stabilised": {"target_modules": ["q_proj", "o_proj", "fc1"], "use_rslora": True},
    "dora": {"target_modules": ["k_proj", "fc2"], "use_dora": True},
    "with the biases": {"target_modules": ["q_proj", "fc1"], "bias": "all"},
    "with the layers' own biases": {"target_modules": ["q_proj"], "bias": "lora_only"},
    "a bias of its own": {"target_modules": ["v_proj", "fc2"], "lora_bias": True},
    "patches": {"target_modules": ["projection", "q_proj"]},
    "patches by dora": {"target_modules": ["projection"], "use_dora": True},
    "each linear layer": {"target_modules": "all-linear"},
    "ranks and alphas": {"target_modules": ["q_proj", "v_proj", "fc1"], "rank_pattern": {"v_proj": 3, "layers.1.mlp.fc1": 5},
                         "alpha_pattern": {"fc1": 2, "0.attention.q_proj": 7}},
    "alphas of which two fit": {"target_modules": ["q_proj"], "alpha_pattern": {"layers.0.attention.q_proj": 32, "q_proj": 8}},
    "some layers": {"target_modules": ["q_proj"], "layers_to_transform": [1], "layers_pattern": "layers"},
    "a new classifier": {"target_modules": ["q_proj"], "modules_to_save": ["classifier"]},
    "a norm besides": {"target_modules": ["q_proj"], "modules_to_save": ["classifier", "layernorm"]},
    "a new classifier with all biases": {"target_modules": ["q_proj", "fc1"], "modules_to_save": ["classifier"], "bias": "all"},
    "much at once": {"target_modules": ["v_proj"], "modules_to_save": ["classifier", "layernorm"], "bias": "all", "use_dora": True, "use_rslora": True},
    "another start": {"target_modules": ["q_proj"], "init_lora_weights": "gaussian"},
}


def fill(model):
    """Values for all that training would change, of which LoRA starts with zeros."""
    torch.manual_seed(11)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, mean=1.0 if "magnitude" in name else 0.0, std=0.3)


class Adapters(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        draw = numpy.random.default_rng(7)
        for split in "train", "test":
            for i in range(6):
                place = self.root / "images" / split / CLASSES[i % 3]
                place.mkdir(parents=True, exist_ok=True)
                Image.fromarray(draw.integers(0, 256, (30, 30, 3), numpy.uint8)).save(place / f"{i}.png")

    def extract(self, name, *options, code=0, ranks=1):
        return job.run(["extract", "--run", self.root / name, "--data", f"folder:{self.root / 'images'}", "--no-progress", *options],
                       ranks, code)[1]

    def embedded(self, name):
        with h5py.File(self.root / name / "checkpoint-1/embeddings.h5") as file:
            return file["embeddings"][()], file["logits"][()]

    def finetune(self, model, *options):
        job.run(["finetune", "--run", self.root / "tuned", "--data", f"folder:{self.root / 'images'}", "--model", model, *options,
                 "--max-steps", "1", "--batch-size", "3", "--no-progress"])

    def save_base(self, labels=LABELS, kind=ViTForImageClassification, config=ViTConfig, **options):
        torch.manual_seed(3)
        model = kind(config(**{**SIZES, **labels, **options}))
        model.save_pretrained(self.root / "base")
        ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(self.root / "base")
        return model

    def save_adapter(self, name, model, **form):
        """The adapter in NAME/checkpoint-1, and what peft makes of it in NAME-merged/checkpoint-1."""
        adapted = peft.get_peft_model(model, peft.LoraConfig(**{"r": 4, "lora_alpha": 6, **form}))
        fill(adapted)
        adapted.save_pretrained(self.root / name / "checkpoint-1")
        merged = adapted.merge_and_unload()
        merged.save_pretrained(self.root / f"{name}-merged/checkpoint-1")
        shutil.copy(self.root / "base/preprocessor_config.json", self.root / f"{name}-merged/checkpoint-1")
        self.extract(f"{name}-merged")

    def assert_as_merged(self, name):
        for found, expected in zip(self.embedded(name), self.embedded(f"{name}-merged")):
            numpy.testing.assert_allclose(found, expected, atol=2e-6, rtol=0, err_msg=name)

    def test_each_form_of_lora_embeds_as_merged_by_peft(self):
        for name, form in FORMS.items():
            with self.subTest(name):
                self.save_adapter(name, self.save_base(), **form)
                self.extract(name, "--base", self.root / "base")
                self.assert_as_merged(name)

    def test_dinov2_embeds_as_merged_by_peft(self):
        base = self.save_base(kind=Dinov2ForImageClassification, config=Dinov2Config)
        self.save_adapter("dinov2", base, target_modules=["q_proj", "fc1"], modules_to_save=["classifier"])
        self.extract("dinov2", "--base", self.root / "base")
        self.assert_as_merged("dinov2")

    def test_names_may_be_those_of_older_transformers_and_of_what_wraps_a_model(self):
        self.save_adapter("new", self.save_base(), target_modules=["q_proj", "o_proj", "fc1", "fc2"])
        file = self.root / "new/checkpoint-1/adapter_model.safetensors"
        older = {".layers.": ".encoder.layer.", "attention.q_proj": "attention.attention.query", "attention.o_proj": "attention.output.dense",
                 "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense"}
        tensors = {}
        for name, tensor in load_file(file).items():
            for new, old in older.items():
                name = name.replace(new, old)
            tensors[f"_orig_mod.{name}"] = tensor
        save_file(tensors, file)
        self.extract("new", "--base", self.root / "base")
        self.assert_as_merged("new")

    def test_a_classifier_of_its_own_on_a_bare_encoder(self):
        self.save_base(kind=ViTModel, labels={})
        model = ViTForImageClassification.from_pretrained(self.root / "base", num_labels=3)
        self.save_adapter("own", model, target_modules=["q_proj"], modules_to_save=["classifier"])
        said = self.extract("own", "--base", self.root / "base")
        self.assert_as_merged("own")
        said = job.run(["analyze", "--run", self.root / "own", "--neighbours", "2"])[1]
        self.assertIn(f"{self.root}/base/config.json: \"id2label\": the model's 3 classes have other names than those of --data", said)

    def test_the_base_is_the_one_that_the_adapter_names(self):
        self.save_base()
        self.save_adapter("named", ViTForImageClassification.from_pretrained(self.root / "base"), target_modules=["q_proj"])
        self.extract("named", ranks=2)
        self.assert_as_merged("named")
        config = self.root / "named/checkpoint-1/adapter_config.json"
        config.write_text(config.read_text().replace(str(self.root / "base"), "owner/vit-tiny"))
        (self.root / "named/checkpoint-1/embeddings.h5").unlink()
        said = self.extract("named", code=3)
        for words in "adapter_model.safetensors: is an adapter (LoRA)", "hf download owner/vit-tiny", "--base", "merge_and_unload()":
            self.assertIn(words, said)
        snapshot = self.root / "cache/models--owner--vit-tiny/snapshots/abc"
        shutil.copytree(self.root / "base", snapshot)
        with mock.patch.dict(os.environ, HF_HUB_CACHE=str(self.root / "cache")):
            self.extract("named")
        self.assert_as_merged("named")

    def test_fine_tuning_starts_from_what_the_adapter_makes_of_its_base(self):
        self.save_adapter("start", self.save_base(), target_modules=["q_proj", "fc1"])
        self.finetune(self.root / "start/checkpoint-1", "--base", self.root / "base")
        tuned = load_file(self.root / "tuned/checkpoint-0/model.safetensors")
        for name, expected in load_file(self.root / "start-merged/checkpoint-1/model.safetensors").items():
            numpy.testing.assert_allclose(tuned[name], expected, atol=1e-6, rtol=0, err_msg=name)
        self.assertIn(f"base = {self.root}/base", (self.root / "tuned/run.ini").read_text())

    def test_what_is_not_merged_is_refused_by_its_key(self):
        self.save_adapter("kept", self.save_base(), target_modules=["q_proj"])
        folder = self.root / "kept/checkpoint-1"
        config = json.loads((folder / "adapter_config.json").read_text())
        for key, value in (("peft_type", "IA3"), ("init_lora_weights", "pissa"), ("use_qalora", True), ("alpha_pattern", {"q.*": 3}),
                           ("target_parameters", ["weight"]), ("some_new_form", {"a": 1}), ("lora_alpha", "six"), ("use_dora", True)):
            (folder / "adapter_config.json").write_text(json.dumps({**config, key: value}))
            said = self.extract("kept", "--base", self.root / "base", code=3)
            self.assertIn("what it changes of" if key == "use_dora" else f'adapter_config.json: "{key}"', said)
        for text, words in (("4", '"peft_type" is missing'), (json.dumps({**config, "alpha_pattern": 4}), '"alpha_pattern": 4: ')):
            (folder / "adapter_config.json").write_text(text)
            self.assertIn(f"adapter_config.json: {words}", self.extract("kept", "--base", self.root / "base", code=3))

    def test_an_adapter_of_another_name_is_named(self):
        folder = self.root / "named/checkpoint-1"
        peft.get_peft_model(self.save_base(), peft.LoraConfig(target_modules=["q_proj"]), adapter_name="mine").save_pretrained(folder)
        said = self.extract("named", "--base", self.root / "base", code=3)
        self.assertIn(f"{folder}: holds no model, but an adapter in its folder mine", said)
        for path in list((folder / "mine").iterdir()):  # the way out
            path.rename(folder / path.name)
        self.extract("named", "--base", self.root / "base")

    def test_a_base_that_is_an_adapter_is_refused(self):
        self.save_adapter("own", self.save_base(), target_modules=["q_proj"])
        folder = self.root / "own/checkpoint-1"
        for base, words in ((folder, f"--base {folder}: is an adapter, too"), (self.root / "base/config.json", "config.json: is no folder")):
            self.assertIn(words, self.extract("own", "--base", base, code=3))
        config = folder / "adapter_config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": str(folder)}))
        self.assertIn(f'"base_model_name_or_path": {folder}: is an adapter, too', self.extract("own", code=3))

    def test_a_base_that_does_not_fit_is_refused(self):
        self.save_adapter("other", self.save_base(), target_modules=["q_proj"])
        for sizes, words in (({"hidden_size": 16}, "does not fit the base model's"), ({"num_hidden_layers": 1}, "does not hold")):
            self.save_base(**sizes)
            said = self.extract("other", "--base", self.root / "base", code=3)
            self.assertIn("adapter_model.safetensors: ", said)
            self.assertIn(words, said)
            self.assertIn("is --base the model that the adapter was trained on?", said)
        self.assertIn("--base /nowhere: there is no such folder", self.extract("other", "--base", "/nowhere", code=3))


if __name__ == "__main__":
    unittest.main()
