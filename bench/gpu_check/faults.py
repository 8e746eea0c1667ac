# SPDX-License-Identifier: Apache-2.0
"""Ranks that go while they train: the job ends in time, and says why."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from correctness import ONE_GPU

TIMEOUT = 10  # zoetrope's --timeout, seconds
IN_TIME = 30  # until the job is gone, on a busy machine
UNTIL_IT_TRAINS = 120

KILLED = f"a rank that is killed ends the job within {IN_TIME} s"
STOPPED = f"a rank that stands still is named, and ends the job within {IN_TIME} s"


def children(pid):
    """Process ids of the children of `pid`, by age."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(after_name[1]) == pid:
            found.append((int(after_name[19]), int(status.parent.name)))
    return [child for _, child in sorted(found)]


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def lose_a_rank(jobs, ranks, sent):
    """Trains, and sends the last rank a signal. Seconds until the job is gone, its exit code and what it said."""
    run = jobs.new_run()
    words = ["finetune", "--run", run, "--data", jobs.images(2000), "--device", jobs.device, "--max-steps", 1000000, "--save-steps",
             1000000, "--logging-steps", 1, "--timeout", TIMEOUT, "--no-progress", "--quiet"]
    job = subprocess.Popen(jobs.command("zoetrope", words, ranks), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           cwd=jobs.scratch)
    lost = None
    try:
        log = run / "log.csv"
        trains = wait_until(lambda: job.poll() is not None or log.exists() and log.read_text().count("\n") > 5, UNTIL_IT_TRAINS)
        if not trains or job.poll() is not None:
            return None, job.poll(), job.stderr.read() if job.poll() is not None else "it does not train"
        start = time.monotonic()
        lost = children(job.pid)[-1]
        os.kill(lost, sent)
        _, said = job.communicate(timeout=4 * IN_TIME)
        return time.monotonic() - start, job.returncode, said
    except subprocess.TimeoutExpired:
        return None, None, f"it still ran after {4 * IN_TIME} s"
    finally:
        for pid in (*children(job.pid), job.pid) if job.poll() is None else [lost] if lost else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def ranks_that_go(jobs, report, found):
    """One of the ranks killed, or stopped, in the middle of the training"""
    if found["ranks"] < 2:
        return [report.not_run(ONE_GPU, claim) for claim in (KILLED, STOPPED)]
    seconds, code, said = lose_a_rank(jobs, found["ranks"], signal.SIGKILL)
    report.answer(KILLED, seconds is not None and seconds < IN_TIME and code != 0, words_of(seconds, code, said))
    seconds, code, said = lose_a_rank(jobs, found["ranks"], signal.SIGSTOP)
    last = found["ranks"] - 1
    is_named = "it hangs: " in said and f"rank {last} (" in said
    report.answer(STOPPED, seconds is not None and seconds < IN_TIME and code == 4 and is_named, words_of(seconds, code, said))


def words_of(seconds, code, said):
    if seconds is None:
        return said.strip()[-300:]
    lines = [line for line in said.splitlines() if line.strip("- ")]
    first = next((line for line in lines if line.startswith("zoetrope: ")), lines[0] if lines else "")
    return f"{seconds:.1f} s, code {code}: {first[:200]}"


ranks_that_go.claims = (KILLED, STOPPED)
