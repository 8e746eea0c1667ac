# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of a training embedded by the program, beside the training."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from zoetrope import folder, gpu, program

# Of a checkpoint of Trainer's: what the program reads. The optimizer's state is most of the rest.
_SMALL = ("config.json", "preprocessor_config.json", "processor_config.json", "trainer_state.json", "adapter_config.json")
_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json", "adapter_model.safetensors")
_NICENESS = 10
_OF_THE_GPU = (2, 4)  # exit codes: the program has no CUDA or sees no GPU, or the GPU's memory was too little


_STARTED: "weakref.WeakSet[Extraction]" = weakref.WeakSet()


def cores() -> int:
    """What this process may use."""
    return len(os.sched_getaffinity(0))


def share_of_cores() -> int:
    """Threads for the program beside a training: a quarter."""
    return max(1, cores() // 4)


class Extraction:
    """A process of the program at a time, which embeds all checkpoints in the run that are not embedded yet.

    Checkpoints come as links, so that Trainer may delete its own (save_total_limit); their weights go once they are embedded.

    granted    the GPU that the next process may have; None: cores. Once one has failed there, all others have cores
    """

    granted: gpu.Gpu | None = None

    def __init__(self, run: Path, options: list[str], threads: int):
        self._run, self._options, self._threads, self._niceness = run, options, threads, _NICENESS
        self._lock = threading.Lock()
        self._asked = self._gpu_failed = False
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._interrupted: subprocess.Popen[str] | None = None
        self._said: list[str] = []
        _STARTED.add(self)
        atexit.register(self.stop)

    @staticmethod
    def end_all(run: Path) -> None:
        """Ends what this process still has at work in a run, such as for a training that was interrupted, and waits for that."""
        for extraction in [one for one in _STARTED if one._run.resolve() == run.resolve()]:
            extraction.stop()
            extraction.finish()

    def make(self, step: int, fill: Callable[[Path], object]) -> None:
        """Embeds a model that `fill` writes into the folder that it is given."""
        with folder.new_checkpoint(self._run, step) as part:
            fill(part)
        self._go()

    def take(self, step: int, checkpoint: Path) -> None:
        """Embeds a checkpoint. One that lies in the run already stays as it is."""
        if checkpoint.resolve().parent == self._run.resolve():
            self._go()
            return

        if not any(any(checkpoint.glob(pattern)) for pattern in _WEIGHTS):
            raise FileNotFoundError(f"{checkpoint} holds no model.safetensors, and is left out; of FSDP, set the state dict's type to "
                                    "FULL_STATE_DICT; of DeepSpeed, stage3_gather_16bit_weights_on_model_save")

        def link(part: Path) -> None:
            for pattern in (*_SMALL, *_WEIGHTS):
                for source in checkpoint.glob(pattern):
                    _link(source, part / source.name)

        self.make(step, link)

    def hurry(self) -> None:
        """The training is over: what is not embedded yet may have all cores."""
        with self._lock:
            self._threads, self._niceness = cores(), 0
            if self._thread is None:
                return
            self._asked, self._interrupted = True, self._process
        self._terminate()

    def finish(self) -> list[str]:
        """Waits until all is embedded. Returns what the program has said since it was last asked: warnings and errors."""
        thread = self._thread
        if thread is not None:
            thread.join()
        return self.said()

    def said(self) -> list[str]:
        with self._lock:
            said, self._said = self._said, []
        return list(dict.fromkeys(said))

    def stop(self) -> None:
        """Ends what is at work, without waiting for it."""
        with self._lock:
            self._asked = False
        self._terminate()

    def _terminate(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def _go(self) -> None:
        with self._lock:
            self._asked = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="zoetrope", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._thread = None
                    return
                self._asked = False
            try:
                said = self._extract()
                self._drop_weights()
            except Exception as problem:  # whatever it is, the training is to hear of it, and goes on
                said = [str(problem)]
            with self._lock:
                if self._process is None or self._process is not self._interrupted:
                    self._said += said

    def _extract(self) -> list[str]:
        with self._lock:
            chosen = None if self._gpu_failed else self.granted
            process = program.start(["extract", f"--run={self._run}", *self._options, *gpu.words(chosen), f"--threads={self._threads}"],
                                    gpu.environment(chosen))
            niceness, self._process = self._niceness, process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
        try:
            return program.finish(process, "extract")
        except program.ProgramError as problem:
            is_of_the_gpu = problem.code in _OF_THE_GPU or (problem.code < 0 and problem.code != -signal.SIGTERM)
            if chosen is None or process is self._interrupted or not is_of_the_gpu:
                raise
            with self._lock:  # said whatever becomes of the next process
                self._gpu_failed = True
                self._said.append(f"embedding on the GPU has failed ({problem}), and goes on on cores")
            return self._extract()

    def _drop_weights(self) -> None:
        """Of an earlier process's checkpoints, too."""
        mine = [checkpoint for checkpoint in folder.checkpoints(self._run).values() if folder.is_mine(checkpoint)]
        for checkpoint in (checkpoint for checkpoint in mine if (checkpoint / "embeddings.h5").exists()):
            for pattern in _WEIGHTS:
                for path in checkpoint.glob(pattern):
                    path.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the two lie on different file systems."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy(source, target)
