# SPDX-License-Identifier: Apache-2.0
"""The program `zoetrope`: where it is, and how it is started from Python."""

import os
import subprocess
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zoetrope import native
from zoetrope.safety import ZoetropeWarning

# Of a training that mpirun, srun, flux, jsrun or aprun has started: the program would take itself for one more rank of that job, and
# OpenMPI would give up where it finds no launcher that knows this rank.
_OF_A_JOB = ("OMPI_COMM_WORLD_", "OMPI_UNIVERSE_SIZE", "OMPI_MCA_orte_", "OMPI_MCA_ess", "PMIX_", "PMI_", "PRTE_", "SLURM_STEP_ID",
             "SLURM_PROCID", "FLUX_JOB_ID", "JSM_", "ALPS_APP_")


class ProgramError(RuntimeError):
    """The program is not there, or a job of it has failed. The text is what it says.

    code    the job's exit code (docs/errors.md), or the number of the signal that has ended it, negative; 0 where none was started
    """

    def __init__(self, text: str, code: int = 0):
        super().__init__(text)
        self.code = code


def find() -> tuple[Path, dict[str, str]]:
    """The program's path, and the environment that it is to be started in.

    It is the one that the environment variable ZOETROPE_PROGRAM names, such as build/zoetrope, else the one in this package.
    """
    environment = {name: value for name, value in native.without_name(os.environ).items() if not name.startswith(_OF_A_JOB)}
    try:
        path, needed = native.start()
    except native.Unusable as problem:
        raise ProgramError(str(problem)) from None
    return path, environment | needed


def options_of(options: dict[str, object]) -> list[str]:
    """Keyword arguments as the program's options: tween=3, quiet=True, theme=None becomes --tween=3 --quiet."""
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            words.append(f"{option}={value}")
    return words


def start(words: Iterable[str], variables: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """Starts a job beside this process, out of the reach of the terminal's Ctrl-C. Its standard error goes into a pipe.

    variables   of its environment, beside this process's own
    """
    path, environment = find()
    environment |= variables or {}
    command = [str(path), *words, "--quiet", "--no-progress"]
    try:
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
    except OSError as problem:
        raise ProgramError(f"{path} does not start: {problem}") from problem


def finish(process: "subprocess.Popen[str]", job: str) -> list[str]:
    """Waits for a job that start() has started, which ends where the waiting does. Returns its warnings. ProgramError where it fails."""
    try:
        _, errors = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    lines = [line.removeprefix("zoetrope: ") for line in errors.split("\n") if line.strip()]
    if process.returncode < 0:
        raise ProgramError(f"zoetrope {job} was ended by signal {-process.returncode}", process.returncode)
    if process.returncode > 0:
        raise ProgramError(lines[-1] if lines else f"zoetrope {job} failed with code {process.returncode}", process.returncode)
    return lines


def run(job: str, words: Sequence[str] = ()) -> None:
    """Does a job of the program, e.g. run("render", ["--run=runs/first"]). What it warns of are warnings. ProgramError where it fails."""
    for line in finish(start([job, *words]), job):
        warnings.warn(line, ZoetropeWarning, stacklevel=3)
