#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times the article's work in Python (article.py) and in zoetrope, one after the other from the same initial model, and
checks that both computed the same. Prints a Markdown table; writes everything to OUT/result.json.

    bench/peers/run                                  one process of all cores against Python
    bench/peers/run --launch "mpirun -n 2"           two ranks
    bench/peers/run --repeat 3                       the fastest of three rounds, stage by stage
    bench/peers/run --smoke                          a minute: little work, to see that it works

A machine that is busy with something else gives noise: the load average before each side is recorded.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("train", "embed", "outliers", "pca", "align", "draw", "gif")

# A row of the table: its name, Python's stages, zoetrope's stages in summary.json, how many times as fast to be.
ROWS = (
    ("training", ("train",), ("training",), 2.5),
    ("embeddings", ("embed",), ("embedding",), 2.5),
    ("outlier scores", ("outliers",), ("outliers",), 10.0),
    ("PCA", ("pca",), ("pca",), None),
    ("whole analysis", ("outliers", "pca", "align"), ("analysis",), None),
    ("drawing and GIF", ("draw", "gif"), ("drawing", "animation"), 8.0),
    ("all of it", STAGES, ("training", "embedding", "analysis", "drawing", "animation"), None),
)
MEMORY_TARGET = 1.5 * 2**30


def run_python(options, folder):
    """article.py stage by stage: {stage: {seconds, peak_memory_bytes}}."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stages = {}
    work = flags(run=folder, data=options.data, steps=options.steps, save_steps=options.save_steps,
                 test_limit=options.test_limit)
    for stage in ("init", *STAGES):
        output = run([sys.executable, str(ROOT / "bench/peers/article.py"), stage, *work], folder / f"{stage}.log")
        stages[stage] = json.loads(output.splitlines()[-1])
        print(f"python {stage}: {stages[stage]['seconds']:.2f} s", file=sys.stderr)
    return stages


def run_zoetrope(options, folder, model):
    """One `zoetrope run` over the same work: its summary.json."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    work = flags(run=folder / "run", data=f"idx:{options.data}", model=model, max_steps=options.steps,
                 save_steps=options.save_steps, logging_steps=options.save_steps, batch_size=32,
                 test_limit=options.test_limit, layout="article", size="1600x1600", format="gif")
    command = [*shlex.split(options.launch), str(options.zoetrope), "run", *work, *shlex.split(options.zoetrope_args)]
    run(command, folder / "zoetrope.log")
    summary = json.loads((folder / "run/summary.json").read_text())
    for stage, entry in summary["stages"].items():
        print(f"zoetrope {stage}: {entry['seconds']:.2f} s", file=sys.stderr)
    return summary


def flags(**values):
    """{max_steps: 200} -> ["--max-steps", "200"]"""
    return [word for name, value in values.items() for word in ("--" + name.replace("_", "-"), str(value))]


def run(command, log):
    """The command's standard output; what it says on standard error goes to `log` and is shown when it fails."""
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    with open(log, "w") as errors:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)} ended with {done.returncode}:\n{log.read_text()[-3000:]}")
    return done.stdout


def fastest(rounds, seconds_of):
    """The least time of each stage over all rounds."""
    names = set().union(*(seconds_of(one).keys() for one in rounds))
    return {name: min(seconds_of(one)[name]["seconds"] for one in rounds if name in seconds_of(one))
            for name in names}


def compare(python, zoetrope):
    """The table's rows from {stage: seconds} of both sides."""
    rows = []
    for name, python_stages, zoetrope_stages, target in ROWS:
        there = sum(python[stage] for stage in python_stages)
        here = sum(zoetrope[stage] for stage in zoetrope_stages)
        verdict = "" if target is None else "PASS" if there >= target * here else "FAIL"
        rows.append({"stage": name, "python_seconds": there, "zoetrope_seconds": here,
                     "ratio": there / here if here > 0 else float("inf"), "target": target, "verdict": verdict})
    return rows


