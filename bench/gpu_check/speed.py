# SPDX-License-Identifier: Apache-2.0
"""Speed on one GPU and on all: ViT-B/16 in bf16, 224 x 224 images of noise. Rates are those that zoetrope logs itself,
reading images, optimizer and log included."""

import importlib.util
import json
import re
import statistics
import sys

from correctness import ONE_GPU
from jobs import log, stage

# Dense bf16 TFLOP/s without sparsity, from NVIDIA's data sheets.
PEAK_TFLOPS = {"H100 PCIe": 756, "H100 NVL": 835, "H100": 989, "H200": 989, "B200": 2250, "A100": 312, "L40S": 362, "L4": 121,
               "A10": 125}
TRAINING_MFU, EXTRACTION_MFU = 0.36, 0.44  # of an H100: 3,600 and 12,500 images/s of a ViT-B/16
VERSUS_PYTORCH, SCALING, EXPOSED = 1.0, 0.95, 0.05
START_SECONDS, WHOLE_JOB, WHOLE_JOB_IN_SITU = 4, 1.4, 1.25
PCA_SECONDS = 0.01
VERSUS_EAGER = 0.99  # no slower, but for noise

RIGHT_SUMS = "every all-reduce gave the right answer"
TRAINING = f"training uses at least {TRAINING_MFU:.0%} of the peak"
EXTRACTION = f"extraction uses at least {EXTRACTION_MFU:.0%} of the peak"
PYTORCH = f"training is at least {VERSUS_PYTORCH}x the fastest of PyTorch: transformers' ViT and a plain one, compiled"
JOB = f"a run takes at most {WHOLE_JOB}x its kernels' time and {START_SECONDS} s"
JOB_IN_SITU = f"a run with --save in-situ takes at most {WHOLE_JOB_IN_SITU}x its kernels' time and {START_SECONDS} s"
PCA = f"PCA of a frame takes at most {PCA_SECONDS} s"
EIGHT_GPUS = f"scaling efficiency at 8 GPUs is at least {SCALING:.0%}"
GRAPH = f"training with --cuda-graph on is at least {VERSUS_EAGER}x as fast as with off"
COMMUNICATION = f"exposed communication is below {EXPOSED:.0%} of a step"


class Size:
    """How much work, per GPU."""

    def __init__(self, rehearse):
        self.batch = 4 if rehearse else 128
        self.steps, self.every = (12, 2) if rehearse else (60, 10)
        self.train_images = 64 if rehearse else 4096
        self.test_images = (32, 64) if rehearse else (4096, 16384)


def peak_of(found):
    name = found["names"][0]
    return next((tflops * 1e12 for part, tflops in PEAK_TFLOPS.items() if part in name), None)


def all_reduce(jobs, report, found):
    """All-reduce: algbw = bytes / time, busbw = algbw 2 (n - 1) / n, as nccl-tests has them"""
    if found["ranks"] < 2:
        return report.not_run(ONE_GPU, RIGHT_SUMS)
    output = jobs.scratch / "comm.json"
    words = ["--device", jobs.device, "--json", output, *(["--smoke"] if jobs.rehearse else ["--max-bytes", 1 << 28])]
    jobs.program("comm_bench", words, found["ranks"])
    measured = json.loads(output.read_text())
    for row in measured["all_reduce"]:
        print(f"  {row['bytes']:>11} bytes {row['median_us']:>10.1f} us  algbw {row['algbw_gb_s']:8.2f} GB/s"
              f"  busbw {row['busbw_gb_s']:8.2f} GB/s")
    report.number("comm_bench", measured)
    largest = measured["all_reduce"][-1]
    if jobs.shares_gpus:
        return report.answer(RIGHT_SUMS, True, f"{found['ranks']} ranks; they share a GPU: their speed is not judged")
    report.answer(RIGHT_SUMS, True, f"{largest['busbw_gb_s']:.1f} GB/s busbw at {largest['bytes']} bytes")


def flops(jobs, kind):
    """Of one image, as `zoetrope inspect` counts them: what zoetrope computes."""
    return float(re.search(rf"{kind}\s+([\d.]+) GFLOP", jobs.zoetrope(["inspect", jobs.config]))[1]) * 1e9


