#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/architecture.svg: the rooms, and which links which, as src/CMakeLists.txt says.

    docs/make_architecture.py    needs graphviz (apt-get install graphviz)

tests/lint/rooms_test.py fails while the picture shows other rooms or arrows than src/CMakeLists.txt has.
"""
import html
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PICTURE = DOCS / "architecture.svg"
sys.path.insert(0, str(DOCS.parent / "tests/lint"))
import rooms  # noqa: E402

HOLDS = {
    "support": "errors, whole files, JSON, the log",
    "compute": "threads, GPUs, streams, CUDA graphs",
    "comm": "ranks, collectives, the watchdog",
    "store": "the files of a run directory",
    "image": "image files to pixels",
    "data": "data sets, labels, batches",
    "preprocess": "images to the model's input",
    "model": "the Vision Transformer",
    "train": "fine-tuning, checkpoints",
    "embed": "checkpoints to embeddings",
    "analysis": "outliers, PCA, alignment, curves",
    "render": "frames and animations",
    "review": "the page and the exports",
    "doctor": "is all there that a job needs",
    "pipeline": "the stages of a run",
    "jobs": "command line, main()",
}
STYLE = """  bgcolor=white; nodesep=0.3; ranksep=0.4; margin=0.1;
  node [shape=box, style="rounded,filled", color="#5b6b7b", fontname="Helvetica,Arial,sans-serif", fontsize=12,
        margin="0.16,0.09"];
  edge [color="#5b6b7b", arrowsize=0.7];"""
KNOWS_RANKS, ONE_PROCESS = "#d5e3f5", "#faf4e4"


def reduced(links):
    """The links that no chain of other links implies: the smallest set from which all of them follow."""
    def reach(room):
        return set().union(*({other} | reach(other) for other in links[room]))
    return {room: {other for other in linked if not any(other in reach(third) for third in linked - {other})}
            for room, linked in links.items()}


def edges(cmake):
    return {(room, other) for room, linked in reduced(rooms.allowed(cmake)).items() for other in linked}


def drawn(svg):
    """The arrows of a picture that was drawn from to_dot()."""
    titles = re.findall(r'class="edge">\s*<title>([^<]*)</title>', svg)
    return {tuple(html.unescape(title).split("->")) for title in titles}


def to_dot(cmake):
    lines = ["digraph rooms {", STYLE]
    for name, linked in rooms.allowed(cmake).items():
        colour = KNOWS_RANKS if name == "comm" or "comm" in linked else ONE_PROCESS
        label = f'<<b>{name}</b><br/><font point-size="10">{html.escape(HOLDS[name])}</font>>'
        lines.append(f'  {name} [label={label}, fillcolor="{colour}"];')
    lines += [f"  {room} -> {other};" for room, other in sorted(edges(cmake))]
    return "\n".join([*lines, "}"]) + "\n"


def main():
    source = to_dot((DOCS.parent / "src/CMakeLists.txt").read_text())
    try:
        svg = subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit("docs/make_architecture.py: dot is not installed: apt-get install graphviz")
    PICTURE.write_text(svg)


if __name__ == "__main__":
    main()
