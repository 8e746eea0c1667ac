# SPDX-License-Identifier: Apache-2.0
"""`zoetrope demo`: a small ViT learns Fashion-MNIST, of which the package brings 3000 images, and one can watch."""

import sys
from pathlib import Path

from zoetrope import native

_WHOLE = Path("/usr/share/datasets/fashion-mnist")  # Debian's dataset-fashion-mnist
_DRAWN = ["--learning-rate=1e-3", "--batch-size=64", "--logging-steps=7", "--size=960x540", "--tween=1", "--fps=10"]
_USAGE = "usage: zoetrope demo [--run DIR]    writes DIR, ./demo when not given; its animation.gif and review.html are to look at"


def words(given: list[str]) -> list[str]:
    """What the program is to do. Ends this process where `given` is of no use."""
    if given in (["--help"], ["-h"]):
        print(_USAGE)
        sys.exit(0)
    if given and not (len(given) == 2 and given[0] == "--run"):
        print(_USAGE, file=sys.stderr)
        sys.exit(2)
    run = given[1] if given else "demo"
    whole = _WHOLE.is_dir()
    data = _WHOLE if whole else native.FOLDER / "share/zoetrope/fashion-mnist"
    size = ["--epochs=1", "--save-steps=28"] if whole else ["--epochs=5", "--save-steps=8"]
    return ["run", f"--run={run}", f"--data=idx:{data}", "--save=in-situ", *size, *_DRAWN]
