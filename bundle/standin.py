# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for libraries that have to be there and are never called.

Debian's FFmpeg is linked to some eighty libraries with 200 MB, all of which are bound when a program starts. Zoetrope writes GIF,
MP4 and WebP with it, which take three of them; and of what reads HEIC and AVIF it calls no encoder. Each of the others becomes a library of the same name that defines what is
looked for, under the same versions: functions that return 0. FFmpeg asks some of them what they can do when it lists its encoders
(libx265, libvpx), and takes 0 for nothing.
"""

import re
import subprocess
import tempfile
from pathlib import Path

import elf

# {library: which of those it needs are called}
CALLED = {r"lib(avcodec|avformat|avfilter|avutil|swscale|swresample|postproc)\.so.*":
          r"lib(av|sw|postproc|x264|webp|z\.so|stdc\+\+|gcc_s).*",
          r"libheif\.so.*": r"lib(de265|stdc\+\+|gcc_s|z\.so).*",  # HEIC alone: AVIF is libavif's
          r"libavif\.so.*": r"lib(dav1d|yuv).*",
          r"libhdf5_serial\.so.*": r"(?!libcurl).*",  # files of HDF5 behind a URL
          r"libcairo\.so.*": r"(?!lib(X|xcb)).*",  # windows of X
          r"libarchive\.so.*": r"(?!libxml2).*"}  # xar, one of its formats; libxml2 brings ICU with 33 MB


def is_called(user, name):
    """Whether zoetrope calls what `user` needs the library `name` for."""
    return all(re.fullmatch(called, name) for library, called in CALLED.items() if re.fullmatch(library, Path(user).name))


def source_of(wanted, functions):
    """C of {name: (version, type, size)}. `functions` has that of functions which do something."""
    lines = [f"char {name}[{max(size, 1)}];" if kind == "OBJECT" else functions.get(name, f"long {name}(void) {{ return 0; }}")
             for name, (_, kind, size) in sorted(wanted.items())]
    return "\n".join(lines) + "\n"


def versions_of(wanted):
    """The linker's script that gives the symbols their versions."""
    by_version = {}
    for name, (version, _, _) in sorted(wanted.items()):
        by_version.setdefault(version, []).append(name)
    blocks = [f"{version} {{ global: {' '.join(f'{name};' for name in names)} }};" for version, names in by_version.items() if version]
    return "\n".join(blocks)


def make(library, users, target, functions=None):
    """`target` becomes a stand-in for `library` that has what `users` want of it."""
    defined, _ = elf.symbols(library)
    looked_for = {name for user in users for name in (*elf.symbols(user)[1], *elf.copied(user))}
    wanted = {name: symbol for name, symbol in defined.items() if name in looked_for}
    with tempfile.TemporaryDirectory() as folder:
        source, script = Path(folder) / "standin.c", Path(folder) / "standin.map"
        source.write_text(source_of(wanted, functions or {}))
        command = ["gcc", "-shared", "-fPIC", "-Os", "-s", "-w", "-fno-builtin", "-nostdlib", "-o", target, source,
                   f"-Wl,-soname,{target.name},-z,noseparate-code,--build-id=none"]
        if versions := versions_of(wanted):
            script.write_text(versions)
            command.append(f"-Wl,--version-script,{script}")
        subprocess.run(command, check=True)