def train(jobs, size, gpus, more=()):
    """Images per second over all GPUs: the median of log.csv's lines after the first third. Returns the run, too."""
    run = jobs.new_run()
    jobs.zoetrope(["finetune", "--run", run, "--data", jobs.made_up_images(size.train_images, jobs.model["image_size"]),
                   "--model", jobs.config, "--device", jobs.device, "--precision", "bf16", "--batch-size", size.batch * gpus,
                   "--max-steps", size.steps, "--logging-steps", size.every, "--save-steps", size.steps, "--no-progress",
                   "--quiet", *more], gpus)
    rates = [row["images_per_second"] for row in log(run) if row["step"] > size.steps / 3]
    return statistics.median(rates), run


def training(jobs, report, found):
    """Training: images per second, part of the peak, against PyTorch's DDP, scaling, exposed communication"""
    size = Size(jobs.rehearse)
    rates = {}
    for gpus in sorted({1, *(n for n in (2, 4, 8) if n <= found["gpus"]), found["gpus"]}):
        rates[gpus], _ = train(jobs, size, gpus)
        print(f"  {gpus} GPU(s): {rates[gpus]:.0f} images/s", flush=True)
    report.number("training_images_per_second", rates)
    claim_mfu(report, found, TRAINING, TRAINING_MFU, rates[1] * flops(jobs, "training"))
    claim_scaling(report, found, rates)
    compare_with_pytorch(jobs, report, found, size, rates)


def graph(jobs, report, found):
    """Training with a CUDA graph and without, on all GPUs"""
    size, gpus = Size(jobs.rehearse), found["gpus"]
    on = "auto" if jobs.rehearse else "on"  # cores capture nothing, and refuse "on"
    replayed, plain = (train(jobs, size, gpus, ["--cuda-graph", mode])[0] for mode in (on, "off"))
    report.number("training_images_per_second_cuda_graph", {"on": replayed, "off": plain})
    report.claim(GRAPH, replayed >= VERSUS_EAGER * plain, f"{replayed / plain:.2f}x ({replayed:.0f} against {plain:.0f} images/s)")


def claim_mfu(report, found, text, target, flops_per_second):
    peak = peak_of(found)
    if peak is None and not report.rehearsal:
        return report.not_run(f"the peak of {found['names'][0]} is not known: {flops_per_second / 1e12:.1f} TFLOP/s", text)
    part = flops_per_second / (peak or 1e12)
    report.number(text, part)
    report.claim(text, part >= target, f"{part:.1%}, {flops_per_second / 1e12:.2f} TFLOP/s")


def claim_scaling(report, found, rates):
    """As many images on every GPU whatever their number: what a step takes longer than on one is exposed communication."""
    if 8 in rates:
        efficiency = rates[8] / (8 * rates[1])
        report.claim(EIGHT_GPUS, efficiency >= SCALING, f"{efficiency:.1%}")
    else:
        report.not_run(f"there are {found['gpus']} GPU(s)", EIGHT_GPUS)
    most = max(rates)
    if most == 1:
        return report.not_run("there is one GPU", COMMUNICATION)
    part = max(0.0, 1 - rates[most] / (most * rates[1]))
    report.claim(COMMUNICATION, part < EXPOSED, f"{part:.1%} on {most} GPUs")


def compare_with_pytorch(jobs, report, found, size, rates):
    if jobs.options.no_pytorch:
        return report.not_run("--no-pytorch", PYTORCH)
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        return report.not_run(f"{sys.executable} has no {' and no '.join(missing)}", PYTORCH)
    gpus = found["gpus"]
    words = ["--device", jobs.device, "--gpus", gpus, "--batch", size.batch, "--steps", size.steps // 2,
             "--model", jobs.config]
    measured = {}
    for name, more in {"transformers": [], "packed": ["--packed"]}.items():
        for form in ("eager",) if jobs.rehearse else ("eager", "compiled"):
            rate = jobs.peer("ddp.py", [*words, *more, *(["--compile"] if form == "compiled" else [])])[0]["images_per_second"]
            measured[f"{name}, {form}"] = rate
            print(f"  PyTorch DDP, {name}, {form}, {gpus} GPU(s): {rate:.0f} images/s", flush=True)
    report.number("pytorch_images_per_second", measured)
    if jobs.rehearse:
        return report.not_run("a rehearsal compiles nothing", PYTORCH)
    best = max(measured, key=measured.get)
    report.claim(PYTORCH, rates[gpus] >= VERSUS_PYTORCH * measured[best],
                 f"{rates[gpus] / measured[best]:.2f}x ({rates[gpus]:.0f} against {measured[best]:.0f} images/s, {best})")


