# SPDX-License-Identifier: Apache-2.0
"""Where options say that something lies: "~", relative paths, a file that options come from, names on the Hugging Face Hub."""
import io
import os
import shutil
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import numpy
    import pyarrow.parquet
    from datasets import ClassLabel, Dataset, Features, Image
    from huggingface_hub import snapshot_download

SHORT = ["--train-limit", "40", "--test-limit", "20", "--max-steps", "2", "--save-steps", "1", "--batch-size", "8", "--size", "640x360",
         "--neighbours", "3", "--no-progress"]
FASHION = "/usr/share/datasets/fashion-mnist"


class Places(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.home = self.root / "home"
        self.home.mkdir()
        (self.home / "images").symlink_to(FASHION)

    def zoetrope(self, *words, cwd=None, code=0, ranks=1):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGINGFACE", "XDG_CACHE"))}
        done = subprocess.run(job.command(words, ranks), cwd=cwd or self.root, capture_output=True, text=True, timeout=240,
                              env={**environment, "HOME": str(self.home)})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def in_cache(self, kind, name, folder):
        """Puts what `folder` holds into the Hub's cache, as huggingface_hub does, which must find it there."""
        repository = self.home / ".cache/huggingface/hub" / f"{kind}s--{name.replace('/', '--')}"
        commit = "0123456789abcdef0123456789abcdef01234567"
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            blob = repository / "blobs" / f"{len(list(repository.rglob('*'))):040x}"
            link = repository / "snapshots" / commit / path.relative_to(folder)
            for made in blob, link:
                made.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, blob)
            link.symlink_to(os.path.relpath(blob, link.parent))
        (repository / "refs").mkdir()
        (repository / "refs/main").write_text(commit)
        found = snapshot_download(name, repo_type=kind, local_files_only=True, cache_dir=self.home / ".cache/huggingface/hub")
        self.assertEqual(Path(found), repository / "snapshots" / commit)
        return found

    def test_home_is_expanded_where_shells_do_not(self):
        ini = self.root / "options.ini"
        ini.write_text("data = idx:~/images\n")
        self.zoetrope("run", "--run=~/run", "--config", ini, *SHORT, "--trace=~/trace.json")
        for name in "run/animation.gif", "trace.json":
            self.assertTrue((self.home / name).is_file(), name)
        self.assertIn(f"data = idx:{self.home}/images\n", (self.home / "run/run.ini").read_text())
        self.zoetrope("finetune", "--run=~/run", "--max-steps", "3", code=2)
        self.assertIn("code = 2", (self.home / "run/ended.ini").read_text())

    def test_a_relative_path_means_the_folder_in_which_it_was_given(self):
        shutil.copytree(job.GOLDEN / "vit-tiny", self.root / "model")
        self.zoetrope("run", "--run", "run", "--data", "idx:home/images", "--model", "model", *SHORT, ranks=2)
        elsewhere = self.root / "elsewhere"
        elsewhere.mkdir()
        for rest in ["--max-steps", "2"], ["--size", "800x450"]:
            self.zoetrope("run", "--run", "../run", *rest, "--no-progress", cwd=elsewhere)

    def test_an_error_says_from_which_file_its_option_is(self):
        (self.root / "images").symlink_to(FASHION)
        self.zoetrope("run", "--run", "run", "--data", "idx:images", *SHORT)
        (self.root / "images").unlink()
        said = self.zoetrope("extract", "--run", "run", code=3)
        self.assertIn(f"is not a folder (--data is from run/run.ini)", said)
        said = self.zoetrope("extract", "--run", "run", "--data", "idx:images", code=3)
        self.assertNotIn("is from", said)
        (self.root / "bad.ini").write_text("save-steps = 0\n")
        said = self.zoetrope("finetune", "--run", "new", "--config", "bad.ini", code=2)
        self.assertIn("must be positive, and at most 2^30 (--save-steps is from bad.ini)", said)

    def test_a_model_on_the_hub_is_taken_from_the_cache(self):
        words = ["run", "--run", "run", "--model", "google/vit-tiny", "--data", "idx:home/images", *SHORT]
        said = self.zoetrope(*words, code=3)
        self.assertIn(f"{self.home}/.cache/huggingface/hub) does not hold google/vit-tiny", said)
        self.assertIn("hf download google/vit-tiny", said)
        self.assertFalse((self.root / "run").exists())
        self.in_cache("model", "google/vit-tiny", job.GOLDEN / "vit-tiny")
        self.zoetrope(*words)
        self.zoetrope("run", "--run", "path", "--model", job.GOLDEN / "vit-tiny", "--data", "idx:home/images", *SHORT)
        job.assert_same_results(self.root / "run", self.root / "path")
        self.assertIn("model = google/vit-tiny\n", (self.root / "run/run.ini").read_text())
        said = self.zoetrope("run", "--run", "new", "--model", "./nothing", *SHORT, code=3)
        self.assertIn("--model ./nothing: there is no such folder or file\n", said)

    def test_names_on_the_hub_are_taken_as_people_copy_them(self):
        self.in_cache("model", "google/vit-tiny", job.GOLDEN / "vit-tiny")
        commit = next((self.home / ".cache/huggingface/hub").glob("models--*/snapshots/*")).name
        words = ["finetune", "--data", "idx:home/images", *SHORT[:8], "--no-progress"]
        for i, given in enumerate(["google/vit-tiny/", "hf:google/vit-tiny", "hf://google/vit-tiny", "https://huggingface.co/google/vit-tiny",
                                   "https://huggingface.co/google/vit-tiny/tree/main", "google/vit-tiny@main", f"google/vit-tiny@{commit}"]):
            self.zoetrope(*words, "--run", f"run-{i}", "--model", given)
        for given, said in (("google/vit-tiny@v2", "hf download google/vit-tiny --revision v2\n"),
                            ("https://huggingface.co/google/none", "hf download google/none\n"),
                            ("model.json", "--model model.json: there is no such folder or file\n")):
            self.assertIn(said, self.zoetrope(*words, "--run", "new", "--model", given, code=3))

        (self.root / "alone").mkdir()
        shutil.copy(job.GOLDEN / "vit-tiny/config.json", self.root / "alone")
        self.in_cache("model", "owner/alone", self.root / "alone")  # as AutoConfig.from_pretrained brings it
        said = self.zoetrope(*words, "--run", "new", "--model", "owner/alone", code=3)
        self.assertIn("holds owner/alone without its weights; on a machine with network, bring it with: hf download owner/alone\n", said)

        self.write_shards(self.root / "shards")
        self.in_cache("dataset", "owner/pets", self.root / "shards")
        self.in_cache("dataset", "pets", self.root / "shards")
        words = ["finetune", "--model", job.GOLDEN / "vit-tiny", *SHORT[:8], "--no-progress"]
        for i, given in enumerate(["pets", "hf:datasets/owner/pets", "https://huggingface.co/datasets/owner/pets"]):
            self.zoetrope(*words, "--run", f"data-{i}", "--data", given)
        said = self.zoetrope(*words, "--run", "new", "--data", "google/vit-tiny", code=3)
        self.assertIn("does not hold a data set google/vit-tiny, but a model of that name", said)

    def write_shards(self, folder):
        draw = numpy.random.default_rng(1)
        features = Features({"img": Image(), "label": ClassLabel(names=["cat", "dog"])})
        for split, count in ("train", 40), ("test", 20):
            images = draw.integers(0, 256, (count, 28, 28, 3), numpy.uint8)
            rows = Dataset.from_dict({"img": list(images), "label": [i % 2 for i in range(count)]}, features=features)
            path = folder / "plain_text" / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows.to_parquet(path)
            self.assertEqual(pyarrow.parquet.read_metadata(path).num_rows, count)

    def test_data_on_the_hub_are_taken_from_the_cache(self):
        for given in "cifar10", "uoft-cs/cifar10", "hf:cifar10", "hf:uoft-cs/cifar10":
            said = self.zoetrope("run", "--run", "run", "--data", given, *SHORT, code=3)
            self.assertIn("hf download --repo-type dataset uoft-cs/cifar10", said)
        self.write_shards(self.root / "shards")
        self.in_cache("dataset", "uoft-cs/cifar10", self.root / "shards")
        self.zoetrope("run", "--run", "shards-run", "--data", f"parquet:{self.root}/shards", *SHORT)
        for i, given in enumerate(["cifar10", "uoft-cs/cifar10", "hf:cifar10", "hf:uoft-cs/cifar10"]):
            self.zoetrope("run", "--run", f"run-{i}", "--data", given, *SHORT)
            job.assert_same_results(self.root / f"run-{i}", self.root / "shards-run")
        for name in "train", "test":  # the same in Arrow's own format, as save_to_disk writes it
            Dataset.from_parquet(str(self.root / f"shards/plain_text/{name}-00000-of-00001.parquet")).save_to_disk(self.root / "saved" / name)
            (self.root / "arrow").mkdir(exist_ok=True)
            shutil.copy(self.root / f"saved/{name}/data-00000-of-00001.arrow", self.root / f"arrow/{name}.arrow")
        self.in_cache("dataset", "owner/arrow", self.root / "arrow")
        self.zoetrope("run", "--run", "arrow-run", "--data", "hf:owner/arrow", *SHORT)
        self.assertEqual(job.log(self.root / "arrow-run"), job.log(self.root / "shards-run"))
        said = self.zoetrope("run", "--run", "run", "--data", f"folder:{self.root}/saved", *SHORT, code=3)
        self.assertIn(f"give --data parquet:{self.root}/saved", said)
        said = self.zoetrope("run", "--run", "run", "--data", "fashion", *SHORT, code=2)
        self.assertIn("--data fashion: the kind is unknown", said)

    def test_tar_files_train_as_shards_do(self):
        self.write_shards(self.root / "shards")
        self.zoetrope("run", "--run", "shards-run", "--data", f"parquet:{self.root}/shards", *SHORT)
        (self.root / "tars").mkdir()
        (self.root / "tars/class_names.txt").write_text("cat\ndog\n")
        for name in "train", "test":
            rows = Dataset.from_parquet(str(self.root / f"shards/plain_text/{name}-00000-of-00001.parquet")).cast_column("img", Image(decode=False))
            with tarfile.open(self.root / f"tars/{name}-000000.tar", "w") as tar:
                for i, row in enumerate(rows):
                    for ending, content in ("png", row["img"]["bytes"]), ("cls", str(row["label"]).encode()):
                        info = tarfile.TarInfo(f"{i:05d}.{ending}")
                        info.size = len(content)
                        tar.addfile(info, io.BytesIO(content))
        self.zoetrope("run", "--run", "tars-run", "--data", "webdataset:tars", *SHORT, ranks=2)
        self.assertIn(f"data = webdataset:{self.root}/tars\n", (self.root / "tars-run/run.ini").read_text())
        self.zoetrope("run", "--run", "tars-again", "--data", "webdataset:~/../tars", *SHORT)
        self.assertEqual(job.log(self.root / "tars-again"), job.log(self.root / "shards-run"))
        tar = self.root / "tars/test-000000.tar"
        tar.write_bytes(tar.read_bytes()[:5000])
        said = self.zoetrope("extract", "--run", "tars-run", code=3)
        self.assertIn("tars/test-000000.tar: byte ", said)

    def test_a_configuration_is_kept(self):
        for name in "full", "mini":
            self.write_shards(self.root / "both" / name)
        said = self.zoetrope("run", "--run", "run", "--data", "parquet:both", *SHORT, code=3)
        self.assertIn("--data-config", said)
        self.zoetrope("run", "--run", "run", "--data", "parquet:both", "--data-config", "mini", *SHORT)
        self.assertIn("data-config = mini\n", (self.root / "run/run.ini").read_text())
        self.zoetrope("extract", "--run", "run")
        said = self.zoetrope("extract", "--run", "run", "--data-config", "other", code=3)
        self.assertIn("has no configuration other", said)
        said = self.zoetrope("run", "--run", "new", "--data", "idx:home/images", "--data-config", "x", *SHORT, code=2)
        self.assertIn("--data-config has no meaning with --data idx:", said)


if __name__ == "__main__":
    unittest.main()
