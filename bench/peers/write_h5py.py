#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of bench/store_bench with h5py: an array of embeddings, written until it is on the disk. As zoetrope does, under a temporary
name that becomes the file's own in the end. Answers each line of its input with one repetition, a line of JSON."""
import argparse
import json
import os
import sys
import time
from pathlib import Path

import h5py
import numpy as np


def write(folder, values):
    part = folder / "embeddings.part"
    with h5py.File(part, "w") as file:
        file["embeddings"] = values
        file.flush()
        os.fsync(file.id.get_vfd_handle())
    part.rename(folder / "embeddings.h5")
    directory = os.open(folder, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--columns", type=int, default=128)
    options = parser.parse_args()
    i = np.arange(options.rows * options.columns, dtype=np.uint64)
    values = ((37 * i + i * i) % 256).astype(np.float32).reshape(options.rows, options.columns)
    for _ in sys.stdin:
        began = time.perf_counter()
        write(options.folder, values)
        seconds = time.perf_counter() - began
        with h5py.File(options.folder / "embeddings.h5") as file:
            answer = float(file["embeddings"][:].sum(dtype=np.float64))
        print(json.dumps({"seconds": seconds, "items": options.rows, "answer": answer}), flush=True)


if __name__ == "__main__":
    main()
