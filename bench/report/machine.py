# SPDX-License-Identifier: Apache-2.0
"""What the figures were made on, and with."""
import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from measure import ROOT

PACKAGES = ("torch", "transformers", "timm", "cleanlab", "scikit-learn", "h5py", "numpy")


def of_cpuinfo(key):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def output_of(command):
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def describe(zoetrope):
    flags = of_cpuinfo("flags").split()
    vectors = next((name for name, flag in (("AVX-512", "avx512f"), ("AVX2", "avx2")) if flag in flags), "neither AVX2 nor AVX-512")
    commit = output_of(["git", "rev-parse", "--short", "HEAD"])
    return {"cpu": of_cpuinfo("model name"), "vectors": vectors, "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30), "system": platform.platform(),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
            "commit": commit or "unknown", "is_changed": bool(output_of(["git", "status", "--porcelain", "--untracked-files=no"])),
            "zoetrope": output_of([str(zoetrope), "--version"]).splitlines(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES}}
