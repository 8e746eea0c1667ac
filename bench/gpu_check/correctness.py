# SPDX-License-Identifier: Apache-2.0
"""The same answers on GPUs as on the CPU, wherever the images lie, on any number of GPUs. Fashion-MNIST, or made-up images
where it is not there, and the built-in small model: in fp32, where differences are those of rounding alone, and in bf16, which
GPUs compute with kernels of their own."""

import functools
import math
import operator

from jobs import log

TRAIN_IMAGES, TEST_IMAGES = 2000, 1000
WORK = ["--train-limit", TRAIN_IMAGES, "--test-limit", TEST_IMAGES, "--max-steps", 20, "--save-steps", 10, "--logging-steps", 5,
        "--learning-rate", "1e-3", "--no-progress", "--quiet"]
NEIGHBOURS = 10
NO_FURTHER = 1.2  # roundings that are equally good differ by some per cent

LOSSES = "losses of 20 steps equal the CPU's to 1e-3"
EMBEDDINGS = "embeddings equal the CPU's to 1e-3 of the largest"
NEAREST = f"at least 99 % of the {NEIGHBOURS} nearest neighbours are the CPU's"
LOSSES_BF16 = "losses of 20 steps in bf16 equal the CPU's in fp32 to 5e-3"
EMBEDDINGS_BF16 = "embeddings in bf16 equal the CPU's in fp32 as well as the CPU's own in bf16 do"
STREAMED = "losses are the same to 1e-5 when images do not stay in memory"
ONE_GPU = "there is one GPU, and only NCCL 2.30 or newer lets ranks share it (--nccl FILE)"
GRAPH = "losses with --cuda-graph on equal those with off to 1e-4"
ALL_GPUS = "losses on all GPUs equal those on one to 1e-4"
SHARED = "losses of 2 and of 4 ranks that share a GPU equal one's to 1e-4"


def small_run(jobs, device, ranks=1, more=(), precision="fp32"):
    run = jobs.new_run()
    jobs.zoetrope(["finetune", "--run", run, "--data", jobs.images(TRAIN_IMAGES), "--device", device, "--precision", precision,
                   *WORK, *more], ranks)
    return run


@functools.cache
def run_on_cores(jobs):
    return small_run(jobs, "cpu")


def embed(jobs, run, device, precision="fp32"):
    """{step: rows}, of which nothing stays in the run."""
    jobs.zoetrope(["extract", "--run", run, "--device", device, "--precision", precision, "--quiet"])
    found = jobs.embeddings(run)
    for path in run.glob("checkpoint-*/embeddings.h5"):
        path.unlink()
    return found


def largest_loss_difference(first, second):
    pairs = list(zip(log(first), log(second), strict=True))
    assert pairs, "nothing was logged"
    return max(abs(a["loss"] - b["loss"]) / b["loss"] for a, b in pairs)


def unit(row):
    length = math.sqrt(sum(value * value for value in row))
    return [value / length for value in row]


def nearest(rows):
    """Indices of each row's nearest others by cosine: a set of NEIGHBOURS for each."""
    rows = [unit(row) for row in rows]
    similarity = [[-math.inf] * len(rows) for _ in rows]
    for i, row in enumerate(rows):
        for j in range(i):
            similarity[i][j] = similarity[j][i] = sum(map(operator.mul, row, rows[j]))
    return [set(sorted(range(len(rows)), key=each.__getitem__)[-NEIGHBOURS:]) for each in similarity]


def largest(rows):
    return max(abs(value) for row in rows for value in row)


def largest_difference(rows, others):
    return max(abs(a - b) for row, other in zip(rows, others, strict=True) for a, b in zip(row, other, strict=True))


def error(rows, exact):
    """Of all numbers together, as a part of the exact ones' length."""
    off = sum((a - b) ** 2 for row, other in zip(rows, exact, strict=True) for a, b in zip(row, other, strict=True))
    return math.sqrt(off / sum(value ** 2 for row in exact for value in row))


