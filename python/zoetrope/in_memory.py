# SPDX-License-Identifier: Apache-2.0
"""Embeddings by the model that is in memory, while it is trained."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from zoetrope.arrays import as_matrix

# What users give: of model and batch, a tensor [rows, D]; or two, the embeddings and a classifier's logits [rows, C].
Embed = Callable[[Any, Any], Any]


def cls_token(model: Any, batch: dict[str, Any]) -> Any:
    """The first token of the last layer [rows, D], as the program embeds a ViT; for any model of transformers that has one."""
    inputs = {name: values for name, values in batch.items() if name not in ("label", "labels", "label_ids")}
    return model.base_model(**inputs).last_hidden_state[:, 0]


@contextmanager
def undisturbed(model: torch.nn.Module) -> Iterator[None]:
    """The model in evaluation mode, without gradients. Afterwards each module is in the mode that it was in, and training draws the same
    random numbers as without this."""
    modes = [(module, module.training) for module in model.modules()]
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode


def embed_batches(model: torch.nn.Module, batches: Iterable[Any], embed: Embed,
                  move: Callable[[Any], Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
    """float32 [N, D] of all rows of the batches, and the logits [N, C] where `embed` gives them. `move` brings a batch to the model."""
    vectors, logits = [], []
    with undisturbed(model):
        for batch in batches:
            given = embed(model, move(batch))
            pair = given if isinstance(given, tuple) else (given,)
            vectors.append(as_matrix(pair[0], "embeddings"))
            logits += [as_matrix(scores, "logits") for scores in pair[1:]]
    if not vectors:
        raise ValueError("there is nothing to embed: no batches")
    return np.concatenate(vectors), np.concatenate(logits) if logits else None
