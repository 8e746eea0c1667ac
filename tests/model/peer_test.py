#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models that transformers wrote, read and written by zoetrope, load in transformers as they are and answer the same.

    peer_test.py DRIVER

Skipped where a library is missing.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import torch
    import transformers
    from safetensors.torch import load_file, save_file
    from transformers import (
        AutoModelForImageClassification,
        CLIPConfig,
        CLIPForImageClassification,
        CLIPModel,
        CLIPVisionConfig,
        CLIPVisionModel,
        DeiTConfig,
        DeiTForImageClassification,
        DeiTForImageClassificationWithTeacher,
        Dinov2Config,
        Dinov2ForImageClassification,
        Dinov2Model,
        Dinov2WithRegistersConfig,
        Dinov2WithRegistersForImageClassification,
        ViTConfig,
        ViTForImageClassification,
        ViTMAEConfig,
        ViTMAEForPreTraining,
        ViTModel,
    )

CLASSES = ["plane", "Vögel", "truck"]
SIZES = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, image_size=32, patch_size=8, num_labels=3)
VIT = dict(**SIZES, intermediate_size=96)
DINOV2 = dict(**SIZES, mlp_ratio=2)
TOWER = {key: value for key, value in VIT.items() if key != "num_labels"}
CLIP = dict(vision_config=TOWER, num_labels=3,
            text_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, vocab_size=9))

# class, config, its options, the images' side, what save_pretrained is told, the type of the stored weights
CASES = {
    "vit": (ViTForImageClassification, ViTConfig, VIT, 32, {}, torch.float32),
    "vit in float16": (ViTForImageClassification, ViTConfig, VIT, 32, {}, torch.float16),
    "vit in shards": (ViTForImageClassification, ViTConfig, VIT, 32, dict(max_shard_size="100KB"), torch.float32),
    "vit, larger images": (ViTForImageClassification, ViTConfig, VIT, 48, {}, torch.float32),
    "vit's encoder": (ViTModel, ViTConfig, VIT, 32, {}, torch.bfloat16),
    "deit": (DeiTForImageClassification, DeiTConfig, VIT, 32, {}, torch.float32),
    "deit, distilled": (DeiTForImageClassificationWithTeacher, DeiTConfig, VIT, 40, {}, torch.float32),
    "vit_mae": (ViTMAEForPreTraining, ViTMAEConfig, VIT, 32, {}, torch.float32),
    "dinov2": (Dinov2ForImageClassification, Dinov2Config, DINOV2, 32, {}, torch.float32),
    "dinov2, smaller images": (Dinov2ForImageClassification, Dinov2Config, DINOV2, 24, {}, torch.float32),
    "dinov2 with registers": (Dinov2WithRegistersForImageClassification, Dinov2WithRegistersConfig, DINOV2, 32, {}, torch.float32),
    "clip": (CLIPForImageClassification, CLIPConfig, CLIP, 32, {}, torch.float32),
    "clip, larger images": (CLIPForImageClassification, CLIPConfig, CLIP, 48, {}, torch.float32),
    "clip, both towers": (CLIPModel, CLIPConfig, CLIP, 32, {}, torch.float16),
    "clip's tower": (CLIPVisionModel, CLIPVisionConfig, TOWER, 40, {}, torch.float32),
    "dinov2's encoder, SwiGLU": (Dinov2Model, Dinov2Config, dict(DINOV2, use_swiglu_ffn=True), 32, {}, torch.float32),
}

failed = 0


def check(case, what, good):
    global failed
    failed += not good
    print(f"{'ok' if good else 'FAILED':6s} {case}: {what}")


def make_original(folder, model_class, config_class, options, save, dtype):
    model = model_class(config_class(**options, my_note="kept"))
    with torch.no_grad():
        for parameter in model.parameters():  # of ordinary size, so that every term counts
            parameter.copy_(0.2 * torch.randn(parameter.shape))
    model.to(dtype).save_pretrained(folder, **save)
    return model.float().eval()


def run_driver(driver, original, ours, pixels):
    ours.mkdir(parents=True)
    save_file({"pixels": pixels}, ours / "pixels.safetensors")
    subprocess.run([driver, original, ours, *CLASSES], check=True)
    return load_file(ours / "logits.safetensors")["logits"]


def compare(case, driver, folder, model_class, config_class, options, side, save, dtype):
    original = make_original(folder / "original", model_class, config_class, options, save, dtype)
    pixels = torch.randn(4, 3, side, side)
    logits = run_driver(driver, folder / "original", folder / "ours", pixels)

    model, loading = AutoModelForImageClassification.from_pretrained(folder / "ours", output_loading_info=True)
    check(case, "loads without a missing or unexpected tensor", not any(loading.values()))
    with torch.no_grad():
        difference = (model.eval()(pixels).logits - logits).abs().max().item()
    check(case, f"logits differ by {difference:.2g} (at most 1e-05)", difference < 1e-5)
    config = json.loads((folder / "ours" / "config.json").read_text())
    check(case, "config.json keeps an unknown key", config["my_note"] == "kept")
    check(case, "classes are the dataset's", [model.config.id2label[i] for i in range(3)] == CLASSES)
    if hasattr(original, "classifier") and model_class is type(model):
        arguments = {} if "Dinov2" in model_class.__name__ else dict(interpolate_pos_encoding=True)
        with torch.no_grad():
            difference = (original(pixels, **arguments).logits - logits).abs().max().item()
        check(case, f"logits differ from the original's by {difference:.2g} (at most 1e-05)", difference < 1e-5)


def main():
    driver = Path(sys.argv[1])
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as scratch:
        for index, (case, arguments) in enumerate(CASES.items()):
            compare(case, driver, Path(scratch) / str(index), *arguments)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
