# SPDX-License-Identifier: Apache-2.0
"""scaling_report.py FOLDER: where the time of training goes on more ranks, and what to change first. Of the runs that bench/scaling or
scaling.sbatch has left in FOLDER it writes report.md, report.json and, where matplotlib is installed, scaling.png.

A step is split by the timeline of its run (--trace): computing, images (loading and waiting for them), communication that computing does
not hide, waiting for slower ranks included, and what is between steps: saving, logging, agreeing. All are means over the ranks.
"""

import gzip
import json
import math
import re
import statistics
import sys
from pathlib import Path

COMMUNICATION = {"all_reduce", "reduce_scatter", "all_gather", "gather", "reduce", "broadcast", "barrier", "waiting for a collective"}
IMAGES = {"loading the batch", "waiting for images"}
PARTS = ("computing", "images", "communication", "between steps")
WORTH_A_WORD = 0.2  # of the time


def spans_of(events):
    """{rank: {track: [(name, begin, end)]}}, seconds"""
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
    found = {}
    for event in events:
        if event["ph"] == "X":
            tracks = found.setdefault(event["pid"], {})
            begin = event["ts"] / 1e6
            tracks.setdefault(names[event["pid"], event["tid"]], []).append((event["name"], begin, begin + event["dur"] / 1e6))
    return found


def covered(spans, within):
    """Seconds of `within` that at least one of the spans covers."""
    total, reached = 0, -math.inf
    pieces = sorted((max(begin, low), min(end, high)) for _, begin, end in spans for low, high in within if begin < high and end > low)
    for begin, end in pieces:
        total += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def split(events):
    """{part: seconds of a step}, and how many steps there were."""
    sums, ranks, steps = dict.fromkeys(PARTS, 0), 0, 0
    for tracks in spans_of(events).values():
        main = tracks.get("main", [])
        in_steps = [(begin, end) for name, begin, end in main if name == "step"]
        training = [(begin, end) for name, begin, end in tracks.get("stages", []) if name == "training"]
        if not in_steps or not training:
            continue
        ranks, steps = ranks + 1, len(in_steps)
        stepping = sum(end - begin for begin, end in in_steps)
        communication = covered([span for span in main if span[0] in COMMUNICATION], in_steps)
        images = covered([span for span in main if span[0] in IMAGES], in_steps)
        sums["communication"] += communication
        sums["images"] += images
        sums["computing"] += stepping - communication - images
        sums["between steps"] += max(0, sum(end - begin for begin, end in training) - stepping)
    if ranks == 0:
        raise ValueError("its timeline has no training with steps")
    return {part: seconds / ranks / steps for part, seconds in sums.items()}, steps


def fit_line(points):
    """(a, b) of y = a + b x, least squares of relative errors, neither below 0; and the largest relative error."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _) in zip(weights, points)) / total
    mean_y = sum(w * y for w, (_, y) in zip(weights, points)) / total
    spread = sum(w * (x - mean_x) ** 2 for w, (x, _) in zip(weights, points))
    b = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points)) / spread
    a = mean_y - b * mean_x
    if a < 0:
        a, b = 0, sum(w * x * y for w, (x, y) in zip(weights, points)) / sum(w * x * x for w, (x, _) in zip(weights, points))
    if b < 0:
        a, b = mean_y, 0
    return a, b, max(abs(a + b * x - y) / y for x, y in points)


def amdahl(seconds_of):
    """Of {ranks: seconds}: T(n) = serial + parallel / n (Amdahl 1967)."""
    if len(seconds_of) < 2:
        return None
    serial, parallel, error = fit_line([(1 / ranks, seconds) for ranks, seconds in seconds_of.items()])
    return {
        "serial_seconds": serial,
        "parallel_seconds": parallel,
        "serial_part": serial / (serial + parallel),
        "error": error,
        "points": len(seconds_of),
    }


def alpha_beta(rows):
    """Of comm_bench's all-reduces: t(bytes) = alpha + beta bytes."""
    alpha, beta, error = fit_line([(row["bytes"], row["median_us"] * 1e-6) for row in rows])
    return {"alpha_us": alpha * 1e6, "gb_per_second": 1e-9 / beta if beta else math.inf, "error": error}


