# SPDX-License-Identifier: Apache-2.0
"""Makes a folder with zoetrope and all that it needs, which runs wherever it lies. script/bundle packs it into a file.

    pack.py BUILD FOLDER [--without-torch]

BUILD is a build folder of CMake's, with zoetrope and bench/comm_bench in it. FOLDER must not be there.

    bin/              what a user starts: a few lines of sh each, from files/
    libexec/          the programs themselves
    lib/              libraries; lib/torch and lib/nvidia as in a Python environment
    openmpi/          OpenMPI's own prefix: mpirun, orted, plug-ins, texts
    share/            fonts, models, licences
    slurm/, bench/    as in the repository
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

import elf
import standin
from closure import Closure
from licences import copy_licences
from place import FILES, FONTS, ROOT, WHEELS, archives_of, copy, copy_fonts_and_model, install, program, require, torch_of, torch_version

# Fast networks (UCX, libfabric, PSM, verbs) need libraries that go with a machine's drivers, and OpenSHMEM is not used. Shared
# memory and TCP are what Debian's OpenMPI takes by default, too.
LEFT_OUT = re.compile(r"mca_(.*_(ofi|openib|psm2?|ucx|monitoring)|(atomic|memheap|scoll|spml|sshmem)_.*|io_romio.*)\.so|lib.*")
TORCH_WHEELS = "|torch|nvidia_.*|triton"


def openmpi_paths():
    """{prefix, pkglibdir, pkgdatadir, sysconfdir: path} of this machine's OpenMPI."""
    words = [word for what in ("prefix", "pkglibdir", "pkgdatadir", "sysconfdir") for word in ("--path", what)]
    lines = elf.output_of("ompi_info", "--parsable", *words).splitlines()
    return {what: Path(path) for _, what, path in (line.split(":", 2) for line in lines)}


class Bundle:
    def __init__(self, options):
        self.folder, self.build, self.with_torch = options.folder, options.build, not options.without_torch
        self.torch = torch_of(self.build).resolve()
        self.openmpi = openmpi_paths()
        self.programs = {"libexec/zoetrope": self.build / "zoetrope", "libexec/comm_bench": self.build / "bench/comm_bench",
                         "libexec/h5dump": program("h5dump", "hdf5-tools"),
                         "openmpi/bin/mpirun": program("orterun", "openmpi-bin"),
                         "openmpi/bin/orted": program("orted", "openmpi-bin")}
        require([*self.programs.values(), *FONTS])
        program("patchelf", "patchelf")
        libraries = self.openmpi["pkglibdir"]
        self.plugins = {f"openmpi/{path.relative_to(self.openmpi['prefix'])}": path
                        for path in sorted(libraries.glob("*.so")) if not LEFT_OUT.fullmatch(path.name)}
        self.pmix = elf.places(libraries / "mca_pmix_ext3x.so")["libpmix.so.2"].resolve().parent.parent
        self.plugins |= {f"openmpi/pmix/lib/pmix/{path.name}": path for path in sorted((self.pmix / "lib/pmix").glob("*.so"))}
        self.closure = Closure([*self.programs.values(), *self.plugins.values()], self.torch.parent)

    def make(self):
        self.copy_binaries()
        self.copy_data()
        self.write_files()
        copy_licences([*self.programs.values(), *self.plugins.values(), *self.closure.libraries.values(),
                       *archives_of(self.build), *FONTS],
                      WHEELS + (TORCH_WHEELS if self.with_torch else ""), self.torch.parent, self.folder / "share/licences")
        copy(ROOT / "LICENSE", self.folder / "LICENSE")

    def copy_binaries(self):
        torch = [f"lib/{folder}" for folder in self.closure.torch_folders()] if self.with_torch else []
        for name, source in (self.programs | self.plugins).items():
            install(source, self.folder, name, ["lib", *torch])
        for name, source in self.closure.libraries.items():
            install(source, self.folder, f"lib/{name}", ["lib"])
        for name, (source, users) in self.closure.stand_ins.items():
            standin.make(source, users, self.folder / "lib" / name)
        if self.with_torch:
            self.copy_torch()

    def copy_torch(self):
        """As they are: they find one another by their places. On CUDA all that lies beside them, too, since cuDNN and others load
        parts of themselves by name; libtorch_python needs a Python."""
        paths = self.closure.torch
        if any(path.name == "libtorch_cuda.so" for path in paths):
            paths = {library for path in paths for library in path.parent.glob("*.so*") if "python" not in library.name}
        for path in sorted(paths):
            copy(path, self.folder / "lib" / path.relative_to(self.torch.parent))

    def copy_data(self):
        copy_fonts_and_model(self.folder)
        for source, name in ((self.openmpi["pkgdatadir"], "share/openmpi"), (self.pmix / "share/pmix", "pmix/share/pmix")):
            shutil.copytree(source, self.folder / "openmpi" / name, ignore=shutil.ignore_patterns("*-wrapper-data.txt", "*.supp"))
        shutil.copytree(self.openmpi["sysconfdir"], self.folder / "openmpi/etc", ignore=shutil.ignore_patterns("*totalview*"))
        shutil.copytree(ROOT / "slurm", self.folder / "slurm")
        shutil.copytree(ROOT / "bench/gpu_check", self.folder / "bench/gpu_check",
                        ignore=shutil.ignore_patterns("__pycache__", "*_test.py"))
        copy(ROOT / "bench/peers/ddp.py", self.folder / "bench/peers/ddp.py")

    def write_files(self):
        """Those of files/, with what is only known now."""
        known = {"@GLIBC@": "%d.%d" % elf.glibc_needed(elf.all_below(self.folder)), "@TORCH@": torch_version(self.torch),
                 "@TORCH_FOLDERS@": "" if self.with_torch else " ".join(self.closure.torch_folders())}
        for source in sorted(path for path in FILES.rglob("*") if path.is_file()):
            target = copy(source, self.folder / source.relative_to(FILES))
            text = source.read_text()
            for word, value in known.items():
                text = text.replace(word, value)
            target.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without-torch", action="store_true", help="leave out libtorch and what it brings")
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder}: is there already; delete it, or name another")
    Bundle(options).make()


if __name__ == "__main__":
    sys.exit(main())
