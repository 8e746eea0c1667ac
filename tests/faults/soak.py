#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run of many checkpoints that is killed again and again: it ends as one that was not, and neither its memory nor its
open files grow with the checkpoints. By hand, before a release: ZOETROPE=build/zoetrope tests/faults/soak.py [CHECKPOINTS [KILLS]]"""
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("ZOETROPE_MPIRUN", "")
os.environ.setdefault("ZOETROPE_GOLDEN_DIR", "")
sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))
import job  # noqa: E402


def words(folder, checkpoints):
    return [os.path.abspath(job.PROGRAM), "run", "--run", folder, "--train-limit", "96", "--test-limit", "60", "--batch-size", "8",
            "--max-steps", str(checkpoints), "--save-steps", "1", "--logging-steps", "10", "--learning-rate", "1e-4", "--save", "in-situ",
            "--resume-every", "2", "--neighbours", "5", "--outliers", "4", "--size", "320x240", "--layout", "article", "--threads", "1",
            "--no-progress", "--quiet"]


def newest(folder):
    names = job.checkpoints(folder)
    return int(names[-1].split("-")[1]) if names else 0


def watch(process, folder, samples):
    """One look at the memory and the open files of a process that trains."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0])
        samples.append((newest(folder), memory / 1024, len(os.listdir(f"/proc/{process.pid}/fd"))))
    except (OSError, IndexError):
        pass  # it has ended


def run_with_kills(folder, checkpoints, kills, draw):
    """Kills at random checkpoints. Returns how many came in time."""
    done = 0
    for at in sorted(draw.sample(range(1, checkpoints), kills)):
        process = subprocess.Popen(words(folder, checkpoints))
        while newest(folder) < at and process.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.05))
        done += process.poll() is None
        process.kill()
        if process.wait() not in (-9, 0):
            sys.exit(f"code {process.returncode} at checkpoint {at}")
    subprocess.run(words(folder, checkpoints), check=True)
    return done


def main():
    checkpoints, kills = (int(word) for word in [*sys.argv[1:], *["500", "50"][len(sys.argv) - 1:]])
    seed = random.randrange(10**9)
    print(f"{checkpoints} checkpoints, {kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="zoetrope-soak-") as scratch:
        whole, killed, samples = Path(scratch) / "whole", Path(scratch) / "killed", []
        process = subprocess.Popen(words(whole, checkpoints))
        while process.poll() is None:
            watch(process, whole, samples)
            time.sleep(0.2)
        if process.returncode != 0:
            sys.exit(f"code {process.returncode}")
        done = run_with_kills(killed, checkpoints, kills, random.Random(seed))
        job.assert_same_results(whole, killed)
        job.assert_no_leftovers(killed)
    training = [sample for sample in samples if 0 < sample[0] < checkpoints]
    halves = [[s for s in training if s[0] < checkpoints / 2], [s for s in training if s[0] >= checkpoints / 2]]
    memory = [statistics.median(s[1] for s in half) for half in halves]
    files = [max(s[2] for s in half) for half in halves]
    print(f"{done} kills in time, no difference; memory {memory[0]:.0f} MiB in the first half, {memory[1]:.0f} MiB in the second; "
          f"at most {files[0]} and {files[1]} open files")
    if memory[1] > memory[0] * 1.05 + 4 or files[1] > files[0] + 2:
        sys.exit("they grow")


if __name__ == "__main__":
    main()
