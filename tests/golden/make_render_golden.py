#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/render/article.png: the article notebook's figure, drawn by matplotlib from data that
tests/render/article_test.cpp computes by the same formulas, shrunk from 1600x1600 by means over 5x5 pixels.

Run it again with: .venv/bin/python tests/golden/make_render_golden.py
"""
import json
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)

FOLDER = Path(__file__).parent / "render"
NAMES = ["cat", "dog", "ship"]
STEP = 100


def data():
    i = np.arange(600)
    label = i % 3
    angle = 2.399963 * i
    radius = 1.6 * np.sqrt(i / 600)
    centre = 2.0943951 * label
    points = np.stack([2.5 * np.cos(centre) + radius * np.cos(angle), 2.5 * np.sin(centre) + radius * np.sin(angle)], 1)
    return points, label


def draw(path):
    points, label = data()
    k = np.arange(1, 11)
    epoch, loss = k / 10, 0.3 + 2.3 * np.exp(-k / 4)

    fig = plt.figure(figsize=(8, 8), dpi=200)
    a0, a1 = fig.subplots(2, 1, gridspec_kw={"height_ratios": [5, 1], "hspace": 0.4})
    fig.suptitle(f"Fine Tuning Training Step {STEP} of a Vision Transformer (ViT)")
    a0.set_aspect("equal", adjustable="box")
    a0.set(xlim=(-5, 5), ylim=(-5, 5), xlabel="pca 1", ylabel="pca 2", title="PCA of embedding space")
    for c in range(3):
        a0.scatter(points[label == c, 0], points[label == c, 1])
    a0.legend(labels=NAMES, loc="upper right")
    # The notebook labels this axis "step" though it shows epochs.
    a1.set(ylim=(0, 3), xlim=(0, 1), xlabel="epoch", ylabel="loss", title="Training loss")
    a1.plot(epoch, np.where(20 * k <= STEP, loss, np.nan), c="r")
    y, x = np.mgrid[0:28, 0:28]
    for j in range(8):
        ax = fig.add_axes([0.85, 0.87 - j / 11, 0.06, 0.07], anchor="NE", zorder=1)
        ax.imshow(np.repeat(((9 * x + 7 * (j + 1) * y) % 256).astype(np.uint8)[:, :, None], 3, 2))
        ax.axis("off")
        ax.set_aspect("equal", "box")
        # The notebook's, 6 points above its image, nearly touches the image above it.
        ax.set_title(f"Outlier {j} ({NAMES[j % 3]})", pad=4)
    fig.savefig(path)


def main():
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "article.png"
    draw(path)
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(np.float64)
    small = pixels.reshape(320, 5, 320, 5, 3).mean((1, 3))
    Image.fromarray(np.round(small).astype(np.uint8)).save(path, optimize=True)
    (FOLDER / "versions.json").write_text(json.dumps({"matplotlib": matplotlib.__version__}, indent=1) + "\n")


if __name__ == "__main__":
    main()
