#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/npy and corpus/parquet_arrays: small arrays as numpy and pyarrow write them. Run with .venv/bin/python."""
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CORPUS = Path(__file__).parent / "corpus/npy"
TABLES = Path(__file__).parent / "corpus/parquet_arrays"


def main():
    CORPUS.mkdir(parents=True, exist_ok=True)
    array = np.arange(6).reshape(3, 2) / 8
    for version in (1, 0), (2, 0), (3, 0):
        for dtype in "<f2", ">f4", "<f8":
            with open(CORPUS / f"{dtype[1:]}-{version[0]}.npy", "wb") as file:
                np.lib.format.write_array(file, np.asfortranarray(array.astype(dtype)) if dtype == ">f4" else array.astype(dtype), version=version)
    np.save(CORPUS / "structured.npy", np.zeros(1, [("a", "<f4"), ("b", "<i2")]))
    np.save(CORPUS / "object.npy", np.array([None]), allow_pickle=True)
    np.savez(CORPUS / "stored.npz", step_1=array, labels=np.arange(3))
    np.savez_compressed(CORPUS / "deflated.npz", **{"1": array, "step-2": array.astype("<f4")})
    TABLES.mkdir(parents=True, exist_ok=True)
    lists = {"lists": pa.array(array.tolist()), "large": pa.array(array.tolist(), pa.large_list(pa.float32())),
             "fixed": pa.FixedSizeListArray.from_arrays(pa.array(array.ravel().astype("f2")), 2)}
    for name, column in lists.items():
        pq.write_table(pa.table({"embedding_1": column, "label": pa.array([0, 1, 0])}), TABLES / name, compression="none", row_group_size=2)


if __name__ == "__main__":
    main()
