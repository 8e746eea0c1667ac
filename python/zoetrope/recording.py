# SPDX-License-Identifier: Apache-2.0
"""Embeddings of a training, kept step by step as numpy files that the program takes in (docs/own-embeddings.md)."""

import operator
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoetrope import folder
from zoetrope import images as image_files
from zoetrope.arrays import as_labels, as_matrix
from zoetrope.safety import ZoetropeWarning, warn

FOLDER = "recorded"  # of a run directory


class Recording:
    """What is kept in RUN/recorded: embeddings/step_<step>.npy and logits/, labels.npy, class_names.txt and images/."""

    def __init__(self, run: str | os.PathLike[str]):
        self.folder = folder.folder_of(run) / FOLDER
        self._embeddings, self._logits, self._images = (self.folder / name for name in ("embeddings", "logits", "images"))
        self._labels = self.folder / "labels.npy"

    @property
    def steps(self) -> list[int]:
        """The steps that are there, in order."""
        return _steps_in(self._embeddings)

    @property
    def has_images(self) -> bool:
        return self._images.exists()

    def add(self, step: int, vectors: Any, labels: Any = None, images: Iterable[Any] | None = None, *, logits: Any = None,
            class_names: Sequence[str] | None = None) -> None:
        """As record(), but what cannot be written is an OSError."""
        step = _as_step(step)
        matrix = as_matrix(vectors, "vectors")
        scores = None if logits is None else as_matrix(logits, "logits")
        if scores is not None and len(scores) != len(matrix):
            raise ValueError(f"{len(scores)} rows of logits for {len(matrix)} vectors")
        self._check_rows(len(matrix))
        self._check_logits(step, scores is not None)
        if labels is not None:
            self._keep_labels(labels, class_names, len(matrix))
        if images is not None and not self.has_images:
            self._keep_images(images, len(matrix))
        self._save_step(step, matrix, scores)

    def drop_later(self, step: int) -> None:
        """Removes what was recorded after a step; where nothing is left, labels and images, too, which may be another training's."""
        for later in (number for number in self.steps if number > step):  # where it begins, there are none
            for kept in (self._embeddings, self._logits):
                _file(kept, later).unlink(missing_ok=True)
        if not self.steps and self.folder.exists():
            shutil.rmtree(self.folder)

    def options(self) -> list[str]:
        """The program's options that take it in; none where nothing is recorded."""
        if not self.steps:
            return []
        options = [f"--embeddings={self._embeddings}"]
        options += [f"--labels={self._labels}"] if self._labels.exists() else []
        self._drop_logits_alone()
        having = _steps_in(self._logits)
        if having == self.steps:
            options += [f"--logits={self._logits}"]
        elif having:
            warnings.warn(f"zoetrope: {self._logits} has logits of some steps only, and they are left out: record them for every step",
                          ZoetropeWarning, stacklevel=4)
        return options + ([f"--images=webdataset:{self._images}"] if self.has_images else [])

    def _check_rows(self, rows: int) -> None:
        if self.steps:
            before = np.load(self._embeddings / f"step_{self.steps[0]}.npy", mmap_mode="r", allow_pickle=False).shape[0]
            if before != rows:
                raise ValueError(f"{rows} vectors, and {self._embeddings} holds {before} of each step: every step embeds the same things; "
                                 "another training takes another run")

    def _check_logits(self, step: int, given: bool) -> None:
        """Every step has them, or none, as the program wants it."""
        self._drop_logits_alone()
        others = [other for other in self.steps if other != step]
        having = set(_steps_in(self._logits))
        if given and not having.issuperset(others):
            raise ValueError(f"step {step} has logits, and step {min(set(others) - having)} has none in {self.folder}: give them for every "
                             "step, or for none")
        if not given and having.intersection(others):
            raise ValueError(f"step {step} has no logits, and step {min(having.intersection(others))} has some in {self.folder}: give them "
                             "for every step, or for none")

    def _drop_logits_alone(self) -> None:
        """Logits of a step whose vectors were never written."""
        for step in set(_steps_in(self._logits)) - set(self.steps):
            _file(self._logits, step).unlink(missing_ok=True)

    def _save_step(self, step: int, matrix: npt.NDArray[np.float32], scores: npt.NDArray[np.float32] | None) -> None:
        """The step is there with its logits, or as it was."""
        if scores is None:
            _save(_file(self._embeddings, step), matrix)
            _file(self._logits, step).unlink(missing_ok=True)  # of this step before it was recorded anew
            return
        kept = _file(self._logits, step)
        with _written(kept, scores) as logits, _written(_file(self._embeddings, step), matrix) as vectors:
            logits.replace(kept)
            vectors.replace(_file(self._embeddings, step))

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
        labels = np.load(self._labels, allow_pickle=False) if self._labels.exists() else np.zeros(rows, np.int64)
        names_file = self.folder / "class_names.txt"
        if names_file.exists():
            names = names_file.read_text("utf-8").removesuffix("\n").split("\n")
        else:  # of the numbers that there are, which may be few and far apart
            present, labels = np.unique(labels, return_inverse=True)
            names = [str(number) for number in present] if self._labels.exists() else ["all"]
        self.folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".images-", dir=self.folder))
        try:
            try:
                image_files.write(images, labels.tolist(), part / "test.tar")
            except (TypeError, ValueError) as problem:
                raise ValueError(f"images for {rows} vectors: {problem}") from problem
            _write_names(part / "class_names.txt", names)
            part.chmod(0o755)
            part.rename(self._images)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def leave_course(run: Path, step: int) -> None:
    """Removes the frames after `step`, where a training goes on, of the course that it has left, and says so."""
    recording = Recording(run)
    gone = folder.drop_later(run, step, recording.steps)
    recording.drop_later(step)
    if gone and step > 0:
        warn(f"this training goes on after step {step}, so that the frames of {', '.join(map(str, gone))} in {run} were of a course "
             "that it has left, and are removed")


