# SPDX-License-Identifier: Apache-2.0
"""The pictures that README.md shows are those that its commands make: of the demo's size, and with the demo's frames."""
import math
import re
import struct
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = 60000  # for training in Fashion-MNIST


def options(text):
    """"--name value" in a text, as a dictionary."""
    return dict(re.findall(r"--([a-z-]+) ([0-9.x]+)", text))


def sub_blocks(data, at):
    """Where what follows a GIF's sub-blocks begins."""
    while data[at]:
        at += data[at] + 1
    return at + 1


def read_gif(path):
    """Size, number of frames, and seconds from the first to the last."""
    data = path.read_bytes()
    size = struct.unpack("<HH", data[6:10])
    at = 13 + (3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0)
    frames, delays = 0, []
    while data[at] != 0x3B:
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                delays.append(struct.unpack("<H", data[at + 4:at + 6])[0] / 100)
            at = sub_blocks(data, at + 2)
        else:
            frames += 1
            flags = data[at + 9]
            at = sub_blocks(data, at + 11 + (3 * (2 << (flags & 7)) if flags & 0x80 else 0))
    return size, frames, sum(delays[:-1])


class Pictures(unittest.TestCase):
    def setUp(self):
        self.demo = options((ROOT / "script/demo").read_text().split("--short)")[0])
        self.readme = (ROOT / "README.md").read_text()

    def test_the_animation_is_the_demos(self):
        steps = math.ceil(float(self.demo["epochs"]) * IMAGES / int(self.demo["batch-size"]))
        checkpoints = 1 + math.ceil(steps / int(self.demo["save-steps"]))
        # As pipeline::timing_of() has it.
        fps = float(self.demo.get("fps", 20))
        tween = int(self.demo.get("tween", round(min(0.5, max(0.1, 8 / (checkpoints - 1))) * fps) - 1))
        frames = checkpoints + (checkpoints - 1) * tween
        size, count, seconds = read_gif(ROOT / "docs/demo.gif")
        self.assertEqual("{}x{}".format(*size), self.demo["size"])
        self.assertEqual(count, frames)
        self.assertAlmostEqual(seconds, (frames - 1) / fps, delta=0.05)
        self.assertTrue(8 <= seconds + 2 <= 12, seconds)  # with the last frame's rest
        self.assertLess((ROOT / "docs/demo.gif").stat().st_size, 8_000_000)
        self.assertIn("docs/demo.gif", self.readme)

    def test_the_frame_is_of_the_size_that_its_command_gives(self):
        header = (ROOT / "docs/frame.png").read_bytes()[16:24]
        command = re.search(r"`build/zoetrope render --run demo [^`]*`", self.readme)
        self.assertIsNotNone(command, "README.md says how docs/frame.png is made")
        self.assertEqual("{}x{}".format(*struct.unpack(">II", header)), options(command[0])["size"])


if __name__ == "__main__":
    unittest.main()
