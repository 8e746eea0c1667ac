# SPDX-License-Identifier: Apache-2.0
"""The program's own sources, as they are in git."""
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lines_with(pattern, but_not_in):
    """"path:number: line" of each line that the pattern finds before a comment, of files that `but_not_in` does not hold."""
    listing = subprocess.run(["git", "ls-files", "src/*.[ch]pp", "include/*.hpp", "jobs/*.[ch]pp"],
                             cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = []
    for path in sorted(set(listing.split()) - set(but_not_in)):
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            if pattern.search(line.split("//")[0]):
                found.append(f"{path}:{number}: {line.strip()}")
    return found
