# SPDX-License-Identifier: Apache-2.0
"""Starts zoetrope as a user would, and compares what it wrote."""
import csv
import errno
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ["ZOETROPE"]
MPIRUN = shlex.split(os.environ["ZOETROPE_MPIRUN"])
GOLDEN = Path(os.environ["ZOETROPE_GOLDEN_DIR"])
# By what all limits of time are multiplied: a program built for a sanitizer takes several times as long.
SLOWER = float(os.environ.get("ZOETROPE_TEST_SLOWER", "1"))

# A run of a few seconds on real images: five checkpoints.
SMALL_TRAINING = ["--train-limit", "640", "--test-limit", "700", "--max-steps", "20", "--save-steps", "5", "--logging-steps", "5",
                  "--learning-rate", "1e-3"]
SMALL = [*SMALL_TRAINING, "--size", "960x540", "--tween", "1", "--no-progress"]


def command(words, ranks=1):
    launch = [] if ranks == 1 else [*MPIRUN, "-n", str(ranks)]
    return [*launch, PROGRAM, *map(str, words)]


def start(words, ranks=1):
    return subprocess.Popen(command(words, ranks), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(words, ranks=1, code=0, timeout=240):
    """Runs to the end; the exit code must be `code`. Returns (stdout, stderr)."""
    done = subprocess.run(command(words, ranks), capture_output=True, text=True, timeout=timeout * SLOWER)
    assert done.returncode == code, f"exit code {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr


def has_gpu():
    out, _ = run(["--version"])
    return out.splitlines()[-1] != "devices: CPU" and "no GPU" not in out


def log(folder):
    """The rows of log.csv, without the speed, as numbers."""
    with open(Path(folder) / "log.csv", newline="") as file:
        return [{key: float(value) for key, value in row.items() if key != "images_per_second"} for row in csv.DictReader(file)]


def checkpoints(folder):
    return sorted((path.name for path in Path(folder).glob("checkpoint-*")), key=lambda name: int(name.split("-")[1]))


def assert_same_hdf5(first, second, *options):
    """Every dataset and attribute equal, to the bit unless options of h5diff say otherwise."""
    if shutil.which("h5diff") is None:
        raise RuntimeError("h5diff is missing: apt-get install hdf5-tools")
    done = subprocess.run(["h5diff", *options, str(first), str(second)], capture_output=True, text=True)
    assert done.returncode == 0, f"{first} and {second} differ\n{done.stdout[:2000]}\n{done.stderr[:2000]}"


def assert_same_results(first, second):
    assert checkpoints(first) == checkpoints(second), f"{checkpoints(first)} and {checkpoints(second)}"
    for name in checkpoints(first):
        assert_same_hdf5(Path(first) / name / "embeddings.h5", Path(second) / name / "embeddings.h5")
    assert_same_hdf5(Path(first) / "analysis.h5", Path(second) / "analysis.h5")
    assert log(first) == log(second), "log.csv differs"


def digests(folder):
    """Of every file of a run, but for those in which jobs say what they are and how they ended."""
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and not path.name.startswith(".zoetrope") and path.name != "ended.ini"}


def assert_no_leftovers(folder):
    left = [str(path) for path in Path(folder).rglob("*")
            if path.name.endswith(".tmp") or "shard" in path.name or path.name.startswith(("resume-", "analysis.parts"))]
    assert not left, f"left behind: {left}"


def ranks_of(launcher):
    """The process ids of the ranks below an mpirun, in order of starting."""
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(launcher.pid)], capture_output=True, text=True).stdout
    return [int(pid) for pid in listing.split()]


def signal_ranks(launcher, number):
    for rank in ranks_of(launcher):
        os.kill(rank, number)


def wait_for(condition, process, seconds=120):
    deadline = time.monotonic() + seconds * SLOWER
    while not condition():
        assert process.poll() is None, f"the job ended too early with code {process.returncode}\n{process.stderr.read()}"
        assert time.monotonic() < deadline, "what the test waits for did not come"
        time.sleep(0.005)


def read_terminal(terminal):
    """What comes out of a pseudo-terminal, piece by piece, until the program at its other end has ended."""
    try:
        while read := os.read(terminal, 65536):
            yield read
    except OSError as error:
        if error.errno != errno.EIO:  # Linux' way of saying that the other side is closed
            raise
    os.close(terminal)


def kill_one_rank(process):
    """SIGKILL to the last rank; the job must end within a minute. Returns what it said on standard error."""
    os.kill(ranks_of(process)[-1], signal.SIGKILL)
    start = time.monotonic()
    _, errors = process.communicate(timeout=240 * SLOWER)
    seconds = time.monotonic() - start
    assert seconds < 60 * SLOWER, f"the job took {seconds:.1f} s to end"
    assert process.returncode != 0
    return errors


def scratch():
    return tempfile.TemporaryDirectory(prefix="zoetrope-test-", dir=os.getcwd())
