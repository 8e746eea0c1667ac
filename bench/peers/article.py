#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The article's work in Python, one stage a call, as its notebook does it with the same libraries.
Run by .venv/bin/python:

    article.py init     --run DIR           the model that both sides start from: DIR/checkpoint-0
    article.py train    --run DIR           Hugging Face Trainer
    article.py embed    --run DIR           AutoModel on every checkpoint
    article.py outliers --run DIR           cleanlab
    article.py pca      --run DIR           scikit-learn
    article.py align    --run DIR           SciPy's procrustes
    article.py draw     --run DIR           matplotlib
    article.py gif      --run DIR           imageio

Each prints one line of JSON: the seconds of the work itself (imports and start-up are left out) and the process's peak
memory. Where the notebook wastes time and a careful user would not, this does not either: no gradients while embedding,
arrays as .npy instead of pickled data frames, images from memory instead of PNG files.
"""

import argparse
import gzip
import json
import resource
import time
from pathlib import Path

import numpy as np

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
MODEL = dict(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512, image_size=28,
             patch_size=7, num_channels=3)


def read_images(folder, split):
    with gzip.open(folder / f"{split}-images-idx3-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)


def read_labels(folder, split):
    with gzip.open(folder / f"{split}-labels-idx1-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)


def checkpoints(run):
    return sorted(run.glob("checkpoint-*"), key=step_of)


def step_of(checkpoint):
    return int(checkpoint.name.split("-")[-1])


def init(options):
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(42)
    names = {str(index): name for index, name in enumerate(CLASSES)}
    config = ViTConfig(**MODEL, id2label=names, label2id={name: int(index) for index, name in names.items()})

    def work():
        ViTForImageClassification(config).save_pretrained(options.run / "checkpoint-0")
        ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(options.run / "checkpoint-0")

    return work


def train(options):
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification, Trainer, TrainingArguments

    images, labels = read_images(options.data, "train"), read_labels(options.data, "train")
    start = options.run / "checkpoint-0"

    def collate(indices):
        batch = processor([Image.fromarray(images[i]).convert("RGB") for i in indices], return_tensors="pt")
        batch["labels"] = torch_tensor(labels[indices])
        return batch

    def work():
        model = AutoModelForImageClassification.from_pretrained(start)
        args = TrainingArguments(output_dir=options.run, per_device_train_batch_size=32, max_steps=options.steps,
                                 save_steps=options.save_steps, logging_steps=options.save_steps, warmup_steps=0.1,
                                 remove_unused_columns=False, report_to="none", use_cpu=True, disable_tqdm=True)
        trainer = Trainer(model=model, args=args, train_dataset=range(len(images)), data_collator=collate,
                          processing_class=processor)
        trainer.train()
        history = [entry for entry in trainer.state.log_history if "loss" in entry]
        (options.run / "log.json").write_text(json.dumps(history))

    from torch import tensor as torch_tensor

    processor = AutoImageProcessor.from_pretrained(start)
    return work


def embed(options):
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModel

    images = [Image.fromarray(image) for image in read_images(options.data, "t10k")[: options.test_limit]]

    def work():
        for checkpoint in checkpoints(options.run):
            processor = AutoImageProcessor.from_pretrained(checkpoint)
            model = AutoModel.from_pretrained(checkpoint).eval()
            parts = []
            with torch.no_grad():
                for first in range(0, len(images), 24):
                    batch = [image.convert("RGB") for image in images[first : first + 24]]
                    inputs = processor(images=batch, return_tensors="pt")
                    parts.append(model(**inputs).last_hidden_state[:, 0].cpu())
            np.save(checkpoint / "embedding.npy", torch.cat(parts).numpy())

    return work


def outliers(options):
    from cleanlab.outlier import OutOfDistribution

    def work():
        for checkpoint in checkpoints(options.run):
            scores = OutOfDistribution().fit_score(features=np.load(checkpoint / "embedding.npy"), verbose=False)
            np.save(checkpoint / "scores.npy", scores)

    return work


def pca(options):
    from sklearn.decomposition import PCA

    def work():
        for checkpoint in checkpoints(options.run):
            points = PCA(n_components=2).fit_transform(np.load(checkpoint / "embedding.npy"))
            np.save(checkpoint / "pca.npy", points)

    return work


def align(options):
    from scipy.spatial import procrustes

    def work():
        shown = None
        for checkpoint in checkpoints(options.run):
            points = np.load(checkpoint / "pca.npy")
            _, points, _ = procrustes(points if shown is None else shown, points)
            shown = points * 5 / np.max(np.abs(points))
            np.save(checkpoint / "shown.npy", shown)

    return work


def draw_frame(figure, checkpoint, images, labels, history):
    figure.clf()
    above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": [5, 1], "hspace": 0.4})
    figure.suptitle(f"Fine Tuning Training Step {step_of(checkpoint)} of a Vision Transformer (ViT)")
    above.set_aspect("equal", adjustable="box")
    above.set(xlim=(-5, 5), ylim=(-5, 5), xlabel="pca 1", ylabel="pca 2", title="PCA of embedding space")
    points = np.load(checkpoint / "shown.npy")
    for label in range(len(CLASSES)):
        above.scatter(points[labels == label, 0], points[labels == label, 1])
    above.legend(labels=CLASSES, loc="upper right")

    epochs = np.array([entry["epoch"] for entry in history])
    losses = np.array([entry["loss"] for entry in history])
    losses[[entry["step"] > step_of(checkpoint) for entry in history]] = np.nan
    below.set(ylim=(0, 3), xlim=(0, epochs.max()), xlabel="step", ylabel="loss", title="Training loss")
    below.plot(epochs, losses, c="r")

    worst = np.argsort(np.load(checkpoint / "scores.npy"), kind="stable")[:8]
    for rank, index in enumerate(worst):
        axes = figure.add_axes([0.85, 0.87 - rank / 11, 0.06, 0.07], anchor="NE", zorder=1)
        axes.imshow(np.repeat(images[index][:, :, None], 3, axis=2))
        axes.axis("off")
        axes.set_aspect("equal", "box")
        axes.set_title(f"Outlier {rank} ({CLASSES[labels[index]]})")


def draw(options):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    images = read_images(options.data, "t10k")
    labels = read_labels(options.data, "t10k")[: options.test_limit]
    history = json.loads((options.run / "log.json").read_text())

    def work():
        figure = plt.figure(figsize=(8, 8), dpi=200)
        for checkpoint in checkpoints(options.run):
            draw_frame(figure, checkpoint, images, labels, history)
            figure.savefig(checkpoint / "frame.png")

    return work


def gif(options):
    import imageio.v2 as imageio

    def work():
        with imageio.get_writer(options.run / "animation.gif", mode="I", loop=0) as writer:
            for checkpoint in checkpoints(options.run):
                writer.append_data(imageio.imread(checkpoint / "frame.png")[10:-100, 110:-10])

    return work


STAGES = {stage.__name__: stage for stage in (init, train, embed, outliers, pca, align, draw, gif)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--save-steps", type=int, default=20)
    parser.add_argument("--test-limit", type=int, metavar="N", help="only the first N test images")
    options = parser.parse_args()
    work = STAGES[options.stage](options)
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"stage": options.stage, "seconds": seconds, "peak_memory_bytes": peak}))


if __name__ == "__main__":
    main()
