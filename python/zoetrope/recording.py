# SPDX-License-Identifier: Apache-2.0
"""Embeddings of a training, kept step by step as numpy files that the program takes in (docs/own-embeddings.md)."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoetrope import images as image_files
from zoetrope.safety import warn

FOLDER = "recorded"  # of a run directory


def as_matrix(values: Any, what: str) -> npt.NDArray[np.float32]:
    """float32 [N, D] of an array or tensor of any library, on any device. ValueError where it is something else, or not finite."""
    if hasattr(values, "detach"):
        values = values.detach().float().cpu().numpy()
    matrix = np.asarray(values)
    if matrix.ndim != 2 or matrix.size == 0 or matrix.dtype.kind not in "fV":
        raise ValueError(f"{what} are {matrix.dtype} {list(matrix.shape)}; give floating-point numbers [rows, columns]")
    with np.errstate(over="ignore"):  # the check below says which row it was
        matrix = matrix.astype(np.float32)
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise ValueError(f"{what}: row {int(np.argmin(finite))} holds a number that is not finite")
    return matrix


def as_labels(labels: Any, class_names: Sequence[str] | None) -> tuple[npt.NDArray[np.int64], list[str] | None]:
    """int64 [N] from 0, and the classes' names. Names given as labels stand in sorted order."""
    if hasattr(labels, "detach"):
        labels = labels.detach().cpu().numpy()
    found = np.asarray(labels)
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


class Recording:
    """What is kept in RUN/recorded: embeddings/step_<step>.npy and logits/, labels.npy, class_names.txt and images/."""

    def __init__(self, run: str | os.PathLike[str]):
        self.folder = Path(run) / FOLDER
        self._embeddings, self._logits, self._images = (self.folder / name for name in ("embeddings", "logits", "images"))
        self._labels = self.folder / "labels.npy"

    @property
    def steps(self) -> list[int]:
        """The steps that are there, in order."""
        found = (re.fullmatch(r"step_(\d+)\.npy", path.name) for path in self._embeddings.glob("step_*.npy"))
        return sorted(int(match[1]) for match in found if match)

    @property
    def has_images(self) -> bool:
        return self._images.exists()

    def add(self, step: int, vectors: Any, labels: Any = None, images: Iterable[Any] | None = None, *, logits: Any = None,
            class_names: Sequence[str] | None = None) -> None:
        """As record(), but what cannot be written is an OSError."""
        if step < 0:
            raise ValueError(f"step {step}: steps are numbered from 0")
        matrix = as_matrix(vectors, "vectors")
        scores = None if logits is None else as_matrix(logits, "logits")
        if scores is not None and len(scores) != len(matrix):
            raise ValueError(f"{len(scores)} rows of logits for {len(matrix)} vectors")
        self._check_rows(len(matrix))
        if labels is not None:
            self._keep_labels(labels, class_names, len(matrix))
        if images is not None and not self.has_images:
            self._keep_images(images, len(matrix))
        if scores is not None:
            _save(self._logits / f"step_{step}.npy", scores)
        _save(self._embeddings / f"step_{step}.npy", matrix)

    def options(self) -> list[str]:
        """The program's options that take it in; none where nothing is recorded."""
        if not self.steps:
            return []
        options = [f"--embeddings={self._embeddings}"]
        options += [f"--labels={self._labels}"] if self._labels.exists() else []
        options += [f"--logits={self._logits}"] if self._logits.exists() else []
        return options + ([f"--images=webdataset:{self._images}"] if self.has_images else [])

    def _check_rows(self, rows: int) -> None:
        if self.steps:
            before = np.load(self._embeddings / f"step_{self.steps[0]}.npy", mmap_mode="r", allow_pickle=False).shape[0]
            if before != rows:
                raise ValueError(f"{rows} vectors, and {self._embeddings} holds {before} of each step: every step embeds the same things; "
                                 "another training takes another run")

    def _keep_labels(self, labels: Any, class_names: Sequence[str] | None, rows: int) -> None:
        numbers, names = as_labels(labels, class_names)
        if len(numbers) != rows:
            raise ValueError(f"{len(numbers)} labels for {rows} vectors")
        if self._labels.exists():
            if not np.array_equal(np.load(self._labels, allow_pickle=False), numbers):
                raise ValueError(f"labels are not those of {self._labels}: every step embeds the same things; "
                                 "another training takes another run")
            return
        if names is not None:
            _write_names(self.folder / "class_names.txt", names)
        _save(self._labels, numbers)

    def _keep_images(self, images: Iterable[Any], rows: int) -> None:
        """Into a folder that is whole or not there."""
        numbers = np.load(self._labels, allow_pickle=False).tolist() if self._labels.exists() else [0] * rows
        self.folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".images-", dir=self.folder))
        try:
            try:
                image_files.write(images, numbers, part / "test.tar")
            except ValueError as problem:
                raise ValueError(f"images for {rows} vectors: {problem}") from problem
            names = self.folder / "class_names.txt"
            _write_names(part / "class_names.txt", names.read_text("utf-8").splitlines() if names.exists()
                         else [str(number) for number in range(max(numbers) + 1)] if self._labels.exists() else ["all"])
            part.chmod(0o755)
            part.rename(self._images)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _write_names(path: Path, names: Sequence[str]) -> None:
    for name in names:
        if not name.strip() or "\n" in name or "\r" in name:
            raise ValueError(f"class name {name!r}: a name is one line of text")
    _write(path, lambda part: part.write_text("".join(f"{name}\n" for name in names), "utf-8"))


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    def save(part: Path) -> None:
        with open(part, "wb") as file:
            np.save(file, array, allow_pickle=False)

    _write(path, save)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """The file is whole or not there, as all of a run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def record(step: int, vectors: Any, labels: Any = None, images: Iterable[Any] | None = None, *, logits: Any = None,
           class_names: Sequence[str] | None = None, run: str | os.PathLike[str] = "runs/first") -> None:
    """Keeps the embeddings of a step: the same things in the same order at each.

    step         optimizer steps, or epochs, done so far; the same step again replaces what was recorded
    vectors      floating-point numbers [N, D], an array or a tensor of any library; at most float32 is kept
    labels       for each row its class, a whole number from 0 or a name [N]; given once, say at the first step
    images       for each row its image, uint8 [H, W] or [H, W, 3] or one of Pillow; given once
    logits       of a classifier [N, C]; needs labels
    class_names  of the classes that `labels` numbers, [C]
    run          the run directory, where all goes into `recorded`

    `zoetrope.Run(run).draw()` then makes the animation and the page. ValueError where an argument is none of these; what cannot
    be written, on a full disk for one, is a ZoetropeWarning.
    """
    try:
        Recording(run).add(step, vectors, labels, images, logits=logits, class_names=class_names)
    except OSError as problem:
        warn(f"step {step} is not recorded: {problem}")
