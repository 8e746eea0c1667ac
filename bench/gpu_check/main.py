# SPDX-License-Identifier: Apache-2.0
"""What zoetrope claims about GPUs, measured on the machine it is started on: one line per claim, PASS, FAIL or NOT RUN with
the reason, and all numbers in a JSON file.

    bench/gpu-check                     on all GPUs of this machine, about five minutes: script/build cuda comes first, or it is
                                        started from a bundle (script/bundle cuda)
    bench/gpu-check --nccl FILE         with another libnccl.so.2: on a machine of one GPU, one of 2.30 or newer lets ranks share
                                        it, so that what is claimed of ranks is checked, but for their speed
    bench/gpu-check --rehearse          the same commands with little work on CPU cores: shows that the script works, and
                                        claims nothing about GPUs

Exit codes: 0 every claim was run and holds; 1 a claim does not hold; 2 wrong usage; 77 no claim failed, but some could not
be run here (on a machine without a GPU: all of them).

What could be checked of CUDA graphs without a GPU is: that a step is the same code with tensors for all that changes, that
collectives are captured as CUDA and NCCL want it, and that a run whose steps are replayed equals one whose steps are not, on a
double of both (tests/comm/double). That libtorch's allocator, autograd and kernels can be captured, and that a replay is faster,
only this script shows.

PyTorch's side is bench/peers/ddp.py, for which script/bootstrap --peers installs the libraries; where they are not, it is not
measured. The rest needs no package of Python's.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import sys
import tempfile
import traceback
from pathlib import Path

import correctness
import faults
import speed
from jobs import JobFailed, Jobs
from report import Report

ROOT = Path(__file__).resolve().parents[2]


def main():
    options = parse()
    report = Report(rehearsal=options.rehearse)
    with tempfile.TemporaryDirectory(prefix="gpu-check-", dir=options.scratch) as scratch:
        jobs = Jobs(options, Path(scratch))
        found = look_around(jobs)
        print(f"{found['version']}\n{found['gpus']} GPU(s): {', '.join(found['names']) or found['why_none']}\n", flush=True)
        for part in (correctness.losses_and_embeddings, correctness.bf16, correctness.streaming, correctness.graph,
                     correctness.ranks, correctness.shared, faults.ranks_that_go, speed.all_reduce, speed.training,
                     speed.graph, speed.extraction, speed.whole_job):
            report.begin(part)
            if found["gpus"] == 0 and not options.rehearse:
                for claim in part.claims:
                    report.not_run(f"no GPU: {found['why_none']}", claim)
                continue
            try:
                part(jobs, report, found)
            except JobFailed as failure:
                report.failed(str(failure), part.claims)
            except Exception as error:  # one part's trouble must not hide the others' numbers
                traceback.print_exc()
                report.failed(f"{type(error).__name__}: {error}", part.claims)
    result = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "host": platform.node(),
              "machine": found, "rehearsal": options.rehearse, **report.as_json()}
    options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\n{report.summary()}; all numbers: {options.json}")
    return report.exit_code()


def look_around(jobs):
    """What `zoetrope --version` says of libraries and GPUs: the names behind "devices: CPU", or why there are none."""
    version = jobs.zoetrope(["--version"])
    last = version.splitlines()[-1]
    names = [name.strip() for name in last.removeprefix("devices: CPU").partition("(no GPU")[0].split(",") if name.strip()]
    why = last.partition("(no GPU: ")[2].rstrip(")") or "this zoetrope was built without CUDA; build the preset cuda"
    if jobs.rehearse:
        names = ["a CPU core"] * 2
    nccl = re.search(r"NCCL (\d+)\.(\d+)", version)
    jobs.shares_gpus = len(names) == 1 and nccl is not None and (int(nccl[1]), int(nccl[2])) >= (2, 30)
    return {"version": version.strip(), "gpus": len(names), "names": names, "why_none": why, "cores": os.cpu_count(),
            "ranks": 2 if jobs.shares_gpus else len(names)}


def parse():
    parser = argparse.ArgumentParser(prog="gpu-check", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rehearse", action="store_true", help="little work, on CPU cores")
    parser.add_argument("--build", type=Path, help="the folder of zoetrope; default: build/cuda, else build; in a bundle its bin")
    parser.add_argument("--json", type=Path, default=Path("gpu-check.json"), help="where the numbers go")
    parser.add_argument("--scratch", help="a folder for some GB of made-up images")
    parser.add_argument("--mpirun", type=shlex.split, help="how ranks are started; default: mpirun --bind-to none")
    parser.add_argument("--nccl", type=Path, help="a libnccl.so.2 to load in place of torch's: from 2.30 on ranks can share a GPU")
    parser.add_argument("--no-pytorch", action="store_true", help="leave out the comparison with PyTorch")
    options = parser.parse_args()
    places = [ROOT / "bin", ROOT / "build/cuda", ROOT / "build"]
    options.build = options.build or next((folder for folder in places if (folder / "zoetrope").exists()), ROOT / "build")
    options.build = options.build.resolve()  # commands run in a folder of their own
    if options.nccl and not options.nccl.is_file():
        parser.error(f"--nccl {options.nccl}: is no file: give the libnccl.so.2 itself")
    own = options.build / "mpirun"
    options.mpirun = options.mpirun or [own if own.exists() else "mpirun", "--bind-to", "none"]
    if not (options.build / "zoetrope").exists():
        parser.error(f"{options.build}/zoetrope is not there: run script/build cuda, or give --build")
    return options


if __name__ == "__main__":
    sys.exit(main())
