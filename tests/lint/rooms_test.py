# SPDX-License-Identifier: Apache-2.0
"""Data flows one way: no room includes, in a source or a header, what it does not link. And docs/architecture.md shows the
rooms that there are."""
import re
import sys
import unittest
from pathlib import Path

import rooms

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import make_architecture  # noqa: E402


class Rooms(unittest.TestCase):
    def setUp(self):
        self.rooms = rooms.allowed((ROOT / "src/CMakeLists.txt").read_text())

    def test_every_folder_is_a_room(self):
        folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
        self.assertEqual(folders | {"jobs"}, set(self.rooms))

    def test_rooms_link_only_rooms_above_them(self):
        self.assertEqual(rooms.upward(self.rooms), [])

    def test_includes_follow_the_links(self):
        self.assertEqual(rooms.foreign(rooms.sources(ROOT), self.rooms), [])

    def test_an_arrow_that_should_not_be_there_is_found(self):
        text = "// numbers in, numbers out\n#include \"zoetrope/comm/world.hpp\"\n"
        for path in "src/analysis/pca.cpp", "include/zoetrope/analysis/frame.hpp":
            self.assertEqual(rooms.foreign({path: text}, self.rooms),
                             [f"{path}:2: includes zoetrope/comm/, which analysis does not link"])
        self.assertEqual(len(rooms.upward({"support": {"comm"}, "comm": set()})), 1)

    def test_the_architecture_shows_these_rooms(self):
        self.assertEqual(make_architecture.drawn(make_architecture.PICTURE.read_text()),
                         make_architecture.edges((ROOT / "src/CMakeLists.txt").read_text()),
                         "draw it again: docs/make_architecture.py")
        described = re.findall(r"^\*\*(\w+)\*\* is ", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
        self.assertEqual(described, list(self.rooms))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    unittest.main()
