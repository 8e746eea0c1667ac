#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/start.png: what the pretrained start is worth, from two finished runs of the same options.

    build/zoetrope run --run A --epochs 1 --batch-size 64 --learning-rate 1e-3 --logging-steps 7 --save-steps 28
    build/zoetrope run --run B --model models/vit-small-28.json ...the same
    .venv/bin/python models/curves.py A B docs/start.png
"""

import csv
import sys
from pathlib import Path

import h5py
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

NAMES = ("pretrained", "random start")
STYLES = (dict(color="#0072b2"), dict(color="#d55e00", linestyle="--"))


def main(pretrained, random_start, picture):
    figure, (loss_axes, accuracy_axes) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    for run, name, style in zip((pretrained, random_start), NAMES, STYLES):
        with open(Path(run) / "log.csv") as file:
            lines = list(csv.DictReader(file))
        loss_axes.plot([int(line["step"]) for line in lines], [float(line["loss"]) for line in lines], label=name, **style)
        with h5py.File(Path(run) / "analysis.h5") as analysis:
            step, accuracy, knn = analysis["step"][:], analysis["accuracy"][:], analysis["knn_accuracy"][:]
        accuracy_axes.plot(step, 100 * accuracy, label=f"{name}, classifier", **style)
        accuracy_axes.plot(step, 100 * knn, label=f"{name}, nearest neighbours", alpha=0.4, **style)
        print(f"{name}: step 0 nearest neighbours {100 * knn[0]:.1f} %, "
              f"step {step[-1]} classifier {100 * accuracy[-1]:.1f} %")
    loss_axes.set(xlabel="step", ylabel="training loss", ylim=(0, None))
    accuracy_axes.set(xlabel="step", ylabel="test images right, %", ylim=(0, 100))
    for axes in (loss_axes, accuracy_axes):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(picture, dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
