# SPDX-License-Identifier: Apache-2.0
"""A signal in the middle of any stage is heard within seconds, and the second attempt gives what an undisturbed one gives."""
import json
import os
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time
import unittest
import unittest.mock
import zlib
from pathlib import Path

import job

# What a stage may go on for after the signal, however long it would take; on a machine that does other things, too, a
# part of what it took undisturbed.
SECONDS = 12  # less than 5 on an idle machine
PART = 0.3
# Stages take 1 to 5 s on an idle machine, less on a fast one; below this, the signal could come after the end.
SHORTEST = 0.4


def drawn_of(choices):
    """One of them, drawn anew each time, or all with ZOETROPE_FAULTS=all."""
    return choices if os.environ.get("ZOETROPE_FAULTS") == "all" else [random.choice(choices)]


def some_ranks():
    """With how many ranks a stage is tried."""
    return drawn_of((1, 2))


def write_idx(path, shape, values):
    path.write_bytes(struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + bytes(values))


def write_images(folder, num_train, num_test, side):
    """Images of noise in the format of MNIST."""
    folder.mkdir()
    noise = random.Random(1)
    for name, count in (("train", num_train), ("t10k", num_test)):
        write_idx(folder / f"{name}-images-idx3-ubyte", (count, side, side), noise.randbytes(count * side * side))
        write_idx(folder / f"{name}-labels-idx1-ubyte", (count,), [i % 10 for i in range(count)])


def write_png(path, side, phase):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((x * y + phase * x) & 0xff for x in range(3 * side)) for y in range(side))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def write_folder(folder, count, side):
    """Many images: a few files by many names."""
    for split in ("train", "test"):
        for kind in range(2):
            images = folder / split / str(kind)
            images.mkdir(parents=True)
            for i in range(10):
                write_png(images / f"{i}.png", side, 1 + i + 10 * kind)
            for i in range(10, count if split == "test" else 10):
                os.link(images / f"{i % 10}.png", images / f"{i}.png")


def write_model(path, **values):
    path.write_text(json.dumps({"model_type": "vit", **values}))
    return path