def _as_step(step: Any) -> int:
    try:
        number = operator.index(step)
    except TypeError:
        raise ValueError(f"step {step!r} is no whole number; give the optimizer steps, or epochs, done so far") from None
    if number < 0:
        raise ValueError(f"step {number}: steps are numbered from 0")
    return number


def _steps_in(kept: Path) -> list[int]:
    found = (re.fullmatch(r"step_(\d+)\.npy", path.name) for path in kept.glob("step_*.npy"))
    return sorted(int(match[1]) for match in found if match)


def _file(kept: Path, step: int) -> Path:
    return kept / f"step_{step}.npy"


def _write_names(path: Path, names: Sequence[str]) -> None:
    for name in names:
        if not name.strip() or "\n" in name or "\r" in name:
            raise ValueError(f"class name {name!r}: a name is one line of text")
    with _part_of(path) as part:
        part.write_text("".join(f"{name}\n" for name in names), "utf-8")
        part.replace(path)


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with _written(path, array) as part:
        part.replace(path)


@contextmanager
def _written(path: Path, array: npt.NDArray[Any]) -> Iterator[Path]:
    """An array in a file that is to replace `path`."""
    with _part_of(path) as part:
        with open(part, "wb") as file:
            np.save(file, array, allow_pickle=False)
        yield part


@contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    """Where to write what is to replace `path`, so that it is whole or not there, as all of a run. What is left of it goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{path.name}.{os.getpid()}.tmp"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def record(step: int, vectors: Any, labels: Any = None, images: Iterable[Any] | None = None, *, logits: Any = None,
           class_names: Sequence[str] | None = None, run: str | os.PathLike[str] = "runs/first") -> None:
    """Keeps the embeddings of a step: the same things in the same order at each.

    step         optimizer steps, or epochs, done so far; the same step again replaces what was recorded
    vectors      floating-point numbers [N, D], an array or a tensor of any library; at most float32 is kept
    labels       for each row its class, a whole number from 0 or a name [N]; given once, say at the first step
    images       for each row its image, uint8 [H, W] or [H, W, 3] or one of Pillow; given once
    logits       of a classifier [N, C], at every step or at none; needs labels
    class_names  of the classes that `labels` numbers, [C]
    run          the run directory, where all goes into `recorded`

    `zoetrope.Run(run).draw()` then makes the animation and the page. ValueError where an argument is none of these; what cannot
    be written, on a full disk for one, is a ZoetropeWarning.
    """
    try:
        Recording(run).add(step, vectors, labels, images, logits=logits, class_names=class_names)
    except OSError as problem:
        warn(f"step {step} is not recorded: {problem}")
