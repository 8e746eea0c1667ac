#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""configs_test.py DRIVER [SEED [COUNT]]: config.json in all its forms, against AutoConfig and AutoModelForImageClassification.

Tiny models of random weights are saved by transformers, then some keys of their config.json are drawn anew, in every form
that transformers takes and in some that it does not. Where both read the folder, embeddings, logits and the classes' names
must be the same; a refusal must name the key that is the reason.
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
    import torch
    import transformers
    from safetensors.torch import load_file, save_file
    from transformers import AutoConfig, AutoModel, AutoModelForImageClassification
    from transformers.activations import ACT2FN

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 300
TOLERANCE = 1e-5
CLASSIFIERS = {"vit": "ViT", "vit_msn": "ViTMSN", "deit": "DeiT", "dinov2": "Dinov2", "dinov2_with_registers": "Dinov2WithRegisters"}
REFUSED_ACTIVATIONS = {"prelu", "xielu"}  # have parameters of their own
UNUSED = ["pooler.", "mask_token"]  # for embeddings and logits
# What transformers alone refuses: numbers without a point, and, for one class, a "problem_type" that counts in training.
FLOATS = ["layer_norm_eps", "initializer_range", "layerscale_value"]


def sizes(rng, family):
    """A model that is right, and small."""
    heads = rng.choice([1, 2, 4])
    patch = rng.choice([4, 5, 8])
    config = {"model_type": family, "architectures": [f"{CLASSIFIERS[family]}ForImageClassification"], "hidden_size": heads * rng.choice([4, 8, 12]), "num_attention_heads": heads, "num_hidden_layers": rng.choice([1, 2, 3]),
              "image_size": rng.choice([16, 17, 24]), "patch_size": patch, "hidden_act": rng.choice(["gelu", *sorted(ACT2FN.keys() - REFUSED_ACTIVATIONS)])}
    if family in ("vit", "vit_msn", "deit"):
        config["intermediate_size"] = rng.choice([8, 24, 32])
    else:
        config |= {"mlp_ratio": rng.choice([1, 2, 4]), "use_swiglu_ffn": rng.random() < 0.3}
    if family == "dinov2_with_registers":
        config["num_register_tokens"] = rng.choice([1, 2, 4])
    if family == "dinov2":
        config["use_mask_token"] = rng.random() < 0.5
    if rng.random() < 0.3:
        config["qkv_bias"] = rng.random() < 0.5
    if rng.random() < 0.4:
        config["layer_norm_eps"] = rng.choice([1e-3, 1e-6, 0.1, 1e-12])
    return config | labels(rng)


def labels(rng):
    """Some classes, and how they are named."""
    count = rng.choice([1, 2, 2, 3, 12])
    names = {str(i): f"class {i}" for i in range(count)}
    forms = [{"id2label": names}, {"id2label": names, "label2id": {name: int(i) for i, name in names.items()}}, {"num_labels": count},
             {"id2label": None, "num_labels": count}, {"id2label": {i: int(i) for i in names}}, {"id2label": names, "num_labels": count},
             {"id2label": names, "label2id": {"other": 0}}, {"id2label": {f"0{i}": name for i, name in names.items()}},
             {"id2label": dict(reversed(names.items()))}]
    return rng.choice(forms + [{}, {"label2id": {"a": 0, "b": 1}}, {"id2label": None, "label2id": None}])


