# SPDX-License-Identifier: Apache-2.0
"""What bundle/pack.py makes runs where nothing else is: in a bare Debian, by an ordinary user, read-only, under a path with a space.

    bundle_test.py --build BUILD                                   packs that, with and without torch
    bundle_test.py --build BUILD --packed FILE InABareDebian       tries what script/bundle has packed of it
"""
import argparse
import csv
import json
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import bare_debian

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bundle"))

import elf  # noqa: E402
import pack  # noqa: E402

RUN = ["run", "--data", "idx:data", "--max-steps", "4", "--save-steps", "2", "--logging-steps", "2", "--batch-size", "16",
       "--learning-rate", "1e-3", "--threads", "1", "--size", "960x540", "--format", "gif,mp4,webp", "--no-progress", "--quiet"]
SEEN = ["animation.gif", "animation.mp4", "animation.webp", "poster.png", "review.html", "checkpoint-4/frame.png"]


def make_data(folder):
    """40 images of noise in IDX format, and as many to test with, of four classes that differ in brightness."""
    folder.mkdir()
    noise = random.Random(7)
    for split in ("train", "t10k"):
        pixels = bytes(noise.randrange(64) + 64 * (i % 4) for i in range(40) for _ in range(28 * 28))
        (folder / f"{split}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 40, 28, 28) + pixels)
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 40) + bytes(i % 4 for i in range(40)))


def losses(run):
    with open(run / "log.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def make_bundle(folder, *words):
    subprocess.run([sys.executable, ROOT / "bundle/pack.py", OPTIONS.build, folder, *words], check=True)
    return folder


class Scratch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="bundle-", dir=OPTIONS.build)
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)


class InABareDebian(Scratch):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = bare_debian.set_up(OPTIONS.build / "bundle")
        cls.bundle = cls.scratch / "bundle"
        if OPTIONS.packed:
            cls.bundle.mkdir()
            subprocess.run(["tar", "-C", cls.bundle, "--strip-components=1", "-xf", OPTIONS.packed], check=True)
        else:
            make_bundle(cls.bundle)
        has_torch = (cls.bundle / "lib/torch").exists()
        cls.python = None if has_torch else pack.torch_of(OPTIONS.build).resolve().parent
        cls.work = cls.scratch / "work"
        cls.work.mkdir()
        make_data(cls.work / "data")

    def start(self, *words):
        return bare_debian.run(self.root, self.bundle, self.work, words, python=self.python)

    def test_a_run_leaves_what_the_build_leaves_to_the_bit(self):
        self.assertEqual(self.start(f"{bare_debian.PLACE}/bin/zoetrope", *RUN, "--run", "there/run"), ("", ""))
        subprocess.run([OPTIONS.build / "zoetrope", *RUN, "--run", "here/run"], cwd=self.work, check=True)
        for name in SEEN:
            there, here = (self.work / folder / "run" / name for folder in ("there", "here"))
            self.assertEqual(there.read_bytes(), here.read_bytes(), name)
        self.assertEqual(losses(self.work / "there/run"), losses(self.work / "here/run"))

    def test_two_ranks_do_what_one_does(self):
        launch = [f"{bare_debian.PLACE}/bin/mpirun", "-n", 2, "--oversubscribe", "--bind-to", "none"]
        self.start(f"{bare_debian.PLACE}/bin/zoetrope", *RUN, "--run", "one")
        self.assertEqual(self.start(*launch, f"{bare_debian.PLACE}/bin/zoetrope", *RUN, "--run", "two"), ("", ""))
        for one, two in zip(losses(self.work / "one"), losses(self.work / "two"), strict=True):
            self.assertAlmostEqual(one, two, delta=1e-5)
        for name in SEEN:
            self.assertTrue((self.work / "two" / name).exists(), name)
        self.assertEqual(json.loads((self.work / "two/summary.json").read_text())["world_size"], 2)
        self.start(f"{bare_debian.PLACE}/bin/zoetrope", "review", "--run", "two", "--export", "parquet,npz", "--quiet")
        for name in ("review.parquet", "review.npz"):
            self.assertTrue((self.work / "two" / name).exists(), name)


    def test_of_the_machine_it_takes_glibc_alone(self):
        needs_torch = ("zoetrope", "comm_bench") if self.python else ()
        binaries = [path for folder in ("libexec", "openmpi") for path in elf.all_below(self.bundle / folder)
                    if path.name not in needs_torch]
        self.assertGreater(len(binaries), 50)
        for binary in binaries:
            for name, path in elf.places(binary).items():
                if not elf.GLIBC.fullmatch(name):
                    self.assertTrue(path.resolve().is_relative_to(self.bundle.resolve()), f"{binary.name} takes {path}")


