#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drawing and the GIF alone, on the two runs that `bench/peers/run` left in --out: matplotlib and imageio against
`zoetrope render`, one after the other; then both GIFs of the very same pictures, against these pictures.

    .venv/bin/python bench/peers/pictures.py                     all cores
    .venv/bin/python bench/peers/pictures.py --core 0            both sides on core 0 alone
"""

import argparse
import json
import os
import sys
from pathlib import Path

import imageio.v2 as imageio
import numpy as np

from compare import ROOT, flags, run
from article import checkpoints


def python_seconds(options):
    total = {}
    for stage in ("draw", "gif"):
        command = [sys.executable, str(ROOT / "bench/peers/article.py"), stage,
                   *flags(run=options.out / "python", data=options.data, test_limit=options.test_limit)]
        total[stage] = json.loads(run(command, options.out / f"python/{stage}.log").splitlines()[-1])["seconds"]
    return total


def zoetrope_seconds(options):
    folder = options.out / "zoetrope"
    run([str(options.zoetrope), "render", "--run", str(folder / "run")], folder / "render.log")
    stages = json.loads((folder / "run/summary.json").read_text())["stages"]
    return {"draw": stages["drawing"]["seconds"], "gif": stages["animation"]["seconds"]}


def mean_error(gif, pictures):
    """Over all pixels and channels, of 255."""
    errors = [np.abs(shown[..., :3].astype(int) - picture).mean() for shown, picture in
              zip(imageio.mimread(gif, memtest=False), pictures, strict=True)]
    return np.mean(errors)


def compare_gifs(options):
    """Rows (encoder, mean error, bytes a frame) for the pictures that zoetrope drew."""
    pictures = [imageio.imread(folder / "frame.png") for folder in checkpoints(options.out / "zoetrope/run")]
    theirs, ours = options.out / "imageio.gif", options.out / "zoetrope/run/animation.gif"
    with imageio.get_writer(theirs, mode="I", loop=0) as writer:
        for picture in pictures:
            writer.append_data(picture)
    return [(name, mean_error(gif, pictures), gif.stat().st_size / len(pictures))
            for name, gif in (("imageio", theirs), ("zoetrope", ours))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build/peers", metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    parser.add_argument("--zoetrope", type=Path, default=ROOT / "build/zoetrope", metavar="PROGRAM")
    parser.add_argument("--test-limit", type=int, default=10000, metavar="N")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds; the fastest counts")
    parser.add_argument("--core", type=int, help="keeps both sides on this one core")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
        os.environ["OMP_NUM_THREADS"] = "1"
    rounds = [(python_seconds(options), zoetrope_seconds(options)) for _ in range(options.repeat)]

    frames = len(checkpoints(options.out / "zoetrope/run"))
    print("| | Python ms a frame | zoetrope ms a frame | |\n| --- | ---: | ---: | ---: |")
    for name, stages in (("drawing", ["draw"]), ("GIF", ["gif"]), ("both", ["draw", "gif"])):
        there, here = (min(sum(side[stage] for stage in stages) for side in sides) / frames * 1e3
                       for sides in zip(*rounds))
        print(f"| {name} | {there:.1f} | {here:.1f} | {there / here:.1f}x |")
    print("\n| GIF of the same frames | mean error, of 255 | KB a frame |\n| --- | ---: | ---: |")
    for name, error, size in compare_gifs(options):
        print(f"| {name} | {error:.3f} | {size / 1e3:.0f} |")


if __name__ == "__main__":
    main()
