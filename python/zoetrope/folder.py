# SPDX-License-Identifier: Apache-2.0
"""The run directory that `run=` names, and what of an earlier training it may hold when one begins."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_MINE = ".by-callback"  # in a checkpoint folder that a callback has made: such a folder may go, no other may
_PART = ".checkpoint-"


class AnotherTraining(FileExistsError):
    """What a run holds is of another training than the one that begins."""


def folder_of(run: str | os.PathLike[str]) -> Path:
    """Its path; a leading ~ is the home directory, as in a shell."""
    return Path(run).expanduser()


def checkpoints(run: Path) -> dict[int, Path]:
    """The run's checkpoint folders, by step."""
    found = ((re.fullmatch(r"checkpoint-(\d+)", path.name), path) for path in run.glob("checkpoint-*"))
    return {int(match[1]): path for match, path in sorted(found, key=lambda pair: pair[1].name) if match}


def is_mine(checkpoint: Path) -> bool:
    return (checkpoint / _MINE).exists()


@contextmanager
def new_checkpoint(run: Path, step: int) -> Iterator[Path]:
    """A folder to be filled, which is then the checkpoint of the step, unless there is one."""
    target = run / f"checkpoint-{step}"
    part = Path(tempfile.mkdtemp(prefix=_PART, dir=run))
    try:
        (part / _MINE).touch()
        yield part
        part.chmod(0o755)
        if not target.exists():
            part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def refuse_others(run: Path, step: int, log: Sequence[Any], recorded: Sequence[int], *, embeds_all: bool) -> None:
    """AnotherTraining where a training that goes on after `step` with this log of Trainer's would have frames of another one in its run.

    recorded     the steps in the run's recording
    embeds_all   whether all checkpoints in the run become frames; otherwise those that are embedded already
    """
    there = checkpoints(run)
    embedded = [number for number, folder in there.items() if (folder / "embeddings.h5").exists()]
    if step == 0 and (embedded or recorded):
        raise AnotherTraining(f"{run} holds the embeddings of another training: delete it, or give another run=")
    for number in sorted(number for number in there if 0 < number <= step):
        if not _begins_with(log, there[number]):
            raise AnotherTraining(f"{run} holds the embeddings of another training: at step {number} its log is not this one's; give "
                                  "another run=")
    others = sorted(number for number, folder in there.items()
                    if number > _kept(step) and not is_mine(folder) and number not in recorded and (embeds_all or number in embedded))
    if others:
        raise AnotherTraining(f"{run} holds checkpoints after step {step}, where this training begins, which would become frames of it: "
                              f"delete {there[others[0]]} and all later ones, or give another run=")


def _kept(step: int) -> int:
    """The last step whose frame a training keeps that goes on after `step`. One that begins keeps none."""
    return step if step > 0 else -1


def _begins_with(log: Sequence[Any], checkpoint: Path) -> bool:
    """Whether this log goes on where the checkpoint's ends. A checkpoint without one says nothing against it."""
    try:
        before = json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]
    except (OSError, ValueError, KeyError):
        return True
    return json.dumps(before) == json.dumps(list(log[: len(before)]))


def drop_later(run: Path, step: int, recorded: Sequence[int]) -> list[int]:
    """Removes the frames after `step`, where a training goes on, which are of a course that it has left; of checkpoint folders that others
    have made what was recorded for them. Returns their steps. Before the first step that is all that a callback has left here."""
    for part in run.glob(f"{_PART}*"):
        shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    gone = []
    for number, folder in checkpoints(run).items():
        if number <= _kept(step):
            continue
        if is_mine(folder):
            shutil.rmtree(folder)
        elif number in recorded:
            for name in ("embeddings.h5", "frame.png"):
                (folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # Trainer's own
                folder.rmdir()
        else:
            continue
        gone.append(number)
    return sorted({*gone, *(number for number in recorded if number > _kept(step))})