def read_point(folder):
    kind, ranks = re.match(r"(weak-)?ranks-(\d+)-", folder.name).groups()
    with gzip.open(folder / "timeline.json.gz", "rt") as file:
        parts, steps = split(json.load(file)["traceEvents"])
    stages = json.loads((folder / "summary.json").read_text())["stages"]
    return {
        "kind": "weak" if kind else "strong",
        "ranks": int(ranks),
        "parts": parts,
        "steps": steps,
        "images": stages["training"]["items"] / steps,
        "stages": {name: stage["seconds"] for name, stage in stages.items()},
    }


def collect(folder):
    """The medians of each kind and number of ranks."""
    repeats = {}
    for path in sorted(folder.glob("*ranks-*-repeat-*/timeline.json.gz")):
        try:
            point = read_point(path.parent)
        except (KeyError, ValueError, OSError) as error:
            sys.exit(f"{path.parent}: {error}; remove the folder and measure again")
        repeats.setdefault((point["kind"], point["ranks"]), []).append(point)
    points = []
    for (kind, ranks), found in sorted(repeats.items()):
        parts = {part: statistics.median(point["parts"][part] for point in found) for part in PARTS}
        stages = {name: statistics.median(point["stages"][name] for point in found) for name in found[0]["stages"]}
        points.append(
            {
                "kind": kind,
                "ranks": ranks,
                "repeats": len(found),
                "parts": parts,
                "step": sum(parts.values()),
                "images": found[0]["images"],
                "stages": stages,
            }
        )
    return points


def add_efficiency(points):
    """Images per second and rank, against the fewest ranks of the same kind."""
    for kind in ("strong", "weak"):
        first = None
        for point in (point for point in points if point["kind"] == kind):
            rate = point["images"] / point["step"] / point["ranks"]
            first = first or rate
            point["efficiency"] = rate / first


def advice(points):
    """What to change first, by what the most ranks of strong scaling spend their time on."""
    strong = [point for point in points if point["kind"] == "strong"]
    if not strong:
        return ["No strong scaling was measured."]
    most = strong[-1]
    part_of = {part: most["parts"][part] / most["step"] for part in PARTS}
    said = []
    remedies = {
        "communication": "a larger --batch-size (each rank has {each:.3g} images a step), or fewer ranks: sums of gradients take as long "
        "however few images they are of",
        "between steps": "a larger --save-steps and --logging-steps, or a faster disk for --run",
        "images": "a larger --image-cache, more cores for a rank, or smaller images on the disk",
    }
    for part, words in sorted(remedies.items(), key=lambda item: -part_of[item[0]]):
        if part_of[part] >= WORTH_A_WORD:
            said.append(
                f"On {most['ranks']} ranks {part_of[part]:.0%} of the time is {part}: "
                + words.format(each=most["images"] / most["ranks"])
                + "."
            )
    good = [point["ranks"] for point in strong if point["efficiency"] >= 0.7]
    if good[-1] < most["ranks"]:
        said.append(
            f"A rank of {most['ranks']} does {most['efficiency']:.0%} of what one of {strong[0]['ranks']} does; the most ranks "
            f"of which each does 70 % or more: {good[-1]}."
        )
    return said or [f"On {most['ranks']} ranks {part_of['computing']:.0%} of the time is computing: more ranks."]


def table(points):
    lines = [
        "| scaling | ranks | images a step | ms a step | " + " | ".join(PARTS) + " | images/s | efficiency |",
        "| --- | ---: | ---: | ---: |" + " ---: |" * (len(PARTS) + 2),
    ]
    for point in points:
        parts = " | ".join(f"{1e3 * point['parts'][part]:.2f}" for part in PARTS)
        lines.append(
            f"| {point['kind']} | {point['ranks']} | {point['images']:g} | {1e3 * point['step']:.2f} | {parts} | "
            f"{point['images'] / point['step']:,.0f} | {point['efficiency']:.2f} |"
        )
    return lines