class OnThisMachine(Scratch):
    """A bundle without torch: what it says where something is missing, and its scripts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bundle = make_bundle(cls.scratch / "bundle", "--without-torch")
        cls.torch = pack.torch_of(OPTIONS.build)

    def start(self, *words, code=0, **environment):
        done = subprocess.run([self.bundle / words[0], *words[1:]], capture_output=True, text=True, cwd=self.scratch,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(self.scratch), **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def folder_of(self, name, files):
        """A folder in the scratch, with {name: text} in it."""
        folder = self.scratch / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
            (folder / file).chmod(0o755)
        return folder

    def test_torch_is_found_by_its_folder_and_by_the_python_on_the_path(self):
        self.assertIn("libtorch", self.start("bin/zoetrope", "--version", ZOETROPE_TORCH=str(self.torch)))
        python = self.folder_of("python", {"python3": f"#!/bin/sh\nPYTHONPATH='{self.torch.parent}' exec /usr/bin/python3 \"$@\"\n"})
        self.assertIn("libtorch", self.start("bin/zoetrope", "--version", PATH=f"{python}:/usr/bin:/bin"))

    def test_one_line_says_which_torch_is_needed(self):
        version = pack.torch_version(self.torch)
        python = self.folder_of("no-python", {"python3": "#!/bin/sh\nexit 1\n"})
        said = self.start("bin/zoetrope", "--version", code=4, PATH=f"{python}:/usr/bin:/bin")
        self.assertEqual(said.count("\n"), 1)
        self.assertIn(f"zoetrope: torch {version} is needed", said)
        self.assertIn("ZOETROPE_TORCH", said)
        other = self.folder_of("other", {"version.py": "__version__ = '1.2.3+cu999'\n"})
        said = self.start("bin/zoetrope", "--version", code=4, ZOETROPE_TORCH=str(other))
        self.assertEqual(said.count("\n"), 1)
        self.assertIn(f"{other} is torch 1.2.3, and torch {version} is needed", said)

    def test_one_line_says_which_glibc_is_needed(self):
        for version, code in (("2.17", 4), ("2.9", 4), ("1.99", 4), ("2.99", 0), ("3.0", 0)):
            old = self.folder_of(f"glibc-{version}", {"getconf": f"#!/bin/sh\necho glibc {version}\n"})
            for program in ("zoetrope", "mpirun"):
                said = self.start(f"bin/{program}", "--version", code=code, PATH=f"{old}:/usr/bin:/bin", ZOETROPE_TORCH=str(self.torch))
                if code:
                    self.assertRegex(said, rf"^{program}: this system has glibc {version}, and zoetrope needs glibc 2\.\d+ or newer.*\n$")

    def test_job_scripts_start_its_programs(self):
        said = self.start("slurm/submit", "--dry-run", "--mpirun", "--run", "run", ZOETROPE_TORCH=str(self.torch))
        self.assertIn("slurm/stage.sbatch --mpirun finetune --run run", said)

    def test_gpu_check_needs_nothing_but_a_python(self):
        said = self.start("bench/gpu-check", "--rehearse", code=77, ZOETROPE_TORCH=str(self.torch),
                          OMPI_MCA_rmaps_base_oversubscribe="1")
        self.assertNotIn("FAIL", said)
        self.assertIn("has no torch", said)
        self.assertTrue((self.scratch / "gpu-check.json").exists())


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--packed", type=Path)
    options, words = parser.parse_known_args()
    options.build = options.build.resolve()
    return options, [sys.argv[0], *words]


if __name__ == "__main__":
    OPTIONS, words = parse()
    unittest.main(argv=words)
