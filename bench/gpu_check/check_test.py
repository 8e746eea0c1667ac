# SPDX-License-Identifier: Apache-2.0
"""gpu-check on a machine without a GPU: it says of every claim why it was not run; a rehearsal runs all its commands.

    check_test.py BUILD MPIRUN      MPIRUN's words separated by semicolons
"""
import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/support"))

import require  # noqa: E402

MAIN = Path(__file__).with_name("main.py")
BUILD, MPIRUN = sys.argv[1], sys.argv[2].replace(";", " ")
HAS_PYTORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))


def gpu_check(*words):
    """Exit code, standard output, and the JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        done = subprocess.run([sys.executable, MAIN, "--build", BUILD, "--mpirun", MPIRUN, "--json", file, *words],
                              capture_output=True, text=True)
        print(done.stdout, done.stderr)
        return done.returncode, done.stdout, json.loads(file.read_text()) if file.exists() else None


def has_gpu():
    version = subprocess.run([Path(BUILD) / "zoetrope", "--version"], capture_output=True, text=True).stdout
    return version.splitlines()[-1] != "devices: CPU" and "no GPU" not in version


class GpuCheck(unittest.TestCase):
    @unittest.skipIf(has_gpu(), "this machine has a GPU")
    def test_without_a_gpu_it_says_what_it_could_not_run(self):
        code, output, result = gpu_check()
        self.assertEqual(code, 77)
        self.assertEqual(len(result["claims"]), 13)
        for claim in result["claims"]:
            self.assertEqual(claim["verdict"], "NOT RUN")
            self.assertIn("no GPU: ", claim["measured"])
        self.assertIn("13 NOT RUN", output)

    def test_a_rehearsal_runs_everything_and_claims_nothing_about_gpus(self):
        code, _, result = gpu_check("--rehearse", *([] if HAS_PYTORCH else ["--no-pytorch"]))
        self.assertEqual(code, 77)
        verdicts = {claim["claim"]: claim["verdict"] for claim in result["claims"]}
        self.assertNotIn("FAIL", verdicts.values())
        for text, verdict in verdicts.items():
            about_answers = "equal" in text or "neighbours" in text or "same" in text or "right answer" in text
            self.assertIn(verdict, ("PASS",) if about_answers else ("REHEARSED", "NOT RUN"), text)
        self.assertEqual(set(result["numbers"]["training_images_per_second"]), {"1", "2"})
        self.assertGreater(result["numbers"]["extraction_images_per_second"], 0)
        if HAS_PYTORCH:
            self.assertGreater(result["numbers"]["ddp_images_per_second"], 0)

    def test_a_build_that_is_not_there_is_wrong_usage(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(gpu_check("--build", folder)[0], 2)


if __name__ == "__main__":
    if not HAS_PYTORCH:
        require.fail_if_required("peers", "torch and transformers are not installed: PyTorch is not measured")
    unittest.main(argv=sys.argv[:1])
