# SPDX-License-Identifier: Apache-2.0
"""Embeddings that other programs have written: what is taken in is what numpy reads, and all that follows is as of our own."""
import configparser
import hashlib
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np

QUIET = ["--no-progress", "--quality-neighbours", "5", "--neighbours", "4"]
TRAINING = ["--train-limit", "64", "--test-limit", "150", "--max-steps", "20", "--save-steps", "5", "--learning-rate", "1e-3"]
SMALL_PICTURE = ["--size", "960x540"]
STEPS = (0, 10, 25)
WORDS = ["ant", "bee", "cat"]


def arrays(seed, rows=60, columns=7, steps=STEPS):
    """Three classes that part from one another."""
    random = np.random.default_rng(seed)
    noise, centres = random.normal(size=(rows, columns)), 4 * random.normal(size=(3, columns))
    return {step: noise + at * centres[np.arange(rows) % 3] for at, step in enumerate(steps)}


def write_npy(path, array, version=None):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=array.dtype == object)


class OwnEmbeddings(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.run_folder = self.root / "run"
        self.given = self.root / "emb"
        self.given.mkdir()

    def write(self, values, dtype="<f4", name="step_{}.npy"):
        for step, array in values.items():
            write_npy(self.given / name.format(step), array.astype(dtype))

    def labels(self, rows=60):
        path = self.root / "labels.txt"
        path.write_text("".join(WORDS[i % 3] + "\n" for i in range(rows)))
        return path

    def analyze(self, *options, code=0, ranks=1, run=None, given=None):
        return job.run(["analyze", "--embeddings", given or self.given, "--run", run or self.run_folder, *QUIET, *options], ranks, code)

    def stored(self, step, name="embeddings", run=None):
        with h5py.File((run or self.run_folder) / f"checkpoint-{step}/embeddings.h5") as file:
            return file[name][:], dict(file.attrs)

    def analysis(self, run=None):
        with h5py.File((run or self.run_folder) / "analysis.h5") as file:
            return {name: file[name][:] for name in file}

    def refused(self, *options, code=3, says=(), **others):
        _, said = self.analyze(*options, code=code, **others)
        for word in says:
            self.assertIn(str(word), said)
        self.assertEqual(len([line for line in said.splitlines() if line.startswith("zoetrope:")]), 1, said)

    def assert_stored(self, expected, run=None):
        for step, array in expected.items():
            values, attributes = self.stored(step, run=run)
            np.testing.assert_array_equal(values.view(np.uint32), array.astype(np.float32).view(np.uint32))
            self.assertEqual(attributes["feature"], b"given")
            digest = hashlib.sha256(np.ascontiguousarray(array, "<f4").tobytes()).hexdigest()
            self.assertEqual(attributes["model_digest"].decode(), digest)

    def test_all_that_numpy_writes(self):
        """Drawn: sizes and orders of bytes, orders of axes, versions of the header, names."""
        random = np.random.default_rng()
        seed = int(random.integers(1 << 32))
        with self.subTest(seed=seed):
            random = np.random.default_rng(seed)
            rows, columns = (int(n) for n in random.integers(2, 40, 2))
            expected, steps = {}, random.choice(10_000, 12, replace=False)
            for step in map(int, steps):
                dtype = np.dtype(str(random.choice(["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])))
                array = (random.normal(size=(rows, columns)) * 10.0 ** random.integers(-6, 4)).astype(dtype)
                array = np.asarray(array, order=str(random.choice(["C", "F"])))
                name = str(random.choice(["{}.npy", "step_{:07}.npy", "step-{}.npy", "checkpoint-{}.npy", "embeddings_{}.npy"])).format(step)
                write_npy(self.given / name, array, tuple(random.choice([(1, 0), (2, 0), (3, 0)])))
                expected[step] = np.load(self.given / name).astype(np.float32)
            self.analyze("--projection", "last")
            self.assert_stored(expected)
            self.assertEqual(list(self.analysis()["step"]), sorted(expected))

    def test_values_at_the_ends_of_what_float32_holds(self):
        least, most = np.finfo(np.float32).smallest_subnormal, np.finfo(np.float32).max
        doubles = np.array([[most, -most, least, -least, 1e-60, -0.0], [most * (1 + 2**-26), 1 / 3, np.pi, 1e38, 1e-40, 65504.0]])
        halves = np.array([[65504, -65504, 2**-24, -(2**-24), 2**-14, -0.0], [0.1, 1, 2, 3, 4, 5]], dtype=np.float16)
        self.write({0: doubles}, "<f8")
        write_npy(self.given / "1.npy", halves)
        self.analyze()
        self.assert_stored({0: doubles, 1: halves})

    def test_analysis_equals_that_of_the_same_numbers_from_extract(self):
        ours = self.root / "ours"
        job.run(["run", "--run", ours, *TRAINING, *QUIET, "--model", job.GOLDEN / "vit-tiny", *SMALL_PICTURE])
        logits = self.root / "logits"
        logits.mkdir()
        for name in job.checkpoints(ours):
            with h5py.File(ours / name / "embeddings.h5") as file:
                np.save(self.given / f"{name}.npy", file["embeddings"][:])
                np.save(logits / f"{name}.npy", file["logits"][:])
        expected = self.analysis(ours)
        np.save(self.root / "labels.npy", expected["label"].astype(np.uint8))
        (self.root / "class_names.txt").write_bytes(b"\n".join(expected["class_name"]) + b"\n")
        self.analyze("--labels", self.root / "labels.npy", "--logits", logits)
        found = self.analysis()
        # Of the model, which is not given.
        for name in ("plane_classifier", "region_agreement"):
            del expected[name]
        self.assertEqual(set(found), set(expected))
        for name in sorted(set(expected) - {"epoch", "loss", "embeddings_digest"}):
            np.testing.assert_array_equal(found[name], expected[name], name)

    def test_any_number_of_ranks_gives_the_same_bits(self):
        self.write(arrays(3))
        labels = self.labels()
        runs = [self.root / f"ranks-{ranks}" for ranks in (1, 2, 4)]
        for ranks, run in zip((1, 2, 4), runs):
            self.analyze("--labels", labels, ranks=ranks, run=run)
        for run in runs[1:]:
            for name in (*(f"checkpoint-{step}/embeddings.h5" for step in STEPS), "analysis.h5"):
                job.assert_same_hdf5(runs[0] / name, run / name)

    def test_a_second_call_takes_up_what_is_there(self):
        values = arrays(4)
        self.write(values)
        self.analyze("--labels", self.labels())
        before = {path: path.stat().st_mtime_ns for path in self.run_folder.rglob("*.h5")}
        self.analyze("--labels", self.labels())
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.run_folder.rglob("*.h5")}, before)
        values[10] = values[10] + 1
        self.write({10: values[10]})
        self.analyze()
        changed = {path.relative_to(self.run_folder).parts[0] for path, when in before.items() if path.stat().st_mtime_ns != when}
        self.assertEqual(changed, {"checkpoint-10", "analysis.h5"})
        self.assert_stored(values)
        values[40] = values[10] * 2
        self.write({40: values[40]})
        self.analyze()
        self.assert_stored(values)
        self.assertEqual(list(self.analysis()["step"]), [*STEPS, 40])
        job.assert_no_leftovers(self.run_folder)

    def test_what_is_refused_changes_nothing(self):
        self.write(arrays(17))
        self.analyze()
        before = job.digests(self.run_folder)
        values = arrays(18)
        values[25][7, 3] = np.nan
        self.write(values)
        for ranks in 1, 2:
            self.refused(says=("step_25.npy", "row 7"), ranks=ranks)
            self.assertEqual(job.digests(self.run_folder), before)

    def test_a_stop_leaves_steps_missing_and_no_mixture(self):
        self.write(arrays(19))
        self.analyze()
        values = arrays(20)
        self.write({**values, 10: np.tile(values[10], 6000)})  # more than the disk takes
        words = job.command(["analyze", "--embeddings", self.given, "--run", self.run_folder, *QUIET])
        done = subprocess.run(["bash", "-c", 'ulimit -f 8192; exec "$@"', "_", *words], capture_output=True, text=True)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, r"checkpoint-10/.*: /embeddings: cannot be written")
        _, said = job.run(["analyze", "--run", self.run_folder, *QUIET], code=3)
        self.assertIn("checkpoint-10/embeddings.h5: there is no such file; take it in with zoetrope analyze --embeddings", said)
        self.write(values)
        self.analyze()
        self.assert_stored(values)

    def test_damage_is_mended_from_what_was_given(self):
        self.write(arrays(5))
        self.analyze()
        path = self.run_folder / "checkpoint-10/embeddings.h5"
        whole = path.read_bytes()
        path.write_bytes(whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:])
        out, _ = job.run(["inspect", "--verify", self.run_folder], code=3)
        self.assertIn("--embeddings takes it in again", out)
        _, said = self.analyze()
        self.assertIn("taken in again", said)
        self.assert_stored(arrays(5))
        job.run(["inspect", "--verify", self.run_folder])
        out, _ = job.run(["inspect", path])
        self.assertIn("given", out)

    def test_later_jobs_need_the_labels_alone(self):
        self.write(arrays(6))
        self.analyze("--labels", self.labels())
        shutil.rmtree(self.given)
        job.run(["render", "--run", self.run_folder, "--no-progress", *SMALL_PICTURE])
        job.run(["review", "--run", self.run_folder, "--no-progress", "--export", "npz,projector,spotlight"])
        job.run(["analyze", "--run", self.run_folder, "--no-progress", "--neighbours", "6"], ranks=2)
        for name in "animation.gif", "poster.png", "review.html", "review.npz", "checkpoint-25/frame.png":
            self.assertTrue((self.run_folder / name).is_file(), name)
        parser = configparser.ConfigParser()
        parser.read_string("[run]\n" + (self.run_folder / "run.ini").read_text())
        kept = dict(parser["run"])
        self.assertEqual((kept["embeddings"], kept["labels"]), (str(self.given), str(self.root / "labels.txt")))
        self.assertNotIn("data", kept)
        with np.load(self.run_folder / "review.npz") as file:
            self.assertEqual(list(file["class_name"]), WORDS)
            self.assertNotIn("image", file.files)

    def test_each_job_does_what_comes_before_it(self):
        self.write(arrays(7))
        for name in "render", "review":
            run = self.root / name
            size = SMALL_PICTURE if name == "render" else []
            job.run([name, "--embeddings", self.given, "--labels", self.labels(), "--run", run, *QUIET, *size])
            self.assertTrue((run / {"render": "poster.png", "review": "review.html"}[name]).is_file())

    def test_images_are_shown_where_there_are_some(self):
        self.write(arrays(8))
        images = ["--images", "idx:/usr/share/datasets/fashion-mnist"]
        self.refused(*images, says=("10,000", "60", "--images"))
        self.write(arrays(8, rows=10_000))
        self.analyze(*images)
        labels = self.analysis()["label"]
        self.assertEqual(len(set(labels)), 10)
        before = (self.run_folder / "analysis.h5").stat().st_mtime_ns
        self.analyze("--data", images[1])
        self.assertEqual((self.run_folder / "analysis.h5").stat().st_mtime_ns, before)
        self.refused("--data", images[1], "--images", "folder:.", code=2, says=("--images", "--data"))
        job.run(["render", "--run", self.run_folder, "--no-progress", *SMALL_PICTURE])

    def test_labels_in_every_form(self):
        self.write(arrays(9))
        numbers = np.arange(60) % 3
        forms = {"a.npy": numbers.astype(">i2"), "b.npy": numbers.astype("u1")[:, None], "c.txt": "{}", "d.csv": "{}", "e.txt": "{:.18e}"}
        for name, form in forms.items():
            path = self.root / name
            if isinstance(form, str):
                lines = [form.format(n) for n in numbers]
                path.write_text("\r\n".join((["label"] if name == "d.csv" else []) + lines))
            else:
                np.save(path, form)
            self.analyze("--labels", path)
            found = self.analysis()
            np.testing.assert_array_equal(found["label"], numbers)
            self.assertEqual([word.decode() for word in found["class_name"]], ["0", "1", "2"], name)
        self.analyze("--labels", self.labels())
        self.assertEqual([word.decode().rstrip("\0") for word in self.analysis()["class_name"]], WORDS)

    def test_labels_that_do_not_fit(self):
        self.write(arrays(10))
        bad = self.root / "bad"
        bad.mkdir()
        (bad / "few.txt").write_text("a\n" * 59)
        (bad / "hole.txt").write_text("a\n" * 7 + "\n" + "a\n" * 52)
        (bad / "wide.csv").write_text("0,a\n" * 60)
        np.save(bad / "real.npy", np.zeros(60))
        np.save(bad / "words.npy", np.array(["a"] * 60))
        np.save(bad / "large.npy", np.full(60, 2**63, np.uint64))
        for name, says in {"few.txt": ("59", "60"), "hole.txt": ("line 8",), "wide.csv": ("line 1", "columns"), "real.npy": ("float64",),
                           "words.npy": ("<U1",), "large.npy": ("row 0",), "none.txt": ()}.items():
            self.refused("--labels", bad / name, says=(name, *says))
        self.assertFalse((self.run_folder / "checkpoint-0").exists())

    def test_logits_belong_to_labels(self):
        values = arrays(11)
        self.write(values)
        logits = self.root / "logits"
        logits.mkdir()
        for step, array in values.items():
            np.save(logits / f"{step}.npy", array[:, :3].astype("<f2"))
        numbers = self.root / "numbers.txt"
        numbers.write_text("".join(f"{i % 2}\n" for i in range(60)))
        self.refused("--logits", logits, code=2, says=("--labels",))
        self.analyze("--logits", logits, "--labels", numbers)
        found = self.analysis()
        shown = np.load(logits / "25.npy").astype(np.float32)
        np.testing.assert_array_equal(found["prediction"][-1], shown.argmax(1))
        self.assertEqual(len(found["class_name"]), 3)
        np.testing.assert_array_equal(self.stored(25, "logits")[0], shown)
        np.save(logits / "25.npy", shown[:, :2])
        self.refused("--logits", logits, "--labels", numbers, says=("25.npy", "60 x 2", "60 x 3"))
        (logits / "25.npy").unlink()
        self.refused("--logits", logits, "--labels", numbers, says=("step 25",))
        np.save(logits / "25.npy", shown)
        np.save(logits / "30.npy", shown)
        self.refused("--logits", logits, "--labels", numbers, says=("30.npy", "step 30"))

    def test_broken_arrays(self):
        self.write(arrays(12))
        good = (self.given / "step_10.npy").read_bytes()
        bad = self.given / "step_20.npy"
        header = good[:128].decode("latin1")
        texts = {
            "truncated": good[:-1], "longer": good + b"\0", "in its header": good[:90], "empty": b"", "no npy": b"PK\3\4" + good[4:],
            "version": good[:6] + b"\4\0" + good[8:],
            "huge": header.replace("(60, 7)", "(60000000000, 7000000000)").encode("latin1") + good[128:],
            "negative": header.replace("(60, 7)", "(-1, 7)").encode("latin1") + good[128:],
            "code": header.replace("(60, 7)", "__import__('os')").encode("latin1") + good[128:],
            "no dict": good[:10] + b" " * 118 + good[128:],
        }
        for name, content in texts.items():
            with self.subTest(name):
                bad.write_bytes(content)
                self.refused(says=("step_20.npy",))
        for name, array in {"object": np.array([{}] * 60), "structured": np.zeros(60, [("a", "<f4")]), "complex": np.zeros((60, 7), complex),
                            "whole": np.zeros((60, 7), int), "list": np.zeros(60), "cube": np.zeros((60, 7, 1)), "no rows": np.zeros((0, 7)),
                            "fewer rows": np.zeros((59, 7)), "one column": np.zeros((60, 1))}.items():
            with self.subTest(name):
                write_npy(bad, array)
                self.refused(says=("step_20.npy", *(["object"] if name == "object" else [])))
        for value, says in {np.nan: "nan", np.inf: "inf", 1e39: "too large"}.items():
            array = arrays(12)[10]
            array[7, 3] = value
            write_npy(bad, array)
            self.refused(says=("step_20.npy", "row 7", says))
        self.assertFalse((self.run_folder / "run.ini").exists(), "a refused job keeps its options")
        bad.unlink()
        np.save(self.given / "checkpoint-10.npy", np.zeros((60, 7)))
        self.refused(says=("checkpoint-10.npy", "step_10.npy", "step 10"))
        (self.given / "checkpoint-10.npy").unlink()
        np.save(self.given / "labels.npy", np.zeros(60))
        _, said = self.analyze()
        self.assertIn("labels.npy", said)

    def test_what_is_no_set_of_arrays(self):
        np.save(self.root / "alone.npy", np.zeros((60, 7)))
        self.refused(given=self.root / "alone.npy", says=("alone.npy", "step"))
        self.refused(given=self.given, says=("emb", "step_<step>"))
        self.refused(given=self.root / "none", says=("none",))
        (self.root / "model.pt").write_bytes(b"PK")
        self.refused(given=self.root / "model.pt", says=("model.pt",))
        self.assertFalse(any(self.run_folder.glob("checkpoint-*")))

    def test_other_jobs_refuse_it(self):
        self.write(arrays(13))
        for name in "run", "finetune", "extract":
            _, said = job.run([name, "--embeddings", self.given, "--run", self.run_folder], code=2)
            self.assertIn("--embeddings", said)
        _, said = job.run(["review", "--live", "--embeddings", self.given, "--run", self.run_folder], code=2)
        self.assertIn("--live", said)
        job.run(["analyze", "--labels", self.labels(), "--run", self.run_folder], code=2)
        self.analyze()
        for name in "run", "finetune", "extract":
            _, said = job.run([name, "--run", self.run_folder], code=2)
            self.assertIn("given", said)

    def test_nothing_of_zoetropes_own_is_written_over(self):
        ours = self.root / "ours"
        job.run(["finetune", "--run", ours, *TRAINING, "--no-progress", "--model", job.GOLDEN / "vit-tiny", "--save", "in-situ"])
        before = job.digests(ours)
        self.write(arrays(14, steps=(0, 5, 10, 15, 20)))
        self.refused(run=ours, says=("checkpoint-0", "another --run"))
        self.assertEqual(job.digests(ours), before)

    def test_steps_that_are_no_longer_given_are_named(self):
        self.write(arrays(15))
        self.analyze()
        (self.given / "step_25.npy").unlink()
        self.refused(says=("checkpoint-25", "step 25"))

    def test_columns_may_change_where_the_mathematics_allows_it(self):
        values = arrays(16)
        values[25] = np.hstack([values[25], values[10]])
        self.write(values)
        self.refused(code=2, says=("step 0 has 7 columns", "step 25 14", "--projection each"))
        self.analyze("--projection", "each")
        found = self.analysis()
        self.assertTrue(np.isnan(found["camera_share"]).tolist() == [True, False, True])
        self.assertTrue(np.isfinite(found["linear_cka"][1:]).all())
        centred = [values[step] - values[step].mean(axis=0, dtype=float) for step in sorted(values)]
        for name, end in ("linear_cka_first", centred[0]), ("linear_cka_last", centred[-1]):
            cka = [np.linalg.norm(x.T @ end) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(end.T @ end)) for x in centred]
            np.testing.assert_allclose(found[name], cka, atol=1e-6)
        self.assertTrue(np.isfinite(found["aligned"]).all())
        job.run(["render", "--run", self.run_folder, "--no-progress", *SMALL_PICTURE, "--tween", "2", "--tween-path", "projection"])
        for projection in "last", "joint", "smooth":
            self.refused("--projection", projection, code=2, says=("step 0 has 7 columns", "step 25 14"))


if __name__ == "__main__":
    unittest.main()
