#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden values for the model and for training, made by the real transformers and torch.

    .venv/bin/python tests/golden/make_model_golden.py [--out tests/golden]

Writes beside this script:
  vit-tiny/          a classification folder with preprocessor_config.json; golden.safetensors holds pixels, labels,
                     logits, CLS embeddings, the loss and the gradient of every parameter under its name on disk
                     ("grad." + name)
  vit-shapes/NAME/   more architectures, each with pixels and CLS embeddings (and logits where there is a classifier)
  train-50/          Trainer's own log over 50 steps on fixed batches, and what the model answers afterwards
  init/              statistics of freshly initialised parameters
  model-golden.json  the versions that made all this

Every file is deterministic: one thread, fixed seeds, the images of Debian's dataset-fashion-mnist.
"""

import argparse
import copy
import gzip
import json
import math
import platform
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForImageClassification,
    Trainer,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
    ViTForMaskedImageModeling,
    ViTImageProcessor,
    ViTModel,
)

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")

TINY = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=28,
            patch_size=7, num_channels=3, num_labels=10)

# Each differs from vit-tiny in what an implementation may get wrong.
SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=12,
             patch_size=4, num_channels=3, num_labels=4)
SHAPES = {
    "one-head-gelu-new": (ViTForImageClassification, dict(num_attention_heads=1, hidden_act="gelu_new")),
    "gelu-pytorch-tanh": (ViTForImageClassification, dict(hidden_act="gelu_pytorch_tanh")),
    "no-qkv-bias-relu-grey": (ViTForImageClassification, dict(hidden_size=24, num_attention_heads=3, qkv_bias=False,
                                                              hidden_act="relu", num_channels=1)),
    "quick-gelu-eps": (ViTForImageClassification, dict(num_hidden_layers=3, intermediate_size=20,
                                                       hidden_act="quick_gelu", layer_norm_eps=1e-3)),
    "patch-leaves-border": (ViTForImageClassification, dict(image_size=23, patch_size=5)),
    "two-labels": (ViTForImageClassification, dict(num_labels=2)),
    "base-with-pooler": (ViTModel, dict()),
    "masked-image-modeling": (ViTForMaskedImageModeling, dict(encoder_stride=4)),
}

# The same architecture stored in another way: what the weights are converted to, and how they are saved.
STORED = {
    "float16": (torch.float16, dict()),
    "bfloat16": (torch.bfloat16, dict()),
    "sharded": (torch.float32, dict(max_shard_size="10KB")),
}

# What Trainer is told, beside its defaults. images: the first so many of the file, in file order, again and again.
TRAINING = {
    "default": dict(images=256, args=dict(per_device_train_batch_size=8, gradient_accumulation_steps=4,
                                          learning_rate=5e-5, max_steps=50)),
    "decay-and-clip": dict(images=256, args=dict(per_device_train_batch_size=32, learning_rate=5e-4, max_steps=50,
                                                 weight_decay=0.1, max_grad_norm=0.25)),
    "short-last-batch": dict(images=250, args=dict(per_device_train_batch_size=8, gradient_accumulation_steps=4,
                                                   learning_rate=5e-4, num_train_epochs=3)),
}


def named_on_disk(model):
    """The model's tensors under the names that save_pretrained writes."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(Path(folder) / "model.safetensors")


def gradients_on_disk(model):
    """The gradients under the names on disk: a model whose weights are the gradients is saved instead."""
    carrier = copy.deepcopy(model)
    with torch.no_grad():
        for parameter, source in zip(carrier.parameters(), model.parameters()):
            parameter.copy_(source.grad)
    return {f"grad.{name}": tensor for name, tensor in named_on_disk(carrier).items()}


def randomise(model, seed):
    """Weights of ordinary size everywhere: with HF's own start (biases 0, weights 0.02) a wrong or missing
    bias, scale or attention weight would hardly show."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "layernorm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias") or parameter.shape[0] == 1:
                parameter.copy_(0.2 * noise)
            else:
                parameter.copy_(noise / math.sqrt(parameter[0].numel()))
    return model.eval()


def make_pixels(config, count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, config.num_channels, config.image_size, config.image_size, generator=generator)


def cls_embeddings(folder, pixels):
    """Computed in fp32, whatever the type of the stored weights."""
    with torch.no_grad():
        return AutoModel.from_pretrained(folder, dtype=torch.float32)(pixels).last_hidden_state[:, 0].contiguous()


def make_tiny(folder):
    model = randomise(ViTForImageClassification(ViTConfig(**TINY)), seed=1)
    model.save_pretrained(folder)
    ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(folder)
    pixels = make_pixels(model.config, count=5, seed=2)
    labels = torch.tensor([3, 0, 9, 9, 5])
    outputs = model(pixels, labels=labels)
    outputs.loss.backward()
    save_file({"pixels": pixels, "labels": labels, "logits": outputs.logits.detach().contiguous(),
               "cls": cls_embeddings(folder, pixels), "loss": outputs.loss.detach().reshape(1),
               **gradients_on_disk(model)}, folder / "golden.safetensors")


def make_shape(folder, model_class, options, seed):
    model = randomise(model_class(ViTConfig(**{**SMALL, **options})), seed)
    model.save_pretrained(folder)
    pixels = make_pixels(model.config, count=3, seed=seed + 1000)
    golden = {"pixels": pixels, "cls": cls_embeddings(folder, pixels)}
    if model_class is ViTForImageClassification:
        with torch.no_grad():
            golden["logits"] = model(pixels).logits
    save_file(golden, folder / "golden.safetensors")


def make_stored(folder, dtype, options, seed):
    model = randomise(ViTForImageClassification(ViTConfig(**SMALL)), seed)
    model.to(dtype).save_pretrained(folder, **options)
    pixels = make_pixels(model.config, count=3, seed=seed + 1000)
    with torch.no_grad():
        logits = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32)(pixels).logits
    golden = {"pixels": pixels, "cls": cls_embeddings(folder, pixels), "logits": logits}
    save_file(golden, folder / "golden.safetensors")


def read_idx(name, count, header):
    with gzip.open(FASHION_MNIST / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)[: count * (784 if header == 16 else 1)]


class FixedBatches(torch.utils.data.Dataset):
    def __init__(self, pixels, labels):
        self.pixels, self.labels = pixels, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {"pixel_values": self.pixels[index], "labels": int(self.labels[index])}


def run_trainer(initial, pixels, labels, case):
    """Trainer's log of every step, and the trained model."""
    model = AutoModelForImageClassification.from_pretrained(initial)
    count = case["images"]
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(output_dir=folder, warmup_steps=0.1, logging_steps=1, save_strategy="no",
                                 train_sampling_strategy="sequential", use_cpu=True, report_to="none",
                                 disable_tqdm=True, **case["args"])
        trainer = Trainer(model=model, args=args, train_dataset=FixedBatches(pixels[:count], labels[:count]))
        trainer.train()
    return [entry for entry in trainer.state.log_history if "loss" in entry], model.eval(), args


