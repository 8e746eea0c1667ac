# SPDX-License-Identifier: Apache-2.0
"""Whether the program may embed on the GPU that a training computes on, while it does."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GIB = 2**30
# What the program takes of a GPU besides the model: CUDA's context, the libraries' code and their workspaces.
_CONTEXT = GIB
# Of images the program keeps so many resized at once, as bytes (--image-cache).
_IMAGES_MIB = 512
_BATCH = 256  # images that the program embeds at a time on a GPU, whatever the model


@dataclass(frozen=True)
class Gpu:
    """The one that the training computes on."""

    visible: str | None  # what CUDA_VISIBLE_DEVICES is to be for a process that shall see it alone; None: as it is
    index: int = 0  # torch's number of it, in this process

    def free_and_total(self) -> tuple[int, int]:
        """Bytes, as the driver counts them: what other processes take is not free."""
        import torch

        free, total = torch.cuda.mem_get_info(self.index)
        return int(free), int(total)


def training_gpu(device: Any) -> Gpu | None:
    """The GPU of a `torch.device` that a model is trained on. None where it is trained on something else.

    torch counts from 0 the GPUs that CUDA_VISIBLE_DEVICES shows to this process.
    """
    torch = sys.modules.get("torch")
    if torch is None or device.type != "cuda" or not torch.cuda.is_available() or torch.version.cuda is None:
        return None
    index = int(torch.cuda.current_device() if device.index is None else device.index)
    shown = [word.strip() for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word.strip()]
    if shown and index >= len(shown):
        return None  # changed since torch has read it: which one is meant nobody knows
    return Gpu(shown[index] if shown else str(index), index)


def needed_bytes(model: Any) -> int | None:
    """GPU memory that the program may take to embed with a ViT of transformers in fp32. None where the model does not say its shape.

    1 GiB for CUDA's context and libraries, 4 bytes a parameter, 512 MiB of images, and for each of 256 images what lies in memory at once
    in the widest layer: residual, LayerNorm, queries, keys, values and their attention, the MLP before and behind GELU, and attention
    weights as where they are not fused.
    """
    config = getattr(model, "config", None)
    shape = [number for name in ("hidden_size", "intermediate_size", "num_attention_heads", "image_size", "patch_size")
             if isinstance(number := getattr(config, name, None), int) and number > 0]
    if len(shape) < 5:
        return None
    hidden, intermediate, heads, image, patch = shape
    tokens = (image // patch) ** 2 + 1
    widest = tokens * (6 * hidden + 2 * intermediate) + heads * tokens**2
    parameters = sum(int(parameter.numel()) for parameter in model.parameters())
    return int(_CONTEXT + 4 * parameters + _IMAGES_MIB * 2**20 + 4 * _BATCH * widest)


def fits(needed: int, free: int, total: int) -> bool:
    """Whether so much leaves the training room to grow: a tenth of the GPU, and at least 1 GiB."""
    return free - needed >= max(total // 10, GIB)


def words(gpu: Gpu | None) -> list[str]:
    """Options of `zoetrope extract` for a GPU, or for cores. fp32 on both, so that frames of either can be compared."""
    if gpu is None:
        return ["--device=cpu", "--precision=fp32"]
    return ["--device=cuda", "--precision=fp32", f"--image-cache={_IMAGES_MIB}"]


def environment(gpu: Gpu | None) -> Mapping[str, str]:
    """What is set beside the training's own environment: the program, being one rank, takes the first GPU that it sees."""
    return {} if gpu is None or gpu.visible is None else {"CUDA_VISIBLE_DEVICES": gpu.visible}