def extraction(jobs, report, found):
    """Extraction: images per second on one GPU, from what more images take longer"""
    size = Size(jobs.rehearse)
    few, many = size.test_images
    _, run = train(jobs, Size(rehearse=True), 1)  # two checkpoints
    seconds = {}
    for count in (few, many):
        jobs.zoetrope(["extract", "--run", run, "--data", jobs.made_up_images(many, jobs.model["image_size"]),
                       "--test-limit", count, "--device", jobs.device, "--precision", "bf16", "--quiet", "--no-progress"])
        measured = stage(run, "embedding")
        seconds[measured["items"]] = measured["seconds"]
    (less, quick), (more, slow) = sorted(seconds.items())
    if slow <= quick and not report.rehearsal:
        return report.not_run(f"{more} images took no longer than {less}: something else is busy here", EXTRACTION)
    rate = (more - less) / max(slow - quick, 1e-3)
    report.number("extraction_images_per_second", rate)
    claim_mfu(report, found, EXTRACTION, EXTRACTION_MFU, rate * flops(jobs, "forward"))


def whole_job(jobs, report, found):
    """A whole run on one GPU, against what its training and embedding take at the speeds above"""
    size = Size(jobs.rehearse)
    rates = report.numbers.get("training_images_per_second", {}), report.numbers.get("extraction_images_per_second")
    if 1 not in rates[0] or not rates[1]:
        for claim in whole_job.claims:
            report.not_run("the speeds of training and extraction are not known", claim)
        return
    test_images = 64 if jobs.rehearse else 5000
    data = jobs.made_up_images(max(size.train_images, test_images), jobs.model["image_size"])
    frames = size.steps // size.every + 1
    kernels = size.steps * size.batch / rates[0][1] + frames * test_images / rates[1]
    timeline = jobs.scratch / "timeline.json"
    for claim, factor, more in ((JOB, WHOLE_JOB, []), (JOB_IN_SITU, WHOLE_JOB_IN_SITU, ["--save", "in-situ"])):
        run = jobs.new_run()
        jobs.zoetrope(["run", "--run", run, "--data", data, "--test-limit", test_images, "--model", jobs.config, "--device", jobs.device,
                       "--precision", "bf16", "--batch-size", size.batch, "--max-steps", size.steps, "--save-steps", size.every,
                       "--logging-steps", size.every, "--no-progress", "--quiet", "--trace", timeline, *more])
        total = json.loads((run / "summary.json").read_text())["total_seconds"]
        report.number(f"whole_job_seconds{'_in_situ' if more else ''}", {"total": total, "kernels": kernels})
        report.claim(claim, total <= factor * kernels + START_SECONDS,
                     f"{total:.1f} s, of which kernels {kernels:.1f} s: {max(0.0, total - START_SECONDS) / kernels:.2f}x beside the start")
    seconds = median_seconds(timeline, "PCA")
    report.number("pca_seconds", seconds)
    report.claim(PCA, seconds <= PCA_SECONDS, f"{1000 * seconds:.1f} ms, the median of {frames} frames of {test_images} images")


def median_seconds(timeline, name):
    """How long the spans of a name take that `--trace` left."""
    return statistics.median(span["dur"] for span in json.loads(timeline.read_text())["traceEvents"] if span["name"] == name) / 1e6


all_reduce.claims = (RIGHT_SUMS,)
training.claims = (TRAINING, EIGHT_GPUS, COMMUNICATION, PYTORCH)
graph.claims = (GRAPH,)
extraction.claims = (EXTRACTION,)
whole_job.claims = (JOB, JOB_IN_SITU, PCA)
