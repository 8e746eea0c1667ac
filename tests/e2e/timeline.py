# SPDX-License-Identifier: Apache-2.0
"""What the tests of --trace read out of a timeline."""
import gzip
import json
from collections import defaultdict


def events(path):
    text = gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text()
    return json.loads(text)["traceEvents"]


def tracks(all_events):
    """(rank, the track's name) -> its spans, each with begin and end in whole nanoseconds, in the order of their begin."""
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in all_events if event["name"] == "thread_name"}
    found = defaultdict(list)
    for event in all_events:
        if event["ph"] == "X":
            begin = round(1000 * event["ts"])
            span = event | {"begin": begin, "end": begin + round(1000 * event["dur"])}
            found[event["pid"], names[event["pid"], event["tid"]]].append(span)
    return {track: sorted(spans, key=lambda span: (span["begin"], -span["end"])) for track, spans in found.items()}


def overlaps(spans):
    """Pairs of spans of a track of which the later one ends after the earlier one."""
    stack, found = [], []
    for span in spans:
        while stack and stack[-1]["end"] <= span["begin"]:
            stack.pop()
        if stack and span["end"] > stack[-1]["end"]:
            found.append((stack[-1], span))
        stack.append(span)
    return found


def outermost(spans):
    found = []
    for span in spans:
        if not found or span["begin"] >= found[-1]["end"]:
            found.append(span)
    return found


def seconds(spans):
    return sum(span["end"] - span["begin"] for span in spans) / 1e9
