# SPDX-License-Identifier: Apache-2.0
"""The article's work as a whole, by bench/peers/run: medians of its rounds."""
import json
import statistics
import subprocess
import sys

from measure import ENVIRONMENT, ROOT, Failed, OtherPrograms, shown

ROUNDS = 3
# A row: its name, Python's stages, zoetrope's.
ROWS = (("training (Trainer)", ("train",), ("training",)), ("embeddings (AutoModel)", ("embed",), ("embedding",)),
        ("outlier scores (cleanlab)", ("outliers",), ("outliers",)),
        ("drawing and GIF (matplotlib, imageio)", ("draw", "gif"), ("drawing", "animation")),
        ("all of it", ("train", "embed", "outliers", "pca", "align", "draw", "gif"),
         ("training", "embedding", "analysis", "drawing", "animation")))


def measure(options):
    out = options.out / "scratch/article"
    command = [sys.executable, ROOT / "bench/peers/compare.py", "--repeat", ROUNDS, "--out", out, "--data", options.data,
               "--zoetrope", options.build / "zoetrope"]
    others = OtherPrograms()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)
    if done.returncode != 0:
        raise Failed(f"{shown(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return of_result(json.loads((out / "result.json").read_text())) | {"command": shown(command), "others": others.cores()}


def of_result(result):
    rows = []
    for name, theirs, ours in ROWS:
        there = [sum(one["python"][stage]["seconds"] for stage in theirs) for one in result["rounds"]]
        here = [sum(one["zoetrope"]["stages"][stage]["seconds"] for stage in ours) for one in result["rounds"]]
        ratios = sorted(a / b for a, b in zip(there, here, strict=True))
        rows.append({"stage": name, "python_seconds": statistics.median(there), "zoetrope_seconds": statistics.median(here),
                     "ratio": statistics.median(there) / statistics.median(here), "least": ratios[0], "most": ratios[-1]})
    return {"rows": rows, "checks": result["checks"], "rounds": len(result["rounds"])}
