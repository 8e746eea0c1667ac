#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""processors_test.py DRIVER [SEED [COUNT]]: preprocessor_config.json in all its forms, against AutoImageProcessor.

Files are drawn, with every field in every form that transformers takes, and in some that it does not. Where both make
an image of them it must be the same image; a refusal must name the key that is the reason.
"""
import json
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import drawn  # noqa: E402
import require  # noqa: E402

with require.imports():
    import numpy
    import transformers
    from PIL import Image
    from transformers import AutoImageProcessor

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 600
IMAGE_SIZES = [(40, 56), (61, 30), (33, 33)]
CLASSES = ["ViT"] * 4 + ["DeiT"] * 2 + ["Bit"] * 2 + ["CLIP", "Siglip", "ChineseCLIP", "Blip", "Pvt", "Beit", "MobileNetV1"]
MODELS = ["vit", "vit", "deit", "dinov2", "vit_mae"]
# What zoetrope takes and transformers does not: a key that says nothing, since its step is off, may say anything.
STEPS = {"resample": "do_resize", "crop_size": "do_center_crop", "image_mean": "do_normalize", "image_std": "do_normalize",
         "rescale_factor": "do_rescale", "pad_size": "do_pad"}


def side(rng):
    return rng.randint(8, 70)


def odd_size(rng):
    n = side(rng)
    return rng.choice([None, float(n), [n], [n, n, 3], str(n), {}, {"height": n}, {"height": float(n), "width": float(n)}, 0,
                       {"longest_edge": n}, {"height": n, "width": n, "shortest_edge": n}, {"min_pixels": 9, "max_pixels": 900},
                       {"height": n, "width": None}, True])


def size(rng):
    n, m = side(rng), side(rng)
    if rng.random() < 0.05:
        return odd_size(rng)
    return rng.choice([n, n, [n, n], [n, m], {"height": n, "width": n}, {"height": n, "width": m}, {"shortest_edge": n}, {"shortest_edge": n}, {"shortest_edge": n, "longest_edge": n + rng.randint(0, 40)},
                       {"max_height": n, "max_width": m}])


def crop(rng):
    n = rng.randint(8, 40)
    return odd_size(rng) if rng.random() < 0.05 else rng.choice([n, [n, n], {"height": n, "width": n}, {"height": n, "width": n + 1}])


def flag(rng, likely):
    return rng.choice([likely] * 8 + [not likely] * 2 + [None, int(likely), 0, 1.0] + ["false"] * (rng.random() < 0.2))


def colour(rng, low):
    values = [round(rng.uniform(low, 1), 3) for _ in range(3)]
    forms = [values, values, values[0], [1, 0.5, low + 0.1]] * 4 + [1, None, values[:2], values[:1], str(values[0]), [None] * 3]
    return rng.choice(forms)


FIELDS = {
    "do_resize": lambda rng: flag(rng, True),
    "size": size,
    "default_to_square": lambda rng: rng.choice([True, False, None]),
    "use_square_size": lambda rng: rng.choice([True, False, None]),
    "resample": lambda rng: rng.choice([0, 1, 2, 2, 2, 3, 3, 3, 4, 5] * 3 + [None, -1, 2.0, "bicubic"]),
    "do_center_crop": lambda rng: flag(rng, True),
    "crop_size": crop,
    "do_rescale": lambda rng: flag(rng, True),
    "rescale_factor": lambda rng: rng.choice([1 / 255, 1 / 127.5, 0.00392156862745098, 1] * 4 + [None, "1/255"]),
    "do_normalize": lambda rng: flag(rng, True),
    "image_mean": lambda rng: colour(rng, 0),
    "image_std": lambda rng: colour(rng, 0.1),
    "do_pad": lambda rng: rng.choice([None, False, True]),
    "pad_size": lambda rng: rng.choice([None, None, {"height": 24, "width": 24}, 32]),
    "do_convert_rgb": lambda rng: rng.choice([None, True, False]),
    "data_format": lambda rng: rng.choice(["channels_first", "channels_last", None]),
    "input_data_format": lambda rng: rng.choice([None, "channels_first"]),
    "return_tensors": lambda rng: rng.choice([None, "pt"]),
    "device": lambda rng: rng.choice([None, "cpu"]),
    "disable_grouping": lambda rng: rng.choice([None, True]),
    "crop_pct": lambda rng: rng.choice([None, 0.9]),
    "processor_class": lambda rng: "CLIPProcessor",
}


def named(rng):
    """The keys that say which class it is."""
    name = rng.choice(CLASSES)
    form = rng.choice(["new"] * 6 + ["fast", "pil", "old", "both", "own code", "none", "none", "null", "unknown"])
    return {"new": {"image_processor_type": f"{name}ImageProcessor"},
            "fast": {"image_processor_type": f"{name}ImageProcessorFast"},
            "pil": {"image_processor_type": f"{name}ImageProcessorPil"},
            "old": {"feature_extractor_type": f"{name}FeatureExtractor"},
            "both": {"feature_extractor_type": "BeitFeatureExtractor", "image_processor_type": f"{name}ImageProcessor"},
            "own code": {"feature_extractor_type": f"{name}FeatureExtractor", "auto_map": {"AutoImageProcessor": "own.Processor"}},
            "none": {},
            "null": {"image_processor_type": None, "feature_extractor_type": f"{name}ImageProcessor"},
            "unknown": {"image_processor_type": rng.choice(["ConvNextImageProcessor", "MyImageProcessor", "EfficientNetImageProcessor"])},
            }[form]


def draw(rng):
    """A square in the end, mostly: nothing else is for a ViT."""
    keys = [key for key in FIELDS if rng.random() < 0.45]
    config = named(rng) | {key: FIELDS[key](rng) for key in keys}
    if rng.random() < 0.7:
        n = rng.randint(8, 40)
        square = rng.choice([n, [n, n], {"height": n, "width": n}])
        config |= {"do_center_crop": True, "crop_size": square} if rng.random() < 0.6 else {
            "do_center_crop": False, "size": rng.choice([[n, n], {"height": n, "width": n}])}
    return config


def write(rng, folder, config):
    """In preprocessor_config.json, or within the file of a processor that has other parts."""
    model = {"model_type": rng.choice(MODELS), "hidden_size": 32, "num_attention_heads": 4, "image_size": 32, "patch_size": 2}
    where = rng.choice(["alone"] * 6 + ["within", "beside"])
    files = {"config.json": model, "preprocessor_config.json": config}
    if where == "within":
        files |= {"processor_config.json": {"image_processor": config, "processor_class": "CLIPProcessor"},
                  "preprocessor_config.json": {"image_processor_type": "ViTImageProcessor", "size": 9}}
    if where == "beside":
        files["processor_config.json"] = {"processor_class": "CLIPProcessor", "size": 9}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return where, model["model_type"]


def theirs(folder, images):
    try:
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        arrays = [processor(image, return_tensors="np")["pixel_values"][0].astype(numpy.float32) for image in images]
    except Exception as error:
        return str(error) or type(error).__name__
    if any(array.ndim != 3 or array.shape[0] != 3 or not array.size or not numpy.isfinite(array).all() for array in arrays):
        return "no image of finite numbers"
    return arrays


class Ours:
    def __init__(self, driver, images, folder):
        pixels = [{"height": image.height, "width": image.width, "pixels": list(image.tobytes())} for image in images]
        (folder / "images.json").write_text(json.dumps(pixels))
        self.process = subprocess.Popen([driver, folder / "images.json", folder / "out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.answer("/nowhere")  # the file is there once it has answered
        self.out = open(folder / "out", "rb")

    def answer(self, folder):
        self.process.stdin.write(f"{folder}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def prepare(self, folder):
        answer = self.answer(folder)
        if "error" in answer:
            return answer["error"]
        return [numpy.frombuffer(self.out.read(4 * int(numpy.prod(shape))), numpy.float32).reshape(shape)[0] for shape in answer["shapes"]]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0, self.process.returncode


def is_silent(config, key):
    """Whether the step that a key belongs to is off, or may be."""
    return key in STEPS and not config.get(STEPS[key])


def compare(config, expected, found):
    """What is wrong, and the kind of outcome."""
    if isinstance(found, str):
        names_key = any(f'"{key}"' in found for key in [*config, "size", "crop_size", "image_processor_type"])
        wrong = None if names_key else "the refusal names no key"
        return wrong, "both refuse" if isinstance(expected, str) else "zoetrope alone refuses"
    if isinstance(expected, str):
        silent = any(is_silent(config, key) for key in config)
        return (None if silent else "transformers refuses"), "zoetrope alone reads"
    for one, other in zip(expected, found):
        if one.shape != other.shape:
            return f"shapes {one.shape} and {other.shape}", "both read"
        difference = numpy.abs(one - other).max() / max(1, numpy.abs(one).max())
        if difference > 1e-6:
            return f"differs by {difference:.2g}", "both read"
    return None, "both read"


def main():
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(60)
    rng = random.Random(SEED)
    noise = numpy.random.default_rng(SEED)
    images = [Image.fromarray(noise.integers(0, 256, (height, width, 3), numpy.uint8)) for height, width in IMAGE_SIZES]
    tally = drawn.Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = Ours(sys.argv[1], images, folder)
        for i in range(COUNT):
            case = folder / str(i)
            case.mkdir()
            config = draw(rng)
            where = write(rng, case, config)
            expected, found = theirs(case, images), ours.prepare(case)
            wrong, outcome = compare(config, expected, found)
            tally.add(outcome, found, wrong,
                      f"case {i}, {where}: {wrong}\n  {json.dumps(config)}\n  transformers: {str(expected)[:200]}\n  zoetrope: {str(found)[:300]}")
        ours.close()
    tally.end(SEED, COUNT)


if __name__ == "__main__":
    main()
