# SPDX-License-Identifier: Apache-2.0
"""Which room includes which, held against what src/CMakeLists.txt says it links."""
import re
from pathlib import Path

INCLUDE = re.compile(r'^\s*#include [<"]zoetrope/(\w+)/', re.MULTILINE)
PRIVATE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)
ROOM = re.compile(r"zoetrope_add_room\((\w+)([^)]*)\)")
SOURCES = {".cpp", ".hpp", ".cu"}


def allowed(cmake):
    """The rooms in the order of `cmake`, each with those that it links."""
    rooms = {}
    for name, words in ROOM.findall(cmake):
        linked = words.split("LIBS")[0].partition("ROOMS")[2]
        rooms[name] = set(linked.split()) - {"TORCH"}
    rooms["jobs"] = set(rooms)
    return rooms


def upward(rooms):
    """Links to a room that comes later in the list: each room links only those above it."""
    order = list(rooms)
    return [f"src/CMakeLists.txt: {name} links {other}, which comes after it"
            for name, linked in rooms.items() for other in linked if order.index(other) >= order.index(name)]


def foreign(files, rooms):
    """Includes that their rooms do not link. `files`: path below the root -> text."""
    found = []
    for path, text in files.items():
        parts = Path(path).parts
        room = {"src": parts[1], "include": parts[2] if len(parts) > 2 else ""}.get(parts[0], parts[0])
        for line, other in ((text[:m.start()].count("\n") + 1, m.group(1)) for m in INCLUDE.finditer(text)):
            if other != room and other not in rooms.get(room, set()):
                found.append(f"{path}:{line}: includes zoetrope/{other}/, which {room} does not link")
        for name in PRIVATE.findall(text):
            if "src/" in name or name.startswith("../../"):
                found.append(f"{path}: includes {name}: a room's private headers are its own")
    return found


def sources(root):
    return {str(path.relative_to(root)): path.read_text() for folder in ("src", "include", "jobs")
            for path in sorted((root / folder).rglob("*")) if path.suffix in SOURCES}
