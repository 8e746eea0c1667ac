# SPDX-License-Identifier: Apache-2.0
"""The licences of what is copied: of Debian's packages, and of Python's wheels."""

import re
import shutil
import subprocess
from pathlib import Path


def debian_packages(paths):
    """Names of the packages that the files are from."""
    resolved = [str(path.resolve()) for path in paths]
    # /lib is a link to /usr/lib, and a package may name a file by either. It fails where one of them is of no package.
    names = [*resolved, *(path.removeprefix("/usr") for path in resolved if path.startswith("/usr/lib/"))]
    found = subprocess.run(["dpkg", "-S", *names], capture_output=True, text=True).stdout
    return sorted({package.partition(":")[0] for line in found.splitlines() for package in line.rpartition(": ")[0].split(", ")})


def copy_licences(paths, wheels, site_packages, folder):
    """Into a folder for each package of `paths`, and for each of the wheels."""
    for package in debian_packages(paths):
        text = Path("/usr/share/doc") / package / "copyright"
        if text.exists():
            (folder / package).mkdir(parents=True, exist_ok=True)
            shutil.copy(text, folder / package / "copyright")
    for record in sorted(site_packages.glob("*.dist-info")):
        name = record.name.partition("-")[0]
        if not re.fullmatch(wheels, name):
            continue
        for text in sorted(path for path in record.rglob("*") if re.match(r"(LICEN[CS]E|NOTICE|COPYING)", path.name) and path.is_file()):
            target = folder / name / text.relative_to(record)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(text, target)
