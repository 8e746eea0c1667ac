# SPDX-License-Identifier: Apache-2.0
"""A report as Markdown, whole and in the parts that the READMEs show, and its pictures."""
from pathlib import Path

UNITS = {"flop": ("GFLOP/s", "of the product of two matrices"), "memory_bytes": ("GB/s", "of copies in memory"),
         "disk_bytes": ("GB/s", "of writing to the disk")}
LIMITS = {"flop": "float32 product of two 2048 x 2048 matrices, all cores, by MKL or oneDNN, whichever is faster",
          "memory_bytes": "copy of 256 MiB, read and written, all cores",
          "disk_bytes": "128 MiB written, until they are on the disk"}
BUSY_CORES = 0.2  # that others take: from which on a figure is another one


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(value):
    return f"{value:.0f}x" if value >= 20 else f"{value:.1f}x" if value >= 9.95 else f"{value:.2f}x"


def ratio_text(one):
    return f"**{times(one['ratio'])}** ({times(one['least'])} to {times(one['most'])})"


def cores_of_others(report):
    """The most that other programs took while anything was measured."""
    return max((one["others"] for one in [*report["figures"], report["article"]] if one), default=0)


def machine_text(report):
    machine = report["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    text = (f"On {machine['cores']} cores ({machine['cpu']}, {machine['vectors']}), {machine['memory_gib']} GiB, {machine['date'][:10]}, "
            f"zoetrope at {machine['commit']}{' with changes' if machine['is_changed'] else ''}, {packages}. Medians of "
            f"{report['repetitions']} repetitions in which the sides took turns; behind a ratio the least and the most of a round.")
    if report["is_quick"]:
        text += " **With `--quick`: sizes so small that the times say nothing.**"
    elif cores_of_others(report) > BUSY_CORES:
        text += (f" **The machine was busy with other work, too (up to {cores_of_others(report):.1f} of {machine['cores']} cores): rates are "
                 "lower than they would be, and what waits for threads of its own suffers most from that; of the ratios only the order of "
                 "size counts.**")
    return text


def figures_table(report):
    lines = ["| work | zoetrope | against | | times as fast | answers differ by |", "| --- | ---: | --- | ---: | ---: | ---: |"]
    for figure in report["figures"]:
        for position, peer in enumerate(figure["peers"]):
            name = figure["case"] if position == 0 else ""
            ours = f"{number(figure['ours']['median'])} {figure['unit']}" if position == 0 else ""
            lines.append(f"| {name} | {ours} | {peer['name']} | {number(peer['median'])} | {ratio_text(peer)} | {peer['difference']:.0e} |")
    return "\n".join(lines)


def strongest_table(report):
    """Of the works of a ViT the peer that did best."""
    lines = ["| work | strongest form of PyTorch | images/s | zoetrope | |", "| --- | --- | ---: | ---: | ---: |"]
    for figure in report["figures"]:
        if "ViT" in figure["case"]:
            peer = max(figure["peers"], key=lambda one: one["median"])
            lines.append(f"| {figure['case']} | {peer['name']} | {number(peer['median'])} | {number(figure['ours']['median'])} | "
                         f"{ratio_text(peer)} |")
    return "\n".join(lines)


def limits_table(report):
    limits = report["limits"]
    lines = ["| limit of this machine | |", "| --- | ---: |"]
    lines += [f"| {words} | {limits[kind] / 1e9:.1f} {UNITS[kind][0]} |" for kind, words in LIMITS.items()]
    lines += ["", "Each limit was measured again after every work, and its best counts. More than 100 % of the memory's: caches.", "",
              "| work | takes of it | what keeps it below half |", "| --- | ---: | --- |"]
    for figure in report["figures"]:
        for kind, share in figure["shares"].items():
            why = figure["why"] if share < 0.5 else ""
            lines.append(f"| {figure['case']} | {share:.0%} {UNITS[kind][1]} | {why} |")
    return "\n".join(lines)


def article_table(report):
    article = report["article"]
    lines = ["| the article's work | Python | zoetrope | |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {row['stage']} | {number(row['python_seconds'])} s | {number(row['zoetrope_seconds'])} s | "
              f"{ratio_text(row)} |" for row in article["rows"]]
    return "\n".join(lines)


def commands_list(report):
    """What made each figure, in zoetrope's folder."""
    lines = []
    for figure in report["figures"]:
        lines.append(f"{figure['case']}, at {figure['at']}:\n")
        lines += [f"    {side['command']}" for side in (figure["ours"], *figure["peers"])]
        lines.append("")
    if report["article"]:
        lines += ["The article:\n", f"    {report['article']['command']}", ""]
    return "\n".join(lines)


def sections(report):
    """Of the report and of bench/README.md, those that it has figures for."""
    parts = [machine_text(report), figures_table(report), limits_table(report)]
    if report["article"]:
        parts.insert(1, article_table(report))
    return "\n\n".join(parts)


def write_report(report, out):
    text = "\n\n".join(["# What script/bench has measured", sections(report), "![](ratios.png)", "![](shares.png)", "## The commands",
                        commands_list(report)])
    (out / "report.md").write_text(text)
    draw_ratios(report, out / "ratios.png")
    draw_shares(report, out / "shares.png")


def bars(path: Path, title, rows, marks, unit):
    """Rows of (label, value, least, most), on a logarithmic scale, with a line at each of `marks`."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib import ticker

    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.32 * len(rows)), dpi=120, layout="constrained")
    places = range(len(rows), 0, -1)
    values = [row[1] for row in rows]
    axes.barh(places, values, color="#4c78a8", height=0.62)
    if any(row[2] is not None for row in rows):
        below = [row[1] - min(row[1], row[2]) for row in rows]
        above = [max(row[1], row[3]) - row[1] for row in rows]
        axes.errorbar(values, places, xerr=[below, above], fmt="none", ecolor="#222222", elinewidth=1, capsize=3)
    for mark in marks:
        axes.axvline(mark, color="#888888", linewidth=1, linestyle="--", zorder=0)
    figure.suptitle(title)
    axes.set(yticks=list(places), yticklabels=[row[0] for row in rows], xlabel=unit, xscale="log", ylim=(0.3, len(rows) + 0.7))
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    plt.close(figure)


def draw_ratios(report, path):
    rows = [(f"{figure['case']}: {peer['name']}", peer["ratio"], peer["least"], peer["most"])
            for figure in report["figures"] for peer in figure["peers"]]
    if report["article"]:
        rows += [(f"the article: {row['stage']}", row["ratio"], row["least"], row["most"]) for row in report["article"]["rows"]]
    bars(path, "How many times as fast zoetrope is", rows, [1], "times; the line of each bar: least and most of a round")


def draw_shares(report, path):
    rows = [(f"{figure['case']}: {UNITS[kind][1][3:]}", share, None, None)
            for figure in report["figures"] for kind, share in figure["shares"].items()]
    bars(path, "What zoetrope takes of this machine's limits", rows, [0.5, 1], "part of the limit; lines: half, and all")