def losses_and_embeddings(jobs, report, found):
    """Losses, embeddings and neighbours: GPU against CPU"""
    on_gpu, on_cpu = small_run(jobs, jobs.device), run_on_cores(jobs)
    difference = largest_loss_difference(on_gpu, on_cpu)
    report.answer(LOSSES, difference < 1e-3, f"{difference:.1e}")

    by_gpu, by_cpu = embed(jobs, on_gpu, jobs.device), embed(jobs, on_gpu, "cpu")
    assert by_gpu.keys() == by_cpu.keys() and by_gpu
    difference = max(largest_difference(by_gpu[step], rows) / largest(rows) for step, rows in by_cpu.items())
    report.answer(EMBEDDINGS, difference < 1e-3, f"{difference:.1e}")
    last = max(by_cpu)
    shared = [len(a & b) for a, b in zip(nearest(by_gpu[last]), nearest(by_cpu[last]), strict=True)]
    overlap = sum(shared) / len(shared) / NEIGHBOURS
    report.answer(NEAREST, overlap >= 0.99, f"{overlap:.2%}")


def bf16(jobs, report, found):
    """Losses and embeddings in bf16: GPU against CPU"""
    on_gpu, on_cpu = small_run(jobs, jobs.device, precision="bf16"), run_on_cores(jobs)
    difference = largest_loss_difference(on_gpu, on_cpu)
    report.answer(LOSSES_BF16, difference < 5e-3, f"{difference:.1e}")

    exact = embed(jobs, on_cpu, "cpu")
    last = max(exact)
    by_gpu, by_cpu = (error(embed(jobs, on_cpu, device, "bf16")[last], exact[last]) for device in (jobs.device, "cpu"))
    report.answer(EMBEDDINGS_BF16, 0 < by_gpu <= NO_FURTHER * by_cpu, f"off by {by_gpu:.2%}, the CPU's by {by_cpu:.2%}")


def streaming(jobs, report, found):
    """Images kept on the device, and images sent to it batch by batch"""
    kept, sent = small_run(jobs, jobs.device), small_run(jobs, jobs.device, more=["--image-cache", 0])
    difference = largest_loss_difference(sent, kept)
    report.answer(STREAMED, difference < 1e-5, f"{difference:.1e}")


def graph(jobs, report, found):
    """Steps replayed as a CUDA graph, and steps that are not: by as many ranks as there can be"""
    on = "auto" if jobs.rehearse else "on"  # cores capture nothing, and refuse "on"
    replayed, plain = (small_run(jobs, jobs.device, found["ranks"], ["--cuda-graph", mode]) for mode in (on, "off"))
    difference = largest_loss_difference(replayed, plain)
    report.answer(GRAPH, difference < 1e-4, f"{difference:.1e} with {found['ranks']} rank(s)")


def ranks(jobs, report, found):
    """One GPU against all"""
    if found["gpus"] < 2:
        return report.not_run("there is one GPU", ALL_GPUS)
    alone, together = small_run(jobs, jobs.device), small_run(jobs, jobs.device, found["gpus"])
    difference = largest_loss_difference(together, alone)
    report.answer(ALL_GPUS, difference < 1e-4, f"{difference:.1e} on {found['gpus']}")


def shared(jobs, report, found):
    """Ranks that share a GPU, which NCCL can serve from 2.30 on: what is checked of ranks where there is one"""
    if found["gpus"] > 1:
        return  # each rank has its own
    if not jobs.shares_gpus:
        return report.not_run(ONE_GPU, SHARED)
    alone = small_run(jobs, jobs.device)
    difference = max(largest_loss_difference(small_run(jobs, jobs.device, ranks), alone) for ranks in (2, 4))
    report.answer(SHARED, difference < 1e-4, f"{difference:.1e}")


losses_and_embeddings.claims = (LOSSES, EMBEDDINGS, NEAREST)
bf16.claims = (LOSSES_BF16, EMBEDDINGS_BF16)
streaming.claims = (STREAMED,)
graph.claims = (GRAPH,)
ranks.claims = (ALL_GPUS,)
shared.claims = (SHARED,)