class Stops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = job.scratch()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Path(cls.folder.name)
        write_images(cls.root / "images", 100, 15000, 8)
        write_images(cls.root / "few", 100, 1500, 8)
        cls.tiny = write_model(cls.root / "tiny.json", hidden_size=64, num_hidden_layers=1, num_attention_heads=1,
                               intermediate_size=64, image_size=8, patch_size=8)
        cls.large = write_model(cls.root / "large.json", hidden_size=384, num_hidden_layers=4, num_attention_heads=6,
                                intermediate_size=1536)
        # Of many images, and of many frames.
        cls.images = ["--data", f"idx:{cls.root / 'images'}"]
        cls.trained = cls.train("trained", *cls.images, "--model", cls.tiny, "--max-steps", "2", "--save-steps", "1", "--batch-size", "50")
        cls.few = ["--data", f"idx:{cls.root / 'few'}"]
        cls.long = cls.train("long", *cls.few, "--model", cls.tiny, "--max-steps", "60", "--save-steps", "1",
                             "--batch-size", "50")
        cls.embedded = cls.copy("embedded", cls.trained)
        job.run(["extract", "--run", cls.embedded])
        cls.analysed = cls.copy("analysed", cls.long)
        job.run(["extract", "--run", cls.analysed])
        job.run(["analyze", "--run", cls.analysed])
        cls.reviewed = cls.copy("reviewed", cls.embedded)
        job.run(["analyze", "--run", cls.reviewed], timeout=600)

    @classmethod
    def train(cls, name, *words):
        job.run(["finetune", "--run", cls.root / name, "--no-progress", *words])
        return cls.root / name

    @classmethod
    def copy(cls, name, original):
        shutil.copytree(original, cls.root / name)
        return cls.root / name

    def call(self, words, ranks, signalled_after=None, code=0):
        """Runs to the end. A signal comes `signalled_after` seconds after the stage's line. Returns when that line came
        and when the end was, or how long it took to end after the signal."""
        process = job.start([*words, "--log-level", "debug", "--no-progress"], ranks)
        found = threading.Event()
        lines = []

        def read():
            for line in process.stderr:
                lines.append(line)
                if self.stage in line:
                    found.set()
        reader = threading.Thread(target=read)
        reader.start()
        while not found.wait(0.05) and process.poll() is None:
            pass
        self.assertTrue(found.is_set(), f"there is no stage {self.stage}\n{''.join(lines)}")
        begin = time.monotonic()
        if signalled_after is not None:
            time.sleep(signalled_after)
            self.assertIsNone(process.poll(), "the signal comes too late to test anything")
            begin = time.monotonic()
            os.kill(process.pid if ranks == 1 else job.ranks_of(process)[-1], signal.SIGUSR1)
        process.wait(600 * job.SLOWER)
        seconds = time.monotonic() - begin
        reader.join()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.returncode, code, "".join(lines))
        return seconds

    def stop_in(self, stage, words, start, compare, ranks=1):
        """`words` is a job that comes to `stage`, which is the last of it that takes long, in a copy of the run `start`."""
        self.stage = stage
        self.num_calls = getattr(self, "num_calls", 0) + 1
        name = f"{self._testMethodName}-{self.num_calls}"
        runs = [self.root / f"{name}-{i}" for i in range(2)]
        for run in runs:
            if start is not None:
                shutil.copytree(start, run)
        undisturbed = self.call([words[0], "--run", runs[0], *words[1:]], ranks)
        self.assertGreater(undisturbed, SHORTEST, "the stage is too short for a signal in its middle")
        seconds = self.call([words[0], "--run", runs[1], *words[1:]], ranks, signalled_after=min(0.25 * undisturbed, 0.5), code=75)
        print(f"{name}, {ranks} ranks: {undisturbed:.1f} s undisturbed, {seconds:.1f} s after the signal", flush=True)
        self.assertLess(seconds, max(SECONDS * job.SLOWER, PART * undisturbed))
        self.assertEqual([path.name for path in runs[1].rglob("*.tmp")], [])
        job.run([words[0], "--run", runs[1], *words[1:], "--no-progress"], ranks, timeout=600)
        compare(*runs)

    def stop_when_shown(self, words, pattern):
        """The signal comes as soon as the progress bar in a terminal shows `pattern`."""
        terminal, its_end = pty.openpty()
        process = subprocess.Popen(job.command(words), stdout=subprocess.DEVNULL, stderr=its_end)
        os.close(its_end)
        said, signalled = b"", False
        for read in job.read_terminal(terminal):
            said += read
            if not signalled and re.search(pattern, said):
                process.send_signal(signal.SIGUSR1)
                signalled = True
        self.assertEqual(process.wait(), 75, said.decode())

    @staticmethod
    def same_embeddings(first, second):
        for name in job.checkpoints(first):
            job.assert_same_hdf5(first / name / "embeddings.h5", second / name / "embeddings.h5")
        job.assert_no_leftovers(second)

    def same_files(self, *names):
        def compare(first, second):
            for name in names:
                for path in sorted(first.glob(name)):
                    other = second / path.relative_to(first)
                    self.assertEqual(path.read_bytes(), other.read_bytes(), name)
            job.assert_no_leftovers(second)
        return compare

    @staticmethod
    def same_analysis(first, second):
        job.assert_same_hdf5(first / "analysis.h5", second / "analysis.h5")
        job.assert_no_leftovers(second)

    def test_extraction_of_one_checkpoint(self):
        trained = self.train("large", *self.few, "--model", self.large, "--max-steps", "1", "--train-limit", "8", "--batch-size", "8",
                             "--test-limit", "96")
        for ranks in some_ranks():
            self.stop_in("embedding with checkpoint-", ["extract"], trained, self.same_embeddings, ranks)
        run = self.copy("kept", trained)
        self.stop_when_shown(["extract", "--run", run, "--test-limit", "600", "--threads", "1"], rb" [1-9][0-9]*/1,200 images")
        self.assertTrue(any(run.glob("checkpoint-0/embeddings.shard-*.h5")), "nothing is kept of what was embedded")

    def test_extraction_in_training(self):
        words = ["run", *self.few, "--model", self.large, "--max-steps", "1", "--train-limit", "8", "--batch-size", "8",
                 "--test-limit", "96", "--size", "640x360"]
        for ranks in some_ranks():
            self.stop_in("embedding with checkpoint-0", words, None, self.same_embeddings, ranks)

    def test_reading_of_one_model(self):
        trained = self.train("slow", *self.few, "--model", self.large, "--max-steps", "1", "--train-limit", "8", "--batch-size", "8",
                             "--test-limit", "50")
        mebibytes = (trained / "checkpoint-1/model.safetensors").stat().st_size / 2**20
        undisturbed = mebibytes  # slow_pread.cpp
        self.assertGreater(undisturbed, 2 * SECONDS)
        expected = self.copy("slow-expected", trained)
        job.run(["extract", "--run", expected])
        slow = {"LD_PRELOAD": os.environ["ZOETROPE_SLOW_PREAD"]}
        for ranks in some_ranks():
            run = self.copy(f"slow-{ranks}", trained)
            begun = self.root / f"slow-begun-{ranks}"
            for stage, words in (("embedding with checkpoint-", ["extract", "--run", run]),
                                 ("reading the model", ["finetune", "--run", begun, *self.few, "--model", trained / "checkpoint-1"])):
                self.stage = stage
                with unittest.mock.patch.dict(os.environ, slow):
                    seconds = self.call(words, ranks, signalled_after=1, code=75)
                print(f"{stage}, {ranks} ranks: {seconds:.1f} s after the signal", flush=True)
                self.assertLess(seconds, max(SECONDS * job.SLOWER, PART * undisturbed))
            job.run(["extract", "--run", run], ranks)
            self.same_embeddings(expected, run)

    def test_analysis_of_one_frame(self):
        for ranks in some_ranks():
            self.stop_in("analysing checkpoint-0", ["analyze", *self.images], self.embedded, self.same_analysis, ranks)

    def test_reading_of_many_images(self):
        folder = self.root / "folder"
        write_folder(folder, 900, 300)
        words = ["run", "--data", f"folder:{folder}", "--model", self.tiny, "--max-steps", "1", "--size", "640x360"]
        self.stop_in("reading test images", [*words, "--skip-bad-images"], None, self.same_analysis, 1)
        self.stop_in("reading test images", words, None, self.same_analysis, 2)

    def test_a_step_of_several_passes(self):
        words = ["finetune", *self.few, "--model", self.large, "--max-steps", "1", "--train-limit", "64", "--batch-size", "64",
                 "--micro-batch", "2"]
        for ranks in some_ranks():
            self.stop_in("training, step 1", words, None, self.same_files("checkpoint-*/model.safetensors"), ranks)

    def test_drawing(self):
        for ranks in some_ranks():
            self.stop_in("drawing frames", ["render", "--size", "2560x1440", "--tween", "0"], self.analysed,
                         self.same_files("*/frame.png"), ranks)

    def test_encoding(self):
        for animation, size in drawn_of((("gif", "1920x1080"), ("mp4", "1920x1080"), ("webp", "1280x720"))):
            self.stop_in(f"encoding the {animation}", ["render", "--size", size, "--format", animation], self.analysed,
                         self.same_files(f"animation.{animation}"))

    def test_review_and_its_exports(self):
        self.stop_in("writing the review page", ["review", "--export", "parquet,projector,npz,spotlight", *self.images], self.reviewed,
                     self.same_files("review.npz", "projector/*"))


if __name__ == "__main__":
    unittest.main()
