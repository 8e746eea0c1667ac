# SPDX-License-Identifier: Apache-2.0
"""What a data set that is given to a callback holds: labels, images, batches."""

import filecmp
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zoetrope.arrays import as_labels
from zoetrope.folder import AnotherTraining

_LABELS = ("label", "labels", "label_ids")


def _column(dataset: Any, kind: str, names: tuple[str, ...] = ()) -> str | None:
    """The column of a data set of `datasets` that has a feature of this kind, else one of these names."""
    features = getattr(dataset, "features", None) or {}
    of_kind = [name for name, feature in features.items() if type(feature).__name__ == kind]
    return next(iter(of_kind + [name for name in names if name in features]), None)


def labels_of(dataset: Any) -> tuple[Any, list[str] | None]:
    """The labels [N] of a data set of `datasets` and the classes' names, where it has any."""
    column = _column(dataset, "ClassLabel", _LABELS)
    if column is None:
        return None, None
    return as_labels(list(dataset.with_format(None)[column]), getattr(dataset.features[column], "names", None))


def images_of(dataset: Any) -> Iterator[Any] | None:
    """The images of a data set of `datasets`, where it has any, as they are before its transform."""
    column = _column(dataset, "Image")
    if column is None:
        return None
    plain = dataset.with_format(None)
    return (plain[index][column] for index in range(len(plain)))


def batches_of(dataset: Any, size: int, collate: Callable[[list[Any]], Any], model: Any) -> Iterator[Any]:
    """The data set's items in order, `size` at a time; of dictionaries those entries that the model or a label's name asks for, as
    Trainer gives them to it. It draws no random numbers, as a DataLoader does."""
    wanted = {*inspect.signature(model.forward).parameters, *_LABELS}

    def item(index: int) -> Any:
        found = dataset[index]
        return {name: value for name, value in found.items() if name in wanted} if isinstance(found, dict) else found

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