def print_table(rows, memory, results):
    print("| stage | Python s | zoetrope s | ratio | target | |\n| --- | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        target = "" if row["target"] is None else f"{row['target']:g}x"
        print(f"| {row['stage']} | {row['python_seconds']:.2f} | {row['zoetrope_seconds']:.2f} | "
              f"{row['ratio']:.1f}x | {target} | {row['verdict']} |")
    print(f"| peak memory, MiB | {memory['python'] / 2**20:.0f} | {memory['zoetrope'] / 2**20:.0f} a rank | | "
          f"< {MEMORY_TARGET / 2**20:.0f} | {memory['verdict']} |")
    print("\n| both compute the same | largest difference | allowed | |\n| --- | ---: | ---: | --- |")
    for check in results:
        print(f"| {check['what']} | {check['difference']:.1e} | {check['allowed']:.0e} | {check['verdict']} |")


def describe_machine(options):
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    packages = ("torch", "transformers", "cleanlab", "scikit-learn", "scipy", "matplotlib", "imageio", "numpy")
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    version = subprocess.run([str(options.zoetrope), "--version"], capture_output=True, text=True)
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "system": platform.platform(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": commit.stdout.strip(), "zoetrope": version.stdout.strip().splitlines(),
            "packages": {name: importlib.metadata.version(name) for name in packages}}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build/peers", metavar="DIR", help="what both sides write")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    parser.add_argument("--zoetrope", type=Path, default=ROOT / "build/zoetrope", metavar="PROGRAM")
    parser.add_argument("--launch", default="", help='what starts zoetrope, e.g. "mpirun -n 2 --bind-to none"')
    parser.add_argument("--zoetrope-args", default="", help="more options for zoetrope run")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--save-steps", type=int, default=20)
    parser.add_argument("--test-limit", type=int, default=10000, metavar="N", help="only the first N test images")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="rounds of both sides; the fastest counts")
    parser.add_argument("--smoke", action="store_true", help="10 steps, 1000 test images")
    options = parser.parse_args()
    if options.smoke:
        options.steps, options.save_steps, options.test_limit = 10, 5, 1000
    return options


def main():
    options = parse_options()
    python_folder, zoetrope_folder = options.out / "python", options.out / "zoetrope"
    rounds = []
    for _ in range(options.repeat):
        load = [os.getloadavg()[0]]
        python = run_python(options, python_folder)
        load.append(os.getloadavg()[0])
        zoetrope = run_zoetrope(options, zoetrope_folder, python_folder / "checkpoint-0")
        rounds.append({"python": python, "zoetrope": zoetrope, "load_before": load})

    rows = compare(fastest(rounds, lambda one: one["python"]), fastest(rounds, lambda one: one["zoetrope"]["stages"]))
    memory = {"python": max(entry["peak_memory_bytes"] for one in rounds for entry in one["python"].values()),
              "zoetrope": max(one["zoetrope"]["peak_memory_bytes"] for one in rounds)}
    memory["verdict"] = "PASS" if memory["zoetrope"] < MEMORY_TARGET else "FAIL"
    import checks  # only now: a child's peak memory starts at its parent's, and these libraries are large

    results = checks.check_all(python_folder, zoetrope_folder / "run")
    print_table(rows, memory, results)
    busiest = max(load for one in rounds for load in one["load_before"][:1])
    if busiest > 0.5:
        print(f"\nThe machine was busy beforehand (load average {busiest:.1f}): threads that wait for one another "
              "suffer most from that, so these numbers are noise.")
    result = {"machine": describe_machine(options), "launch": options.launch, "steps": options.steps, "rows": rows,
              "memory": memory, "checks": results, "rounds": rounds}
    (options.out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    if any(check["verdict"] == "FAIL" for check in results):
        sys.exit("the two sides do not compute the same: the times above compare different work")


if __name__ == "__main__":
    main()
