# SPDX-License-Identifier: Apache-2.0
"""Measures zoetrope beside the strongest forms of others' work that were found, and beside what the machine can do, and writes a report
of it: Markdown, JSON and pictures.

    script/bench                     all that fits the machine: twenty minutes of two cores; let nothing else run
    script/bench --quick             some minutes, little work: whether both sides answer alike; its times say nothing
    script/bench --only NAME         the cases whose name holds this
    script/bench --publish           writes the report's tables and a plot into README.md and bench/README.md, nothing is measured

A figure is how many times as fast zoetrope is: the ratio of two medians, of repetitions that took turns in one run. Exit code 1 where
answers differ.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import measure
from measure import ROOT


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="script/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--repetitions", type=int, metavar="N", help="of each side; 7, or 2 with --quick")
    parser.add_argument("--build", type=Path, default=ROOT / "build", metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the report's; default: bench-report in --build, with --quick bench-quick")
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="DIR")
    options = parser.parse_args()
    options.out = (options.out or options.build / ("bench-quick" if options.quick else "bench-report")).resolve()
    options.build = options.build.resolve()
    options.repetitions = options.repetitions or (2 if options.quick else 7)
    if options.repetitions < 2:
        parser.error("--repetitions: at least 2, of which there is a spread")
    return options


def check_ground(options):
    """What all cases need is there, or it is said what to do."""
    measuring = ("model_bench", "analysis_bench", "preprocess_bench", "store_bench", "raw_all_reduce")
    for name in ("zoetrope", *(f"bench/{one}" for one in measuring)):
        if not (options.build / name).exists():
            sys.exit(f"{options.build / name} is missing: script/build")
    images = options.data / "train-images-idx3-ubyte.gz"
    if not images.exists():
        sys.exit(f"{images} is missing: apt-get install dataset-fashion-mnist, or --data DIR with the files of Fashion-MNIST")


def make_models(folder, options, with_base):
    """What all sides start from, as transformers initialises it."""
    subprocess.run([sys.executable, ROOT / "bench/peers/article.py", "init", "--run", folder / "model", "--data", options.data], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if with_base:
        import torch
        from cases import BASE
        from transformers import ViTConfig, ViTForImageClassification

        torch.manual_seed(1)
        ViTForImageClassification(ViTConfig(**BASE, num_labels=10)).save_pretrained(folder / "base")


def run(options):
    import whole_article
    import cases
    import limits
    import machine

    check_ground(options)
    sizes = cases.QUICK if options.quick else cases.Sizes()
    folder = options.out / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    if options.quick:  # threads that spin would wait for cores that other tests have
        measure.ENVIRONMENT["OMP_WAIT_POLICY"] = "passive"
    make_models(folder, options, sizes.with_base)
    report = {"is_quick": options.quick, "repetitions": options.repetitions, "machine": machine.describe(options.build / "zoetrope"),
              "figures": [], "article": None}
    measured = [limits.measure(folder, 3)]
    for case in cases.Cases(options, sizes, folder).all():
        if options.only in case.name:
            print(case.name, file=sys.stderr, flush=True)
            report["figures"].append(measure.measure(case, options.repetitions, folder))
            if not options.quick:
                measured.append(limits.measure(folder, 3))
    report["limits"] = limits.best(measured)
    if sizes.with_article and options.only in "the article":
        report["article"] = whole_article.measure(options)
    for figure in report["figures"]:
        figure["shares"] = limits.share(figure, report["limits"])
    return report


def main():
    options = parse_options()
    import publish
    import write

    if options.publish:
        publish.publish(options.out)
        return
    try:
        report = run(options)
    except measure.Failed as failed:
        sys.exit(str(failed))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    write.write_report(report, options.out)
    print((options.out / "report.md").read_text())
    wrong = measure.disagreements(report["figures"])
    if report["article"]:
        wrong += [f"the article: {check['what']} differs" for check in report["article"]["checks"] if check["verdict"] == "FAIL"]
    if wrong:
        sys.exit("\n".join(["answers differ, so the figures compare different work:", *wrong]))


if __name__ == "__main__":
    main()
