# SPDX-License-Identifier: Apache-2.0
"""What goes along with the program, into a bundle (pack.py) and into the wheel (wheel.py) alike."""

import os
import re
import shutil
import sys
from pathlib import Path

import elf

ROOT = Path(__file__).resolve().parent.parent
FILES = Path(__file__).resolve().parent / "files"

# What figures are set in (src/render/figure.cpp), in the weights that they use; for other scripts the machine's fonts are taken.
FONTS = [*(Path(f"/usr/share/fonts/opentype/inter/Inter-{weight}.otf") for weight in ("Regular", "Medium", "SemiBold", "Bold")),
         *(Path(f"/usr/share/fonts/truetype/noto/NotoSans-{weight}.ttf") for weight in ("Regular", "Bold"))]
WHEELS = "pyarrow|panel"  # Arrow, and what the review page is made with


def torch_of(build):
    """The folder of the torch package that BUILD was configured with."""
    return Path(re.search(r"^ZOETROPE_TORCH_DIR:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)[1])


def archives_of(build):
    """Debian's archives that BUILD has linked into the program: FAISS, where it has one."""
    found = re.search(r"^ZOETROPE_FAISS_LIBRARY:\w+=(/.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    return [Path(found[1])] if found else []


def torch_version(torch):
    return re.search(r"^__version__ = '([0-9.]+)", (torch / "version.py").read_text(), re.MULTILINE)[1]


def program(name, package):
    """Where this machine has it."""
    path = shutil.which(name)
    return Path(path) if path else sys.exit(f"{name} is not installed: apt-get install {package}")


def require(paths):
    for path in paths:
        if not path.exists():
            sys.exit(f"{path}: is not there, and is to go along: script/bootstrap and script/build make it")


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    return target


def install(source, folder, name, search):
    """A copy folder/name of a program or library, which looks for libraries in the folders `search`, relative to `folder`."""
    target = copy(source, folder / name)
    target.chmod(0o755)
    if not source.is_relative_to("/usr") and not source.is_relative_to("/lib"):  # what Debian packs is stripped already
        elf.output_of("strip", "--strip-unneeded", target)
    elf.set_search_path(target, [os.path.relpath(folder / place, target.parent) for place in search])


def copy_fonts_and_model(folder):
    shutil.copytree(ROOT / "models/fashion-vit", folder / "share/zoetrope/models/fashion-vit")
    for font in FONTS:
        copy(font, folder / "share/fonts" / font.name)
    copy(FILES / "share/fonts/fonts.conf", folder / "share/fonts/fonts.conf")
