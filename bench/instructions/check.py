#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has a hot path become slower? Counts the instructions of each under valgrind and compares with counts.json, +-5 %: a count,
unlike a time, is the same on a busy machine, and on every x86-64 processor with AVX2, which valgrind takes each for one and the same.

    bench/instructions/check.py             compares
    bench/instructions/check.py --update    writes counts.json anew

Of each path two numbers: instructions of our own functions, and those with the libraries' that they call. Profiles stay in
build/instructions, for callgrind_annotate.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import profile_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import require  # noqa: E402

COUNTS = Path(__file__).with_name("counts.json")
TOLERANCE = 0.05
# Libraries choose kernels by processor and number of cores: here none is left to choose.
PINNED = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
          "MKL_ENABLE_INSTRUCTIONS": "AVX2", "LC_ALL": "C.UTF-8", "PATH": os.defpath}
UPDATE = "bench/instructions/check.py --update"


def count(program, folder):
    """{path: {own, all, functions}}, in the order in which the program does them."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "scratch").mkdir(parents=True)
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/profile", "--toggle-collect=run_counted",
               "--dump-after=run_counted", str(program), str(folder / "scratch")]
    done = subprocess.run(command, env=PINNED, capture_output=True, text=True)
    if done.returncode == 4:
        require.skip("valgrind", done.stderr.strip())
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    counted = {}
    for part, name in enumerate(done.stdout.splitlines(), 1):
        costs = profile_file.read_costs((folder / f"profile.{part}").read_text())
        counted[name] = {"own": profile_file.of_object(costs, Path(program).name), "all": sum(costs.values()),
                         "functions": profile_file.largest(costs, Path(program).name, 3)}
    return counted


def compare(committed, counted):
    """What is to be said of each path that is not as it was, one text for each."""
    complaints = []
    for name in sorted(committed.keys() | counted.keys()):
        if name not in counted or name not in committed:
            complaints.append(f"{name}: {'not counted any more' if name in committed else 'not in counts.json yet'}")
            continue
        for kind, words in (("own", "of our own functions"), ("all", "with those of libraries")):
            was, now = committed[name][kind], counted[name][kind]
            if abs(now - was) > TOLERANCE * was:
                complaints.append(f"{name}: {now:,} instructions {words}, {now / was - 1:+.1%} of {was:,}")
    return complaints


def advice(counted, complaints, folder):
    lines = ["", "Our own functions that cost most, of each path that is not as it was (callgrind_annotate FILE shows all):"]
    for part, (name, numbers) in enumerate(counted.items(), 1):
        if not any(text.startswith(name + ":") for text in complaints):
            continue
        lines.append(f"  {name} ({folder}/profile.{part})")
        lines += [f"    {cost:>12,}  {function[:120]}" for function, cost in numbers["functions"]]
    return "\n".join([*lines, "", "What to do:",
                      "- More, and not meant: find it in the profile. A build of the commit before gives the profile to compare with.",
                      "- Meant, or fewer: " + UPDATE + " writes counts.json anew; commit it with the reason.",
                      "- Only the sum with libraries has changed, and this commit calls none of them otherwise: a library was updated; "
                      "the same."])


def described(options):
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True).stdout.strip()
    return {"compiler": options.compiler, "torch": options.torch, "valgrind": re.sub(r"^valgrind-", "", valgrind)}


def of_build(build):
    """Compiler and libtorch of a build folder: what counts depend on, and what CMake knows."""
    text = (build / "instructions-of.txt").read_text().split("\n")
    return text[0], text[1]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", metavar="DIR")
    parser.add_argument("--update", action="store_true", help="write counts.json")
    options = parser.parse_args()
    program = options.build / "bench/instructions"
    if not program.exists():
        sys.exit(f"{program} is missing: script/build, with g++ and as Release")
    options.program = program
    options.compiler, options.torch = of_build(options.build / "bench")
    return options


def main():
    options = parse_options()
    if not shutil.which("valgrind"):
        require.skip("valgrind", "valgrind is not installed: script/bootstrap --peers installs it")
    made_with = described(options)
    committed = {} if options.update else json.loads(COUNTS.read_text())
    if not options.update and committed["made_with"] != made_with:
        require.skip("valgrind", f"counts.json was made with {committed['made_with']}, here are {made_with}. Where those are what "
                                 f"the project builds with from now on: {UPDATE}, before anything else is changed")
    folder = options.build / "instructions"
    counted = count(options.program, folder)
    if options.update:
        paths = {name: {kind: numbers[kind] for kind in ("own", "all")} for name, numbers in counted.items()}
        COUNTS.write_text(json.dumps({"made_with": made_with, "paths": paths}, indent=1) + "\n")
        print(f"{COUNTS}: {len(paths)} paths")
        return
    complaints = compare(committed["paths"], counted)
    for name, numbers in counted.items():
        print(f"{numbers['own']:>12,} {numbers['all']:>12,}  {name}")
    if complaints:
        sys.exit("\n".join(["", *complaints, advice(counted, complaints, folder)]))


if __name__ == "__main__":
    main()
