# SPDX-License-Identifier: Apache-2.0
"""What a data set that is given to a callback holds: labels, images, batches."""

import filecmp
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoetrope.arrays import as_array, as_labels
from zoetrope.folder import AnotherTraining

LABELS = ("label", "labels", "label_ids")


def _column(dataset: Any, kind: str, names: tuple[str, ...] = ()) -> str | None:
    """The column of a data set of `datasets` that has a feature of this kind, else one of these names."""
    features = getattr(dataset, "features", None) or {}
    of_kind = [name for name, feature in features.items() if type(feature).__name__ == kind]
    return next(iter(of_kind + [name for name in names if name in features]), None)


def labels_of(dataset: Any) -> tuple[Any, list[str] | None]:
    """The labels of a data set of `datasets`, whatever they are, and the classes' names, where it has any."""
    column = _column(dataset, "ClassLabel", LABELS)
    if column is None:
        return None, None
    return list(dataset.with_format(None)[column]), getattr(dataset.features[column], "names", None)


def labels_in(batches: list[Any]) -> Any:
    """The labels that batches hold, one after the other, whatever they are; None where not every batch holds some."""
    found = [next((batch[name] for name in LABELS if name in batch and batch[name] is not None), None)
             if isinstance(batch, Mapping) else None for batch in batches]
    if not found or any(labels is None for labels in found):
        return None
    try:
        return np.concatenate([np.atleast_1d(as_array(labels, "labels")) for labels in found])
    except ValueError:  # batches whose labels are of several shapes
        return found


def classes_of(labels: Any, names: list[str] | None, rows: int) -> tuple[Any, list[str] | None, str | None]:
    """Labels that name a class for each row, with the classes' names; where they are something else, None and what they are."""
    try:
        numbers, found = as_labels(labels, names)
    except ValueError as problem:
        return None, None, str(problem)
    if len(numbers) != rows:
        return None, None, f"there are {len(numbers)} labels for {rows} rows"
    return numbers, found, None


def moved(batch: Any, device: Any) -> Any:
    """A batch with all its tensors on a device, however deep they lie, as Trainer moves it; all else stays as it is."""
    if isinstance(batch, Mapping):
        return type(batch)({name: moved(value, device) for name, value in batch.items()})  # type: ignore[call-arg]
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(moved(value, device) for value in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(moved(value, device) for value in batch)
    return batch.to(device) if hasattr(batch, "detach") else batch


def images_of(dataset: Any) -> Iterator[Any] | None:
    """The images of a data set of `datasets`, where it has any, as they are before its transform."""
    column = _column(dataset, "Image")
    if column is None:
        return None
    plain = dataset.with_format(None)
    return (plain[index][column] for index in range(len(plain)))


def batches_of(dataset: Any, size: int, collate: Callable[[list[Any]], Any], only_of: Any = None) -> Iterator[Any]:
    """The data set's items in order, `size` at a time. It draws no random numbers, as a DataLoader does.

    only_of     a model: of dictionaries those entries alone that it or a label's name asks for, as Trainer's remove_unused_columns
                leaves them
    """
    wanted = {*inspect.signature(only_of.forward).parameters, *LABELS} if only_of is not None else set()

    def item(index: int) -> Any:
        found = dataset[index]
        if only_of is None or not isinstance(found, dict):
            return found
        return {name: value for name, value in found.items() if name in wanted}

    for first in range(0, len(dataset), size):
        yield collate([item(index) for index in range(first, min(first + size, len(dataset)))])


def _same_rows(first: Path, second: Path) -> bool:
    """Whether two Parquet files hold the same; other versions of Arrow write other bytes."""
    if filecmp.cmp(first, second, shallow=False):
        return True
    from pyarrow import parquet

    return bool(parquet.read_table(first).equals(parquet.read_table(second)))


def write_test_split(dataset: Any, folder: Path, is_in_use: bool) -> str:
    """A data set of `datasets` as a folder that the program reads, and what --data is then. It replaces another data set, unless that
    is in use: embedded in the run already."""
    if not hasattr(dataset, "to_parquet"):
        raise TypeError(f"a {type(dataset).__name__} is given, which the program cannot read: give a data set of `datasets`, what --data "
                        "takes as a text, or in_process=True")
    path = folder / "data/test-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.tmp")
    try:
        dataset.with_format(None).to_parquet(str(part))
        if not path.exists() or not _same_rows(part, path):
            if is_in_use:
                raise AnotherTraining(f"{folder.parent} holds embeddings of other test images: give the data set that its training began "
                                      "with, or another run=")
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return f"parquet:{folder}"
