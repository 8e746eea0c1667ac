# SPDX-License-Identifier: Apache-2.0
"""What this machine can do at best, measured in the same run: products of matrices, copies in memory, writing to the disk."""

import os
import statistics
import time

import torch

SIDE = 2048  # of matrices
COPY_BYTES = 256 << 20
FILE_BYTES = 128 << 20


def median_seconds(work, repetitions):
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def matrix_products(repetitions):
    """FLOP/s of a float32 product of all cores, by the faster of two libraries: MKL uses half of the vectors of a processor that is not
    Intel's."""
    a = torch.rand(SIDE, SIDE)
    out = torch.empty_like(a)
    products = [lambda: torch.mm(a, a, out=out)]
    if torch.backends.mkldnn.is_available():
        weight = torch.ops.mkldnn._reorder_linear_weight(a, SIDE)
        products.append(lambda: torch.ops.mkldnn._linear_pointwise(a, weight, None, "none", [], ""))
    for product in products:
        product()
    return 2 * SIDE**3 / min(median_seconds(product, repetitions) for product in products)


def memory_copies(repetitions):
    """Bytes read and written per second, by all cores, of arrays that no cache holds."""
    source = torch.ones(COPY_BYTES // 4)
    target = torch.empty_like(source)
    target.copy_(source)
    return 2 * COPY_BYTES / median_seconds(lambda: target.copy_(source), repetitions)


def disk_writes(folder, repetitions):
    """Bytes per second until they are on the disk."""
    block = os.urandom(FILE_BYTES)
    path = folder / "limit.bin"

    def write():
        with open(path, "wb") as file:
            file.write(block)
            os.fsync(file.fileno())

    seconds = median_seconds(write, repetitions)
    path.unlink()
    return FILE_BYTES / seconds


def measure(folder, repetitions):
    return {
        "flop": matrix_products(repetitions),
        "memory_bytes": memory_copies(repetitions),
        "disk_bytes": disk_writes(folder, repetitions),
    }


def best(measured):
    """Of measurements that were made again before each case: what else a machine does makes all of them lower."""
    return {kind: max(one[kind] for one in measured) for kind in measured[0]}


def share(figure, limits):
    """{limit: the part of it that zoetrope's rate takes}"""
    return {kind: figure["ours"]["median"] * amount / limits[kind] for kind, amount in figure["work"].items()}
