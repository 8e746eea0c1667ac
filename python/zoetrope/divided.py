# SPDX-License-Identifier: Apache-2.0
"""Models whose weights are divided among processes: one process alone can neither read nor call them."""

from typing import Any

# What marks a parameter: of DeepSpeed's stage 3, of torch's DTensor (FSDP's version 2, tensor parallelism), of FSDP's version 1.
_MARKS = ("ds_id", "device_mesh", "_fsdp_flattened")


def is_divided(model: Any) -> bool:
    return any(hasattr(parameter, mark) for parameter in model.parameters() for mark in _MARKS)