def make_training(folder):
    folder.mkdir(parents=True)
    images = torch.tensor(read_idx("train-images-idx3-ubyte.gz", 256, 16).reshape(256, 28, 28).copy())
    labels = torch.tensor(read_idx("train-labels-idx1-ubyte.gz", 256, 8).astype(np.int64))
    torch.manual_seed(42)
    ViTForImageClassification(ViTConfig(**TINY)).save_pretrained(folder / "initial")
    processor = ViTImageProcessor(size={"height": 28, "width": 28})
    processor.save_pretrained(folder / "initial")
    pixels = processor([Image.fromarray(image.numpy()).convert("RGB") for image in images],
                       return_tensors="pt").pixel_values
    save_file({"images": images, "labels": labels, "first_pixels": pixels[:2].contiguous()},
              folder / "images.safetensors")
    cases = {}
    for name, case in TRAINING.items():
        log, model, args = run_trainer(folder / "initial", pixels, labels, case)
        with torch.no_grad():
            logits = model(pixels[:5]).logits
        columns = {key: torch.tensor([entry[key] for entry in log], dtype=torch.float64)
                   for key in ("loss", "learning_rate", "grad_norm", "epoch")}
        final = {f"final.{key}": tensor for key, tensor in named_on_disk(model).items()}
        save_file({**columns, "final_logits": logits, **final}, folder / f"{name}.safetensors")
        cases[name] = {"images": case["images"], "steps": len(log), "warmup_ratio": 0.1,
                       **{key: getattr(args, key) for key in (
                           "per_device_train_batch_size", "gradient_accumulation_steps", "learning_rate",
                           "weight_decay", "max_grad_norm", "adam_beta1", "adam_beta2", "adam_epsilon")},
                       "optimizer": args.optim.value, "schedule": args.lr_scheduler_type.value}
    write_json(folder / "cases.json", cases)


def make_init_statistics(folder):
    """Every parameter of one freshly initialised model; a name says which distribution it has."""
    torch.manual_seed(42)
    config = ViTConfig(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512,
                       image_size=28, patch_size=7, num_labels=10, initializer_range=0.02)
    statistics = {}
    for name, tensor in named_on_disk(ViTForImageClassification(config)).items():
        values = tensor.double()
        constant = float(values.flatten()[0]) if bool((values == values.flatten()[0]).all()) else None
        statistics[name] = {"shape": list(tensor.shape), "mean": float(values.mean()),
                            "std": float(values.std(unbiased=False)), "min": float(values.min()),
                            "max": float(values.max()),
                            "distribution": "normal(0, initializer_range)" if constant is None else f"{constant:g}"}
    folder.mkdir(parents=True)
    write_json(folder / "statistics.json", {
        "config": {key: value for key, value in config.to_dict().items() if isinstance(value, (int, float))},
        "parameters": dict(sorted(statistics.items()))})


def write_json(path, content):
    path.write_text(json.dumps(content, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out = parser.parse_args().out
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    for name in ("vit-tiny", "vit-shapes", "train-50", "init"):
        shutil.rmtree(out / name, ignore_errors=True)
    make_tiny(out / "vit-tiny")
    for index, (name, (model_class, options)) in enumerate(SHAPES.items()):
        make_shape(out / "vit-shapes" / name, model_class, options, seed=10 + index)
    for index, (name, (dtype, options)) in enumerate(STORED.items()):
        make_stored(out / "vit-shapes" / name, dtype, options, seed=30 + index)
    make_training(out / "train-50")
    make_init_statistics(out / "init")
    write_json(out / "model-golden.json", {
        "made_by": Path(__file__).name, "python": platform.python_version(), "torch": torch.__version__,
        "transformers": transformers.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()
