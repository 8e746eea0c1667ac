#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logits and gradients in bf16 are no further from float64's than those of transformers under autocast.

    bf16_peer_test.py DRIVER [--base] [--images N] [--bf16-residual]

--base takes a ViT-B/16 (minutes and gigabytes) instead of a small one of as many layers. --bf16-residual also shows what
transformers' would be if the sums of its residual stream were rounded, too. Skipped where a library is missing.
"""
import argparse
import copy
import subprocess
import sys
import tempfile
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import torch
    import transformers
    from safetensors.torch import load_file, save_file
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.modeling_vit import ViTLayer

SMALL = dict(hidden_size=96, num_hidden_layers=12, num_attention_heads=4, intermediate_size=384, image_size=48, patch_size=4)
NO_FURTHER = 1.1  # the errors of two roundings that are equally good differ by some per cent


def results_of(model, pixels, labels, scratch):
    """Logits, and gradients under the names that parameters have on disk."""
    with torch.autocast("cpu", torch.bfloat16, enabled=next(model.parameters()).dtype == torch.float32):
        logits = model(pixels).logits
    torch.nn.functional.cross_entropy(logits.to(pixels.dtype), labels).backward()
    gradients = copy.deepcopy(model)
    with torch.no_grad():
        for to, parameter in zip(gradients.parameters(), model.parameters()):
            to.copy_(parameter.grad)
    gradients.save_pretrained(scratch)
    model.zero_grad()
    return read(scratch / "model.safetensors") | {"logits": logits.detach().double()}


def read(path):
    return {name: tensor.double() for name, tensor in load_file(path).items()}


def error(results, exact):
    off = sum(((results[name] - exact[name]) ** 2).sum() for name in exact)
    return (off / sum((exact[name] ** 2).sum() for name in exact)).item() ** 0.5


def rounded_residual(layer, hidden_states, attention_mask=None, **more):
    """ViTLayer.forward() with a residual stream, and so gradients of it, in bfloat16."""
    def rounded(tensor):
        return tensor.to(torch.bfloat16).to(tensor.dtype)
    residual = rounded(hidden_states)
    attended, _ = layer.attention(layer.layernorm_before(residual), attention_mask, **more)
    residual = rounded(attended + residual)
    return rounded(layer.mlp(layer.layernorm_after(residual)) + residual)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--base", action="store_true")
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--bf16-residual", action="store_true")
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    torch.manual_seed(1)
    model = ViTForImageClassification(ViTConfig(**({} if options.base else SMALL), num_labels=10)).eval()
    side = model.config.image_size
    pixels, labels = torch.randn(options.images, 3, side, side), torch.arange(options.images) % 10
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model.save_pretrained(folder)
        save_file({"pixels": pixels, "labels": labels}, folder / "images.safetensors")
        subprocess.run([options.driver, folder, folder / "images.safetensors", folder / "ours.safetensors"], check=True)
        ours = read(folder / "ours.safetensors")
        theirs = results_of(model, pixels, labels, folder / "theirs")
        if options.bf16_residual:
            with unittest.mock.patch.object(ViTLayer, "forward", rounded_residual):
                rounded = results_of(model, pixels, labels, folder / "rounded")
        exact = results_of(model.double(), pixels.double(), labels, folder / "exact")

    failed = False
    for what in ["logits", "gradient"]:
        part = {name: tensor for name, tensor in exact.items() if (name == "logits") == (what == "logits")}
        mine, autocast = error(ours, part), error(theirs, part)
        good = 0 < mine <= NO_FURTHER * autocast  # 0: it was not in bf16
        failed |= not good
        print(f"{'ok' if good else 'FAILED':6s} {what}: off by {mine:.3%}, under autocast by {autocast:.3%}")
        if options.bf16_residual:
            print(f"       {what} of a residual stream in bf16: off by {error(rounded, part):.3%}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