def other_form(rng, config):
    """Another value for a key, which may say the same, something else or nothing that transformers takes."""
    side, patch, hidden = config["image_size"], config["patch_size"], config["hidden_size"]
    forms = {
        "image_size": [[side, side], [side, side + 8], float(side), [side], {"height": side, "width": side}, None, str(side), side * 2],
        "patch_size": [[patch, patch], [patch, patch - 1], float(patch), None, 99, [patch, float(patch)]],
        "hidden_size": [float(hidden), hidden * 2, None, str(hidden), [hidden]],
        "num_attention_heads": [1, 3, 2.0, None, 0],
        "head_dim": [hidden // config["num_attention_heads"], 3, None],
        "num_hidden_layers": [config["num_hidden_layers"] + 1, None, 1.5, True],
        "intermediate_size": [None, 32.0, 40],
        "mlp_ratio": [4.0, None, 2.5],
        "num_channels": [1, 4, 3.0, None],
        "hidden_act": [rng.choice(list(ACT2FN)), "nothing", None, 3],
        "layer_norm_eps": [0.01, 1, 0, None, "1e-6", -1e-6],
        "qkv_bias": [None, 1, 0, "true"],
        "use_swiglu_ffn": [None, 1],
        "use_mask_token": [None, True, False],
        "num_register_tokens": [None, 2.0, 7],
        "layerscale_value": [1, 0.5, None],
        "initializer_range": [0.1, 0, None],
        "hidden_dropout_prob": [0.1, 0, None, 1],
        "attention_probs_dropout_prob": [0.3, 0],
        "drop_path_rate": [0.2, 0],
        "id2label": [{}, ["a", "b"], {"x": "a"}, {"0": "a", "2": "b"}, {"0": "a", "1": None}, {str(i): "same" for i in range(2)}],
        "num_labels": [7, 2.0, "3", None, 2],
        "label2id": [None, {}, {"a": "0"}],
        "problem_type": [None, "single_label_classification", "multi_label_classification", "regression"],
        "dtype": [None, "float16", "bfloat16", "float32"],
        "torch_dtype": [None, "float16", "float32"],
        "_attn_implementation": ["eager", "sdpa"],
        "output_attentions": [True, False],
        "output_hidden_states": [True, False],
        "pooler_output_size": [None, 8, 0],
        "pooler_act": ["relu", "tanh"],
        "encoder_stride": [8, 16],
        "apply_layernorm": [False],
        "reshape_hidden_states": [False],
        "out_features": [None, ["stage1"]],
        "chunk_size_feed_forward": [0, 1],
        "architectures": [[], ["ViTModel"], ["ViTForImageClassification"]],
        "transformers_version": ["4.9.0", None],
        "is_decoder": [True],
        "per_layer_config": [None, {}, {"0": {"hidden_act": "relu"}}],
        "quantization_config": [None],
        "pruned_heads": [{}, {"0": [1]}],
        "auto_map": [{"AutoModelForImageClassification": "own.Model"}],
        "unheard_of": [7],
    }
    key = rng.choice(list(forms))
    return key, rng.choice(forms[key])


def save(rng, folder, config):
    """The model as it is, under the names that config.json had."""
    torch.manual_seed(rng.randrange(1 << 30))
    model = AutoModelForImageClassification.from_config(AutoConfig.for_model(**config))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape))
    if rng.random() < 0.15:
        model = model.base_model
    model.save_pretrained(folder)
    side = config["image_size"]
    save_file({"pixels": torch.randn(3, 3, side, side)}, folder / "pixels.safetensors")


def theirs(folder):
    pixels = load_file(folder / "pixels.safetensors")["pixels"]
    try:
        is_bare = not any("classifier" in name for name in load_file(folder / "model.safetensors"))
        kind = AutoModel if is_bare else AutoModelForImageClassification
        model, loading = kind.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
        names = loading["missing_keys"] | loading["unexpected_keys"] | loading["mismatched_keys"]
        if any(not any(unused in name for unused in UNUSED) for name in names):
            return f"does not load: {loading}"
        with torch.no_grad():
            answer = {"cls": model.eval().base_model(pixels, return_dict=True).last_hidden_state[:, 0]}
            if not is_bare:
                answer["logits"] = model(pixels, return_dict=True).logits
    except Exception as error:
        return str(error) or type(error).__name__
    if not all(values.isfinite().all() for values in answer.values()):
        return "no finite numbers"
    return answer | {"labels": [] if is_bare else [str(model.config.id2label.get(i)) for i in range(model.config.num_labels)]}


def ours(driver, folder):
    driver.stdin.write(f"{folder}\n")
    driver.stdin.flush()
    answer = json.loads(driver.stdout.readline())
    return answer["error"] if "error" in answer else load_file(folder / "ours.safetensors") | answer


def compare(config, expected, found):
    """What is wrong, and the kind of outcome."""
    if isinstance(found, str):
        names_key = any(f'"{key}"' in found for key in config) or "config.json asks for" in found or "is not one of a" in found
        return (None if names_key else "the refusal names no key"), "both refuse" if isinstance(expected, str) else "zoetrope alone refuses"
    if isinstance(expected, str):
        is_known = any(type(config.get(key)) is int for key in FLOATS) or "problem_type" in config
        return (None if is_known else "transformers refuses"), "zoetrope alone reads"
    if expected["labels"] != found["labels"]:
        return f"classes {expected['labels']} and {found['labels']}", "both read"
    for name in expected.keys() - {"labels"}:
        difference = (expected[name] - found[name]).abs().max() / max(1, expected[name].abs().max())
        if not difference < TOLERANCE:
            return f"{name} differ by {difference:.2g}", "both read"
    return None, "both read"


def main():
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(60)
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    rng = random.Random(SEED)
    driver = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    tally = drawn.Tally()
    with tempfile.TemporaryDirectory() as name:
        for i in range(COUNT):
            folder = Path(name) / str(i)
            config = sizes(rng, rng.choice(["vit", *CLASSIFIERS]))
            save(rng, folder, config)
            changes = dict(other_form(rng, config) for _ in range(rng.choice([0, 1, 1, 2])))
            config |= changes
            (folder / "config.json").write_text(json.dumps(config))
            expected, found = theirs(folder), ours(driver, folder)
            wrong, outcome = compare(config, expected, found)
            tally.add(outcome, found, wrong,
                      f"case {i}: {wrong}\n  {json.dumps(config)}\n  changed: {changes}\n  transformers: {str(expected)[:300]}\n  zoetrope: {str(found)[:300]}")
    driver.stdin.close()
    assert driver.wait() == 0, driver.returncode
    tally.end(SEED, COUNT)


if __name__ == "__main__":
    main()
