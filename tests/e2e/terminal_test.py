# SPDX-License-Identifier: Apache-2.0
"""Names that command a terminal or forge lines, in every kind of file, on a real terminal and in a pipe: they are shown as text."""
import json
import os
import pty
import shutil
import subprocess
import unittest
import zlib
from pathlib import Path

import job

# An escape sequence that sets the title, colours, a forged line, C1's escape, DEL, a turn of direction; and what must stay.
HOSTILE = "x\x1b]0;title\x07\x1b[31m\nzoetrope: done\r\x9b2J\x7f\u202egif é漢🎞"
SHOWN = r"x\x1b]0;title\x07\x1b[31m\nzoetrope: done\r\u009b2J\x7f\u202egif é漢🎞"
# What run.ini can hold, too: without line breaks.
IN_A_LINE = HOSTILE.replace("\n", "").replace("\r", "")
IN_A_LINE_SHOWN = SHOWN.replace(r"\n", "").replace(r"\r", "")
NOT_UTF8 = os.fsdecode(b"latin \xe4\x9b1m")
NOT_UTF8_SHOWN = r"latin \xe4\x9b1m"

ALLOWED = {"\n"}


def png(colour):
    """One of 8x8 pixels, written by hand: the system's Python has no library for it."""
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    rows = 8 * (b"\0" + 8 * bytes(colour))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes([0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0])) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def in_a_terminal(words):
    """What the job shows on a terminal of its own, and its exit code."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(job.PROGRAM, list(map(os.fsencode, job.command(words))))
    shown = b"".join(job.read_terminal(terminal))
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    # The terminal's own carriage returns, the level's colours, and the bar's way to the line's begin.
    shown = shown.replace(b"\r\n", b"\n").replace(b"\r\x1b[K", b"\n")
    for colour in (b"\x1b[32m", b"\x1b[33m\x1b[1m", b"\x1b[31m\x1b[1m", b"\x1b[36m", b"\x1b[m"):
        shown = shown.replace(colour, b"")
    return shown.decode(), code


class Terminal(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def check(self, words, shown, code):
        """Runs it on a terminal and in a pipe; both show `shown`, and no control character."""
        in_pipe = subprocess.run(list(map(os.fsencode, job.command(words))), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
        for text, got in (in_a_terminal(words), (in_pipe.stdout.decode(), in_pipe.returncode)):
            self.assertEqual(got, code, text)
            commands = {c for c in text if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e}
            self.assertLessEqual(commands, ALLOWED, repr(text))
            self.assertNotIn("\nzoetrope: done", text)
            for part in shown:
                self.assertIn(part, text)

    def images(self, class_names, file_name="image{}.png"):
        folder = self.folder / f"images {IN_A_LINE}"
        for split in ("train", "test"):
            for c, name in enumerate(class_names):
                (folder / split / name).mkdir(parents=True)
                for i in range(4):
                    (folder / split / name / file_name.format(i)).write_bytes(png((80 * c, 60 * i, 100)))
        return folder

    def test_options_and_paths(self):
        self.check(["run", f"--{HOSTILE}", "1"], [SHOWN], 2)
        self.check([HOSTILE], [SHOWN], 2)
        self.check(["run", "--run", self.folder / "r", "--learning-rate", HOSTILE], [SHOWN], 2)
        self.check(["run", "--run", self.folder / "r", "--data", f"folder:{HOSTILE}"], [SHOWN], 2)
        self.check(["run", "--run", self.folder / "r", "--data", f"folder:{IN_A_LINE}"], [IN_A_LINE_SHOWN], 3)
        self.check(["run", "--run", self.folder / "r", "--data", f"idx:{NOT_UTF8}"], [NOT_UTF8_SHOWN], 3)
        self.check(["inspect", self.folder / HOSTILE], [SHOWN], 3)
        self.check(["inspect", self.folder / NOT_UTF8], [NOT_UTF8_SHOWN], 3)

    def test_option_files(self):
        config = self.folder / f"{NOT_UTF8}.ini"
        words = ["run", "--run", self.folder / "r", "--config", config]
        for line, code in ((f"{IN_A_LINE}=1\n", 3), (f"learning-rate={IN_A_LINE}\n", 3), (f"data=folder:{IN_A_LINE}\n", 3),
                           (f"layout={IN_A_LINE}\n", 2)):
            config.write_bytes(os.fsencode(line))
            self.check(words, [IN_A_LINE_SHOWN], code)
        run = self.folder / "r"
        run.mkdir(exist_ok=True)
        (run / "run.ini").write_bytes(os.fsencode(f"layout={IN_A_LINE}\n"))
        self.check(["run", "--run", run, "--check-options"], [IN_A_LINE_SHOWN], 2)

    def test_models(self):
        model = self.folder / HOSTILE
        shutil.copytree(job.GOLDEN / "vit-tiny", model)
        config = json.loads((model / "config.json").read_text())
        config["id2label"] = {str(i): f"{i} {HOSTILE}" for i in range(len(config["id2label"]))}
        config["label2id"] = {name: int(i) for i, name in config["id2label"].items()}
        (model / "config.json").write_text(json.dumps(config))
        self.check(["inspect", model], [f"0 {SHOWN}, 1 {SHOWN}", f"{SHOWN}: a Vision Transformer"], 0)
        self.check(["run", "--run", self.folder / "r", "--model", model], [SHOWN], 2)
        config["model_type"] = HOSTILE
        (model / "config.json").write_text(json.dumps(config))
        self.check(["inspect", model], [SHOWN], 3)

    def test_data_runs_and_results(self):
        names = [f"{c} {HOSTILE}" for c in "ab"]
        data = self.images(names, HOSTILE + "{}.png")
        broken = data / "test" / names[0] / f"broken {HOSTILE}.png"
        broken.write_bytes(b"no picture")
        run = self.folder / f"run {HOSTILE}"
        words = ["run", "--run", run, "--data", f"folder:{data}", "--model", job.GOLDEN / "vit-tiny/config.json", "--max-steps", "2",
                 "--save-steps", "1", "--logging-steps", "1", "--batch-size", "4", "--neighbours", "2", "--size", "960x540"]
        self.check(words, [f"broken {SHOWN}.png"], 3)
        self.check([*words, "--skip-bad-images"], [f"broken {SHOWN}.png", f"run {SHOWN}/animation.gif", "accuracy"], 0)
        self.check(["inspect", run], [f"run {SHOWN}: a run with 3 checkpoints", f"a {SHOWN}, b {SHOWN}"], 0)
        self.check(["inspect", run / "analysis.h5"], [f"a {SHOWN}, b {SHOWN}"], 0)
        self.check(["inspect", run / "checkpoint-1/embeddings.h5"], [f"run {SHOWN}/checkpoint-1/embeddings.h5: embeddings"], 0)
        # What machines read holds the names as they are.
        config = json.loads((run / "checkpoint-2/config.json").read_text())
        self.assertEqual(list(config["id2label"].values()), names)
        json.loads((run / "summary.json").read_text())
        self.assertEqual(len(job.log(run)), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
