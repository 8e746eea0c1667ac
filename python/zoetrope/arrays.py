# SPDX-License-Identifier: Apache-2.0
"""Arrays and tensors of any library as numpy's. ValueError where they are something else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def as_array(values: Any, what: str) -> npt.NDArray[Any]:
    """An array of numpy of an array, tensor, column or list of any library, on any device."""
    try:
        if hasattr(values, "detach"):
            values = values.detach().cpu()
        elif hasattr(values, "__cuda_array_interface__") and hasattr(values, "get"):
            values = values.get()  # CuPy's
        return np.asarray(values)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"{what}: a {type(values).__name__} cannot be read as a numpy array ({problem}); give one") from problem


def as_matrix(values: Any, what: str) -> npt.NDArray[np.float32]:
    """float32 [N, D] of floating-point numbers. ValueError where they are something else, or not finite."""
    if hasattr(values, "detach"):
        values = values.detach().float()  # numpy has no bfloat16
    matrix = as_array(values, what)
    if matrix.ndim != 2 or matrix.size == 0 or matrix.dtype.kind not in "fV" or matrix.dtype.names is not None:
        raise ValueError(f"{what} are {matrix.dtype} {list(matrix.shape)}; give floating-point numbers [rows, columns]")
    with np.errstate(over="ignore"):  # the check below says which row it was
        matrix = matrix.astype(np.float32)
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise ValueError(f"{what}: row {int(np.argmin(finite))} holds a number that is not finite")
    return matrix


def as_labels(labels: Any, class_names: Sequence[str] | None) -> tuple[npt.NDArray[np.int64], list[str] | None]:
    """int64 [N] from 0, and the classes' names. Names given as labels stand in sorted order."""
    found = as_array(labels, "labels")
    if found.dtype.kind in "OT" and all(isinstance(label, str) for label in found.flat):
        found = found.astype(str)  # of pandas, say
    if found.ndim != 1 or found.size == 0 or found.dtype.kind not in "iuU":
        raise ValueError(f"labels are {found.dtype} {list(found.shape)}; give a whole number or a name for each row")
    if found.dtype.kind == "U":
        if class_names is not None:
            raise ValueError("labels are names already; leave class_names out")
        names, numbers = np.unique(found, return_inverse=True)
        return numbers.astype(np.int64), [str(name) for name in names]
    if found.min() < 0:
        raise ValueError(f"labels: row {int(np.argmin(found))} is {found.min()}; classes are numbered from 0")
    return found.astype(np.int64), None if class_names is None else [str(name) for name in class_names]
