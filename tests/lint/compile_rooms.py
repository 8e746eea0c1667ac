# SPDX-License-Identifier: Apache-2.0
"""Shows every room, each as one file, to another compiler (-fsyntax-only), and to clang-tidy:
compile_rooms.py build/lint g++-11, compile_rooms.py build/lint clang-tidy [option...]. Fails where one of them complains."""
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def command(entry, build, tool, options):
    if "clang-tidy" in tool:
        return [tool, "-p", build, "--quiet", "--warnings-as-errors=*", *options, entry["file"]]
    words = shlex.split(entry["command"])
    output = words.index("-o")
    # Types of anonymous namespaces in types of headers are as they should be where many files are one.
    return [tool, *words[1:output], *words[output + 2 :], "-fsyntax-only", "-Wno-subobject-linkage", *options]


def main(build, tool, *options):
    with open(os.path.join(build, "compile_commands.json")) as file:
        entries = json.load(file)

    def check(entry):
        done = subprocess.run(command(entry, build, tool, options), cwd=entry["directory"], capture_output=True, text=True)
        return done.returncode, done.stdout + ("" if done.returncode == 0 else done.stderr)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(check, entries))
    print("".join(text for code, text in results if code != 0), end="")
    wrong = sum(code != 0 for code, _ in results)
    print(f"{tool}: {len(entries)} files, {wrong} with complaints")
    return 1 if wrong or not entries else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), *sys.argv[2:]))