def fits_text(fits):
    lines = []
    for name, fit in fits["amdahl"].items():
        checked = f"largest error {fit['error']:.0%}" if fit["points"] > 2 else "of two points, so nothing checks it"
        lines.append(
            f"- {name}: {fit['serial_seconds']:.4g} s + {fit['parallel_seconds']:.4g} s / ranks, {fit['serial_part']:.0%} serial "
            f"({checked})"
        )
    for ranks, fit in fits["alpha_beta"].items():
        lines.append(
            f"- an all-reduce on {ranks} ranks: {fit['alpha_us']:.0f} us + bytes / {fit['gb_per_second']:.2f} GB/s (largest error "
            f"{fit['error']:.0%})"
        )
    return lines or ["- nothing: one number of ranks"]


def make_report(folder):
    points = collect(folder)
    if not points:
        sys.exit(f"{folder}: holds no runs of bench/scaling or scaling.sbatch with a timeline.json.gz")
    add_efficiency(points)
    strong = [point for point in points if point["kind"] == "strong"]
    seconds = {"a step": {point["ranks"]: point["step"] for point in strong}}
    for stage in strong[0]["stages"] if strong else ():
        seconds[stage] = {point["ranks"]: point["stages"][stage] for point in strong}
    fits = {"amdahl": {name: fit for name, times in seconds.items() if (fit := amdahl(times))}, "alpha_beta": {}}
    for path in sorted(folder.glob("comm-ranks-*.json"), key=lambda path: int(path.stem.rsplit("-", 1)[-1])):
        fits["alpha_beta"][int(path.stem.rsplit("-", 1)[-1])] = alpha_beta(json.loads(path.read_text())["all_reduce"])
    return {"points": points, "fits": fits, "advice": advice(points)}


def draw(points, path):
    try:
        import matplotlib
    except ImportError:
        print(f"matplotlib is not installed: no {path.name}", file=sys.stderr)
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    kinds = sorted({point["kind"] for point in points})
    figure, axes = plt.subplots(1, len(kinds), figsize=(5 * len(kinds), 4), dpi=120, layout="constrained", squeeze=False)
    for kind, plot in zip(kinds, axes[0]):
        shown = [point for point in points if point["kind"] == kind]
        labels, below = [str(point["ranks"]) for point in shown], [0.0] * len(shown)
        for part, colour in zip(PARTS, ("#4c78a8", "#72b7b2", "#e45756", "#b0b0b0")):
            values = [1e3 * point["parts"][part] for point in shown]
            plot.bar(labels, values, bottom=below, label=part, color=colour)
            below = [low + value for low, value in zip(below, values)]
        for label, height, point in zip(labels, below, shown):
            plot.annotate(f"{point['efficiency']:.0%}", (label, height), ha="center", va="bottom")
        plot.set(title=f"{kind} scaling", xlabel="ranks; above the bars: efficiency", ylabel="ms a step")
        plot.margins(y=0.12)
    axes[0][0].legend(fontsize="small")
    figure.savefig(path)
    return True


def main():
    folder = Path(sys.argv[1])
    report = make_report(folder)
    has_plot = draw(report["points"], folder / "scaling.png")
    lines = [
        "# How the training scales",
        "",
        *table(report["points"]),
        "",
        __doc__.split("\n\n")[1].strip().replace("\n", " "),
        "",
        "Fitted:",
        "",
        *fits_text(report["fits"]),
        "",
        "To change first:",
        "",
        *(f"- {text}" for text in report["advice"]),
    ]
    (folder / "report.md").write_text("\n".join(lines + (["", "![](scaling.png)"] if has_plot else [])) + "\n")
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
