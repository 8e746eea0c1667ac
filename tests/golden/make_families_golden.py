#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden values of the model families beside ViT, and of images at another size than the position embeddings', made
by the real transformers.

    .venv/bin/python tests/golden/make_families_golden.py [--out tests/golden]

Writes beside this script vit-families/NAME/: a model's folder and golden.safetensors, which holds pixels and CLS
embeddings, and for classifiers logits, labels, the loss, the gradient of every trained parameter ("grad." + its name
on disk) and whether Trainer lets it decay ("decay." + name). Every file is deterministic: one thread, fixed seeds.
"""

import argparse
import copy
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    CLIPConfig,
    CLIPForImageClassification,
    CLIPVisionConfig,
    CLIPVisionModel,
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTForMaskedImageModeling,
    Dinov2Config,
    Dinov2ForImageClassification,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersForImageClassification,
    Dinov2WithRegistersModel,
    Trainer,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
    ViTMAEConfig,
    ViTMAEForPreTraining,
    ViTMAEModel,
)

from make_model_golden import named_on_disk, randomise

SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=12, patch_size=4, num_labels=3)
VIT = dict(**SMALL, intermediate_size=32)
DINOV2 = dict(**SMALL, mlp_ratio=2)
TOWER = {key: value for key, value in VIT.items() if key != "num_labels"}
CLIP = dict(vision_config=TOWER, num_labels=3,
            text_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, vocab_size=9))
DECODER = dict(decoder_hidden_size=8, decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
               decoder_intermediate_size=16)

# side: of the images, where it is not the configuration's; save: what save_pretrained is told.
CASES = {
    "deit": (DeiTForImageClassification, DeiTConfig, VIT, dict()),
    "deit-larger-images": (DeiTForImageClassification, DeiTConfig, VIT, dict(side=17)),
    "deit-with-teacher": (DeiTForImageClassificationWithTeacher, DeiTConfig, VIT, dict()),
    "deit-masked-image-modeling": (DeiTForMaskedImageModeling, DeiTConfig, dict(**VIT, encoder_stride=4), dict()),
    "mae": (ViTMAEModel, ViTMAEConfig, VIT, dict()),
    "mae-pretraining": (ViTMAEForPreTraining, ViTMAEConfig, dict(**VIT, **DECODER), dict()),
    "dinov2": (Dinov2ForImageClassification, Dinov2Config, DINOV2, dict()),
    "dinov2-encoder": (Dinov2Model, Dinov2Config, dict(DINOV2, use_mask_token=False, layer_norm_eps=1e-3), dict()),
    "dinov2-larger-images": (Dinov2ForImageClassification, Dinov2Config, DINOV2, dict(side=22)),
    "dinov2-smaller-images": (Dinov2ForImageClassification, Dinov2Config, DINOV2, dict(side=8)),
    "dinov2-swiglu": (Dinov2ForImageClassification, Dinov2Config,
                      dict(DINOV2, use_swiglu_ffn=True, qkv_bias=False, mlp_ratio=3), dict()),
    "vit-larger-images": (ViTForImageClassification, ViTConfig, VIT, dict(side=21)),
    "vit-smaller-images": (ViTForImageClassification, ViTConfig, VIT, dict(side=9)),
    "vit-names-of-memory": (ViTForImageClassification, ViTConfig, VIT, dict(save=dict(save_original_format=False))),
    "dinov2-names-of-memory": (Dinov2ForImageClassification, Dinov2Config, DINOV2,
                               dict(save=dict(save_original_format=False))),
    "registers": (Dinov2WithRegistersForImageClassification, Dinov2WithRegistersConfig, DINOV2, dict()),
    "registers-encoder": (Dinov2WithRegistersModel, Dinov2WithRegistersConfig, dict(DINOV2, num_register_tokens=1), dict()),
    "registers-larger-images": (Dinov2WithRegistersForImageClassification, Dinov2WithRegistersConfig, DINOV2, dict(side=22)),
    "registers-smaller-images": (Dinov2WithRegistersForImageClassification, Dinov2WithRegistersConfig,
                                 dict(DINOV2, use_swiglu_ffn=True), dict(side=8)),
    "clip": (CLIPForImageClassification, CLIPConfig, CLIP, dict()),
    "clip-larger-images": (CLIPForImageClassification, CLIPConfig, CLIP, dict(side=17)),
    "clip-tower": (CLIPVisionModel, CLIPVisionConfig, dict(TOWER, hidden_act="gelu", layer_norm_eps=1e-3), dict()),
}


def encoder_arguments(model, pixels):
    """What makes the model take all patches of images of any size."""
    if "ViTMAE" in type(model).__name__:
        model.config.mask_ratio = 0.0
        patches = (pixels.shape[-1] // model.config.patch_size) ** 2
        return dict(noise=torch.arange(patches, dtype=torch.float32).expand(len(pixels), patches))
    if "Dinov2" in type(model).__name__:
        return {}  # interpolates where it must
    return dict(interpolate_pos_encoding=True)


def cls_embeddings(model, pixels):
    if "CLIP" in type(model).__name__:  # its LayerNorm is of the pooled row alone
        tower = getattr(model, "vision_model", model)
        with torch.no_grad():
            return tower(pixels, **encoder_arguments(tower, pixels)).pooler_output.contiguous()
    encoder = getattr(model, model.base_model_prefix, model)
    with torch.no_grad():
        return encoder(pixels, **encoder_arguments(encoder, pixels)).last_hidden_state[:, 0].contiguous()


def carried_on_disk(model, prefix, values):
    """One tensor per parameter (or none) under its name on disk: a model whose weights they are is saved instead."""
    carrier = copy.deepcopy(model)
    with torch.no_grad():
        for (name, parameter) in carrier.named_parameters():
            parameter.copy_(values(name) if values(name) is not None else torch.zeros_like(parameter))
    known = {name for name, parameter in model.named_parameters() if values(name) is not None}
    absent = len(list(model.named_parameters())) - len(known)
    tensors = {name: tensor for name, tensor in named_on_disk(carrier).items() if "mask_token" not in name}
    assert absent == sum("mask_token" in name for name, _ in model.named_parameters())
    return {prefix + name: tensor for name, tensor in tensors.items()}


def decay(model):
    decaying = set(Trainer(model=model, args=TrainingArguments(use_cpu=True, report_to="none", output_dir="/tmp")
                           ).get_decay_parameter_names(model))
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    values = carried_on_disk(model, "decay.", lambda name: None if "mask_token" in name
                             else torch.full(shapes[name], float(name in decaying)))
    return {name: tensor.flatten()[:1].to(torch.uint8) for name, tensor in values.items()}


def classifier_golden(model, pixels):
    labels = torch.tensor([2, 0, 1])[: len(pixels)]
    outputs = model(pixels, labels=labels, **encoder_arguments(model, pixels))
    outputs.loss.backward()
    gradients = {name: torch.zeros_like(parameter) if "post_layernorm" in name else parameter.grad  # which CLIP leaves out
                 for name, parameter in model.named_parameters()}
    return {"labels": labels, "logits": outputs.logits.detach().contiguous(), "loss": outputs.loss.detach().reshape(1),
            **carried_on_disk(model, "grad.", gradients.get), **decay(model)}


def make_case(folder, model_class, config_class, options, extra, seed):
    model = randomise(model_class(config_class(**options)), seed)
    model.save_pretrained(folder, **extra.get("save", {}))
    side = extra.get("side") or getattr(model.config, "vision_config", model.config).image_size
    pixels = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(seed + 1000))
    golden = {"pixels": pixels, "cls": cls_embeddings(model, pixels)}
    if model_class.__name__.endswith("ForImageClassification"):
        golden |= classifier_golden(model, pixels)
    save_file(golden, folder / "golden.safetensors", {"transformers": transformers.__version__,
                                                      "torch": torch.__version__})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out = parser.parse_args().out / "vit-families"
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    shutil.rmtree(out, ignore_errors=True)
    for index, (name, case) in enumerate(CASES.items()):
        make_case(out / name, *case, seed=50 + index)


if __name__ == "__main__":
    main()
