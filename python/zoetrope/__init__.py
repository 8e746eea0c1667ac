# SPDX-License-Identifier: Apache-2.0
"""Watch an embedding space change while a model is trained.

    zoetrope.record(step, vectors)      keeps the embeddings of a step, from a training loop of any kind
    zoetrope.EmbeddingAnimation         a callback for Hugging Face's Trainer; Lightning's is in zoetrope.lightning
    zoetrope.Run("runs/first")          reads a run: embeddings, analysis, curves, page

The work is done by the program `zoetrope`, which this package starts; docs/python.md of the repository has examples. What is
imported here is imported when it is first used: numpy alone is needed for record(), h5py and pandas for Run, transformers for
EmbeddingAnimation.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoetrope.program import ProgramError
    from zoetrope.recording import record
    from zoetrope.run import Run
    from zoetrope.safety import ZoetropeWarning
    from zoetrope.trainer import EmbeddingAnimation

__all__ = ["EmbeddingAnimation", "ProgramError", "Run", "ZoetropeWarning", "record"]

_HOMES = {
    "EmbeddingAnimation": "zoetrope.trainer",
    "ProgramError": "zoetrope.program",
    "Run": "zoetrope.run",
    "ZoetropeWarning": "zoetrope.safety",
    "record": "zoetrope.recording",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zoetrope' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
