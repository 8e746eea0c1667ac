# SPDX-License-Identifier: Apache-2.0
"""Lists source files of over 300 lines and functions of over 40. Run in the repository; needs Universal Ctags."""
import json
import subprocess
import sys

MOST_LINES = 300
MOST_LINES_OF_FUNCTION = 40


def tracked(*patterns):
    listing = subprocess.run(["git", "ls-files", *patterns], capture_output=True, text=True, check=True).stdout
    return listing.split()


def long_files(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines = sum(1 for _ in file)
        if lines > MOST_LINES:
            yield f"{path}: has {lines} lines, more than {MOST_LINES}"


def long_functions(paths):
    tags = subprocess.run(["ctags", "--languages=C++", "--kinds-C++=f", "--fields=+ne", "--output-format=json", "-o", "-",
                           *paths], capture_output=True, text=True, check=True).stdout
    for line in tags.splitlines():
        tag = json.loads(line)
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > MOST_LINES_OF_FUNCTION:
            yield f"{tag['path']}:{tag['line']}: {tag['name']} has {lines} lines, more than {MOST_LINES_OF_FUNCTION}"


sources = tracked("src/*.cpp", "src/*.hpp", "include/*.hpp", "jobs/*.cpp", "jobs/*.hpp")
problems = [*long_files([*sources, *tracked("src/*.js", "python/*.py")]), *long_functions(sources)]
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
