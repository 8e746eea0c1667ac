# SPDX-License-Identifier: Apache-2.0
"""gpu-check on a machine without a GPU: it says of every claim why it was not run; a rehearsal runs all its commands.

    check_test.py BUILD MPIRUN      MPIRUN's words separated by semicolons
"""
import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/support"))

import correctness  # noqa: E402
import faults  # noqa: E402
import jobs  # noqa: E402
import main  # noqa: E402
import require  # noqa: E402
from report import Report  # noqa: E402

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


# A zoetrope that says it has one GPU, and does on cores what it is asked to do there; ranks without leave to share are refused.
STAND_IN = """#!/bin/bash
if [[ $1 == --version ]]; then printf 'CUDA 13.0, NCCL {nccl}\\ndevices: CPU, H100\\n'; exit; fi
[[ ${{OMPI_COMM_WORLD_SIZE:-1}} == 1 || $NCCL_MULTI_RANK_GPU_ENABLE == 1 ]] || {{ echo 'one rank per GPU' >&2; exit 4; }}
words=()
for word in "$@"; do [[ $word == cuda ]] && word=cpu; words+=("$word"); done
exec {program} "${{words[@]}}"
"""


class OneGpu(unittest.TestCase):
    """What is checked of ranks on one GPU, with a stand-in for it."""

    def check(self, nccl):
        """{claim: verdict} of the parts about ranks, with an NCCL of this version."""
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for name in ("zoetrope", "bench/comm_bench"):
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(STAND_IN.format(nccl=nccl, program=Path(BUILD) / name))
                (folder / name).chmod(0o755)
            (folder / "scratch").mkdir()
            options = argparse.Namespace(rehearse=False, build=folder, mpirun=MPIRUN.split(), nccl=None)
            checked, report = jobs.Jobs(options, folder / "scratch"), Report(rehearsal=False)
            found = main.look_around(checked)
            for part in (correctness.ranks, correctness.shared, faults.ranks_that_go):
                report.begin(part)
                part(checked, report, found)
        return {claim["claim"]: claim["verdict"] for claim in report.claims}

    def test_ranks_share_it_where_nccl_can_serve_them(self):
        verdicts = self.check("2.30.7")
        self.assertEqual(verdicts.pop(correctness.ALL_GPUS), "NOT RUN")
        self.assertEqual(verdicts, dict.fromkeys((correctness.SHARED, faults.KILLED, faults.STOPPED), "PASS"))

    def test_an_older_nccl_leaves_them_out(self):
        self.assertEqual(set(self.check("2.28.9").values()), {"NOT RUN"})

    def test_another_nccl_is_loaded_before_all_else(self):
        with tempfile.TemporaryDirectory() as folder:
            library, scratch = Path(folder) / "a b", Path(folder) / "scratch"
            scratch.mkdir()
            library.touch()
            options = argparse.Namespace(rehearse=False, build=Path(BUILD), mpirun=["mpirun"], nccl=library)
            words = jobs.Jobs(options, scratch).command("zoetrope", ["--version"], ranks=2)
            self.assertEqual(words[:3] + words[4:], ["mpirun", "-n", "2", f"LD_PRELOAD={scratch}/libnccl.so.2", f"{BUILD}/zoetrope", "--version"])
            self.assertEqual((scratch / "libnccl.so.2").resolve(), library.resolve())


class GpuCheck(unittest.TestCase):
    @unittest.skipIf(has_gpu(), "this machine has a GPU")
    def test_without_a_gpu_it_says_what_it_could_not_run(self):
        code, output, result = gpu_check()
        self.assertEqual(code, 77)
        self.assertEqual(len(result["claims"]), 21)
        for claim in result["claims"]:
            self.assertEqual(claim["verdict"], "NOT RUN")
            self.assertIn("no GPU: ", claim["measured"])
        self.assertIn("21 NOT RUN", output)

    def test_a_rehearsal_runs_everything_and_claims_nothing_about_gpus(self):
        code, _, result = gpu_check("--rehearse", *([] if HAS_PYTORCH else ["--no-pytorch"]))
        self.assertEqual(code, 77)
        verdicts = {claim["claim"]: claim["verdict"] for claim in result["claims"]}
        self.assertNotIn("FAIL", verdicts.values())
        for text, verdict in verdicts.items():
            about_answers = any(word in text for word in ("equal", "neighbours", "same", "right answer", "ends the job"))
            about_one_gpu = "share a GPU" in text
            self.assertIn(verdict, ("PASS",) if about_answers and not about_one_gpu else ("REHEARSED", "NOT RUN"), text)
        self.assertEqual(set(result["numbers"]["training_images_per_second"]), {"1", "2"})
        self.assertGreater(result["numbers"]["extraction_images_per_second"], 0)
        self.assertGreater(result["numbers"]["whole_job_seconds_in_situ"]["total"], 0)
        self.assertGreater(result["numbers"]["pca_seconds"], 0)
        if HAS_PYTORCH:
            self.assertEqual(set(result["numbers"]["pytorch_images_per_second"]), {"transformers, eager", "packed, eager"})

    @require.unless(HAS_PYTORCH, "peers", "PyTorch is not installed")
    def test_the_packed_vit_is_the_same_model(self):
        import torch
        import transformers
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
        from packed_vit import PackedViT
        config = transformers.ViTConfig(**jobs.VIT_REHEARSAL, num_labels=10)
        model = transformers.ViTForImageClassification._from_config(config).eval()
        pixels = torch.randn(4, 3, 32, 32)
        with torch.no_grad():
            self.assertTrue(torch.allclose(PackedViT(config).load(model)(pixels), model(pixels).logits, atol=1e-6))

    def test_a_build_that_is_not_there_is_wrong_usage(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(gpu_check("--build", folder)[0], 2)


if __name__ == "__main__":
    if not HAS_PYTORCH:
        require.fail_if_required("peers", "torch and transformers are not installed: PyTorch is not measured")
    unittest.main(argv=sys.argv[:1])
