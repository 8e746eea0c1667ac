# SPDX-License-Identifier: Apache-2.0
"""Reading a run directory (docs/formats.md)."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from zoetrope import program
from zoetrope.folder import folder_of
from zoetrope.notebook import Shown, show_animation, show_page
from zoetrope.recording import Recording

if TYPE_CHECKING:
    import datasets

# Options of `zoetrope analyze`. render takes most of them, too, and would analyse anew, with its own defaults for the others.
_ANALYSIS = ("split", "train_sample", "device", "neighbours", "quality_neighbours", "neighbour_search", "memory_limit", "outliers",
             "projection", "fit_on", "smoothness", "align", "scale")

# Datasets of analysis.h5 (docs/formats.md) that have, in a run of few images or steps, the shape of others: no column for each image, and
# no curve. Those of training images have names of their own.
_NO_COLUMNS = ("outlier", "neighbour", "explained_variance_ratio", "plane_cosines", "plane_classifier")
_NO_CURVES = ("step", "label", "train_index", "train_label")


class Run:
    """A run: T steps (checkpoints, frames), N images or other things that were embedded, D columns, C classes.

    Files are opened when they are asked for, and each time anew, so that a run may still be going on.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = folder_of(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def steps(self) -> list[int]:
        """The steps that are embedded, in order."""
        if not self.path.is_dir():
            raise FileNotFoundError(f"{self.path}: is no folder, and a run is one")
        found = ((re.fullmatch(r"checkpoint-(\d+)", path.parent.name), path) for path in self.path.glob("checkpoint-*/embeddings.h5"))
        return sorted(int(match[1]) for match, _ in found if match)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The class of each image [N]."""
        with self._open_analysis() as file:
            return np.asarray(file["label"][:], np.int64)

    @property
    def class_names(self) -> list[str]:
        """The classes' names [C]."""
        with self._open_analysis() as file:
            return [_text(name) for name in file["class_name"][:]]

    def embeddings(self, step: int) -> npt.NDArray[np.float32]:
        """The embeddings of a step, float32 [N, D], as an array that maps the file: rows are read when they are used."""
        return self._map(step, "embeddings")

    def logits(self, step: int) -> npt.NDArray[np.float32]:
        """The classifier's logits of a step, float32 [N, C], as embeddings(). KeyError where there is no classifier."""
        return self._map(step, "logits")

    def analysis(self, step: int | None = None) -> pd.DataFrame:
        """What is known of each image at a step, the last one where none is given: a row for each [N].

        Columns are `label`, `class_name`, and those datasets of analysis.h5 that have a number for each image: `ood_score` (0 is most
        atypical), `trust`, `mean_distance`, with a classifier `prediction`, `confidence`, `self_confidence`, `mistakenness`; those with a
        point for each, `pca` and `aligned` among them, have two, `aligned_x` and `aligned_y`. `outlier_rank` is 1 for the most atypical
        image, 0 for all that are not among the `--outliers`. All steps in one table, with `step` as a level of its index:

            pd.concat({step: run.analysis(step) for step in run.steps}, names=["step"])
        """
        with self._open_analysis() as file:
            frame, count = self._frame(file, step), len(file["label"])
            names = [_text(name) for name in file["class_name"][:]]
            columns: dict[str, Any] = {"label": file["label"][:]}
            columns["class_name"] = pd.Categorical.from_codes(columns["label"], pd.Index(names)) if len(set(names)) == len(names) else None
            for name, dataset in _datasets(file):
                if name.startswith("train_") or name in _NO_COLUMNS:
                    continue
                if dataset.shape[1:] == (count,):
                    columns[name] = dataset[frame]
                elif dataset.shape[1:] == (count, 2):
                    columns[f"{name}_x"], columns[f"{name}_y"] = dataset[frame].T
            columns["outlier_rank"] = np.zeros(count, np.int64)
            worst = file["outlier"][frame]
            columns["outlier_rank"][worst] = np.arange(1, len(worst) + 1)
        if columns["class_name"] is None:  # two classes of one name
            columns["class_name"] = [names[label] for label in columns["label"]]
        return pd.DataFrame(columns, index=pd.RangeIndex(count, name="image"))

    def curves(self) -> pd.DataFrame:
        """What is known of each step: a row for each [T], with `step` as its index; `epoch`, `loss`, `knn_accuracy`, `linear_cka` and all
        other datasets of analysis.h5 that have one number for each step. NaN where it is not known."""
        with self._open_analysis() as file:
            steps = pd.Index(file["step"][:], name="step")
            found = {name: dataset[:] for name, dataset in _datasets(file)
                     if dataset.shape == (len(steps),) and dataset.dtype.kind in "fiu" and name not in _NO_CURVES}
        first = [name for name in ("epoch", "loss") if name in found]
        return pd.DataFrame(found, index=steps)[first + [name for name in found if name not in first]]

    def show(self, what: Literal["page", "animation"] = "page", *, height: int = 800) -> Shown:
        """The review page or the animation, for the end of a notebook's cell: all of it goes into the notebook, no server is needed.
        `height` is the page's, in pixels."""
        if what == "page":
            return show_page(self._existing("review.html"), height)
        if what != "animation":
            raise ValueError(f"show({what!r}): a run has a page and an animation")
        for ending in ("mp4", "webp", "gif"):
            if (self.path / f"animation.{ending}").exists():
                return show_animation(self.path / f"animation.{ending}")
        return show_animation(self._existing("animation.gif"))

    def draw(self, **options: object) -> "Run":
        """Makes or renews analysis, animation and page, with the program; what record() has kept is taken in first.

        Options are those of `zoetrope analyze` and `zoetrope render`, such as draw(tween=3, format="gif,mp4", theme="dark",
        neighbours=20). ProgramError where it fails.
        """
        if options.get("layout") == "article":
            options = {"projection": "each", **options}  # as zoetrope run has it
        analysis = {name: options.pop(name) for name in _ANALYSIS if name in options}
        run = [f"--run={self.path}"]
        program.run("analyze", [*run, *Recording(self.path).options(), *program.options_of(analysis)])
        program.run("render", [*run, *program.options_of(options)])
        program.run("review", run)
        return self

    def to_datasets(self) -> "datasets.Dataset":
        """A data set of Hugging Face's `datasets`, a row for each image: `image` (where there are images), `label`, `class_name`, scores
        and places at each step, embeddings of the first and the last. It is what `zoetrope review --export parquet` writes, which
        this starts."""
        import datasets

        program.run("review", [f"--run={self.path}", "--export=parquet"])
        return datasets.Dataset.from_parquet(str(self.path / "review.parquet"))

    def _existing(self, name: str) -> Path:
        if not (self.path / name).exists():
            raise FileNotFoundError(f"{self.path / name}: is not there yet; draw() makes it")
        return self.path / name

    def _open_analysis(self) -> h5py.File:
        return h5py.File(self._existing("analysis.h5"), "r")

    def _frame(self, file: h5py.File, step: int | None) -> int:
        """The step's place among those of analysis.h5."""
        steps = file["step"][:].tolist()
        if step is None:
            return len(steps) - 1
        if step not in steps:
            raise KeyError(f"step {step} is not in {self.path / 'analysis.h5'}, which has {_listed(steps)}")
        return int(steps.index(step))

    def _map(self, step: int, name: str) -> npt.NDArray[np.float32]:
        path = self.path / f"checkpoint-{step}" / "embeddings.h5"
        if not path.exists():
            raise KeyError(f"step {step} is not embedded in {self.path}, which has {_listed(self.steps)}")
        with h5py.File(path, "r") as file:
            if name not in file:
                raise KeyError(f"{path}: holds no {name}: the model has no classifier")
            dataset = file[name]
            shape, kind, offset = dataset.shape, dataset.dtype, dataset.id.get_offset()
        if offset is None or kind != np.dtype("<f4"):
            raise ValueError(f"{path}: /{name} is not contiguous float32, as zoetrope writes it")
        return np.memmap(path, kind, "r", offset, shape)


def _datasets(file: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    return [(name, entry) for name, entry in file.items() if isinstance(entry, h5py.Dataset)]


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode("utf-8", "replace")


def _listed(steps: list[int]) -> str:
    return ", ".join(map(str, steps)) if steps else "none"
