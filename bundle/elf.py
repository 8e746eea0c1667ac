# SPDX-License-Identifier: Apache-2.0
"""What programs and libraries need of one another, as readelf and ldd say."""

import functools
import re
import subprocess
from pathlib import Path

# Not taken along: glibc is the system's own, and the loader that it has must be of the same version.
GLIBC = re.compile(r"ld-linux.*|lib(c|m|mvec|dl|rt|pthread|util|resolv|anl|nsl)\.so\..*")


def output_of(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def all_below(folder):
    """The programs and libraries in `folder`."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


@functools.cache
def needed(path):
    """Names of the libraries that `path` names itself, glibc's left out."""
    names = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-dW", path))
    return [name for name in names if not GLIBC.fullmatch(name)]


def places(path):
    """{name: path} of all libraries that would be loaded with `path`, those included that another one needs."""
    found = output_of("ldd", path)
    missing = re.findall(r"^\s*(\S+) => not found", found, re.MULTILINE)
    if missing:
        raise SystemExit(f"{path}: needs {', '.join(missing)}, which this machine lacks; build it again here")
    return {name: Path(place) for name, place in re.findall(r"^\s*(\S+) => (/.*) \(0x", found, re.MULTILINE)}


@functools.cache
def symbols(path):
    """(those that `path` defines, those that it wants): {name: (version or "", type, size)} each."""
    defined, wanted = {}, {}
    for line in output_of("readelf", "-W", "--dyn-syms", path).splitlines():
        words = line.split()
        if len(words) < 8 or words[4] not in ("GLOBAL", "WEAK"):
            continue
        name, _, version = words[7].replace("@@", "@").partition("@")
        (wanted if words[6] == "UND" else defined)[name] = (version, words[3], int(words[2], 0))
    return defined, wanted


@functools.cache
def copied(path):
    """Names of the variables of libraries that a program has a copy of: it defines them, and needs them all the same."""
    return set(re.findall(r"R_X86_64_COPY\s+[0-9a-f]+ ([^@\s]+)", output_of("readelf", "-rW", path)))


def glibc_needed(paths):
    """The newest version of glibc that one of them asks for: (2, 36)."""
    versions = {(int(a), int(b)) for path in paths
                for a, b in re.findall(r"\bName: GLIBC_(\d+)\.(\d+)", output_of("readelf", "-VW", path))}
    return max(versions)


def set_search_path(path, folders):
    """`folders`, relative to the file itself, are where `path` finds what it needs, before all else: LD_LIBRARY_PATH of a
    machine may hold another OpenMPI or HDF5."""
    search = ":".join("$ORIGIN" if folder == "." else f"$ORIGIN/{folder}" for folder in folders)
    output_of("patchelf", "--force-rpath", "--set-rpath", search, path)
