# SPDX-License-Identifier: Apache-2.0
"""Two sides in turn, and what the figures of both say of one another."""
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "TOKENIZERS_PARALLELISM": "false"}


class Failed(Exception):
    """A side did not do its work."""


def shown(command):
    """As one would type it in zoetrope's folder."""
    return shlex.join(str(word).replace(f"{ROOT}/", "") for word in command)


class Side:
    """Who does the work: start() once, get_ready() before any side has its turn, repeat() for each repetition, close() in the end."""

    def start(self, folder):
        pass

    def get_ready(self):
        pass

    def close(self):
        pass


@dataclass
class Worker(Side):
    """A process that answers each line of its input with a repetition, as bench/peers/fair.py does."""
    name: str
    command: list
    process: subprocess.Popen | None = field(default=None, repr=False)
    log: Path | None = None
    key: str = ""  # of the answer, where a process does the work of both sides in turn
    last: dict = field(default_factory=dict, repr=False)

    def start(self, folder):
        self.log = folder / f"{self.name.replace('/', ' ')}.log"
        with open(self.log, "w") as errors:
            self.process = subprocess.Popen([str(word) for word in self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, text=True, env=ENVIRONMENT, cwd=ROOT)

    def get_ready(self):
        """A repetition that does not count: what it imports and compiles is over before another side has its turn."""
        self.repeat()

    def repeat(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{shown(self.command)} ended with {self.process.wait()}:\n{self.log.read_text()[-3000:]}")
        self.last = json.loads(line)
        return self.last[self.key] if self.key else self.last

    def close(self):
        if self.process:
            with contextlib.suppress(BrokenPipeError):  # of a process that has ended
                self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()


@dataclass
class OtherSide(Side):
    """What a process that does the work of both sides has answered last, under another key."""
    name: str
    worker: Worker
    key: str

    @property
    def command(self):
        return self.worker.command

    def repeat(self):
        return self.worker.last[self.key]


@dataclass
class Program(Side):
    """A process for each repetition; `read` makes {seconds, items, answer} of its standard output."""
    name: str
    command: list
    read: Callable
    prepare: Callable = lambda: None

    def repeat(self):
        self.prepare()
        done = subprocess.run([str(word) for word in self.command], capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)
        if done.returncode != 0:
            raise Failed(f"{shown(self.command)} ended with {done.returncode}:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return self.read(done.stdout)


@dataclass
class Case:
    """`allowed`: how far answers may be apart, relative to ours."""
    name: str
    unit: str
    ours: Side
    peers: list
    allowed: float = 1e-4
    work: dict = field(default_factory=dict)  # of one item: {"flop": n}, {"memory_bytes": n} or {"disk_bytes": n}
    why: str = ""                             # it is below half of its limit


class OtherPrograms:
    """What takes cores beside us: cores() is how many of them on average since the start, by programs that are not this one's children
    and by the host of a virtual machine. Children count once they have been waited for."""

    def __init__(self):
        self.begin = self.now()

    @staticmethod
    def now():
        user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
        of_all = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        ours = os.times()
        return time.monotonic(), of_all - (ours.user + ours.system + ours.children_user + ours.children_system)

    def cores(self):
        (began, before), (ended, after) = self.begin, self.now()
        return max(0.0, after - before) / (ended - began)


def measure(case, repetitions, folder):
    """{side: {rates, answer, command}}: repetitions in turn, ours first in every other round."""
    sides = [case.ours, *case.peers]
    results = {side.name: [] for side in sides}
    others = OtherPrograms()
    try:
        for side in sides:
            side.start(folder)
        for side in sides:
            side.get_ready()
        for number in range(repetitions):
            is_in_order = number % 2 == 0 or any(isinstance(side, OtherSide) for side in sides)
            for side in sides if is_in_order else reversed(sides):
                results[side.name].append(side.repeat())
    finally:
        for side in sides:
            side.close()
    return {"case": case.name, "unit": case.unit, "others": others.cores(), "at": time.strftime("%H:%M"), "work": case.work, "why": case.why,
            "ours": summary(case.ours, results[case.ours.name]),
            "peers": [compared(case, peer, results) for peer in case.peers]}


def summary(side, results):
    rates = [result["items"] / result["seconds"] for result in results]
    return {"name": side.name, "command": shown(side.command), "rates": rates, "median": statistics.median(rates),
            "answer": results[-1].get("answer")}


def compared(case, peer, results):
    """The peer's summary, with how many times as fast ours is: the medians' ratio, and the ratio of each round."""
    ours, theirs = summary(case.ours, results[case.ours.name]), summary(peer, results[peer.name])
    rounds = sorted(here / there for here, there in zip(ours["rates"], theirs["rates"], strict=True))
    return theirs | {"ratio": ours["median"] / theirs["median"], "least": rounds[0], "most": rounds[-1],
                     "difference": difference(ours["answer"], theirs["answer"]), "allowed": case.allowed}


def difference(ours, theirs):
    """Relative to ours; infinite where one side has no answer: that shows nothing."""
    if ours is None or theirs is None:
        return float("inf")
    return abs(ours - theirs) / max(abs(ours), 1e-30)


def disagreements(figures):
    return [f"{figure['case']}: {peer['name']} answers {peer['answer']!r}, zoetrope {figure['ours']['answer']!r}, further apart than "
            f"{peer['allowed']:g}" for figure in figures for peer in figure["peers"] if not peer["difference"] <= peer["allowed"]]
