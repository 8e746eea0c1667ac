# SPDX-License-Identifier: Apache-2.0
"""Embeddings of other programs, all steps in one file: what is taken in is what numpy, h5py and pyarrow read."""
import io
import shutil
import struct
import sys
import unittest
import zipfile
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

QUIET = ["--no-progress", "--quality-neighbours", "5", "--neighbours", "4"]
STEPS = (0, 10, 25)


def arrays(dtype="<f4", rows=40, columns=6):
    random = np.random.default_rng(rows + columns)
    return {step: random.normal(size=(rows, columns)).astype(dtype) for step in STEPS}


def drawn_arrays(count=4):
    """Of each width and order of bytes, with a seed that a failure shows."""
    seed = int(np.random.default_rng().integers(1 << 32))
    random = np.random.default_rng(seed)
    rows, columns = (int(n) for n in random.integers(2, 50, 2))
    steps = map(int, random.choice(100_000, count, replace=False))
    return seed, {step: (random.normal(size=(rows, columns)) * 10.0 ** random.integers(-6, 4)).astype(
        str(random.choice(["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]))) for step in steps}


class OneFile(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.run_folder = self.root / "run"

    def analyze(self, given, *options, code=0, ranks=1):
        return job.run(["analyze", "--embeddings", given, "--run", self.run_folder, *QUIET, *options], ranks, code)

    def assert_stored(self, expected, name="embeddings"):
        self.assertEqual(job.checkpoints(self.run_folder), [f"checkpoint-{step}" for step in sorted(expected)])
        for step, array in expected.items():
            with h5py.File(self.run_folder / f"checkpoint-{step}/embeddings.h5") as file:
                np.testing.assert_array_equal(file[name][:].view(np.uint32), np.asarray(array).astype(np.float32).view(np.uint32))

    def assert_taken_in(self, given, expected, *options, ranks=1):
        shutil.rmtree(self.run_folder, ignore_errors=True)
        self.analyze(given, *options, ranks=ranks)
        self.assert_stored(expected)

    def refused(self, given, *says, code=3):
        _, said = self.analyze(given, code=code)
        for word in (Path(given).name, *says):
            self.assertIn(word, said)
        self.assertEqual(len([line for line in said.splitlines() if line.startswith("zoetrope:")]), 1, said)

    # .npz

    def test_npz(self):
        seed, expected = drawn_arrays()
        with self.subTest(seed=seed):
            for save in np.savez, np.savez_compressed:
                for name in "step_{}", "{}", "embedding_{}":
                    path = self.root / f"{save.__name__}.npz"
                    save(path, labels=np.arange(3), **{name.format(step): np.asarray(array, order="F" if step % 2 else "C")
                                                       for step, array in expected.items()})
                    with np.load(path) as file:
                        self.assert_taken_in(path, {step: file[name.format(step)] for step in expected}, ranks=1 + seed % 2)

    def test_broken_npz(self):
        path = self.root / "emb.npz"
        for save in np.savez, np.savez_compressed:
            save(path, **{f"step_{step}": array for step, array in arrays().items()})
            good = path.read_bytes()
            for name, content in {"cut": good[:-1], "half": good[:len(good) // 2], "empty": b"", "no zip": b"hello" * 50}.items():
                with self.subTest(name):
                    path.write_bytes(content)
                    self.refused(path)
            # A bit in the numbers of the array in the middle: the checksum tells.
            with zipfile.ZipFile(io.BytesIO(good)) as file:
                info = file.infolist()[1]
            at = info.header_offset + 30 + len(info.filename) + struct.unpack("<H", good[info.header_offset + 28:info.header_offset + 30])[0]
            at += info.compress_size - 20
            path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
            self.refused(path, "step_10" if save is np.savez else "")
        np.savez(path, step_1=np.array([None]), allow_pickle=True)
        self.refused(path, "step_1", "pickle")
        np.savez(path, step_1=np.zeros((40, 6)), **{"step-1": np.zeros((40, 6))})
        self.refused(path, "step_1", "step-1")
        np.savez(path, step_1=np.zeros((40, 6)), step_2=np.zeros((39, 6)))
        self.refused(path, "step_2", "39", "40")
        np.savez(path, other=np.zeros((40, 6)))
        self.refused(path, "step_<step>")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000, 5000), }"
            file.writestr("step_1.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + b"\0" * 1000)
        self.refused(path, "step_1", "(100000, 5000)")

    # .h5

    def test_hdf5_with_a_dataset_for_each_step(self):
        seed, expected = drawn_arrays()
        with self.subTest(seed=seed):
            for libver in "earliest", "latest":
                path = self.root / f"{libver}.h5"
                with h5py.File(path, "w", libver=libver) as file:
                    for step, array in expected.items():
                        file[f"step_{step}" if step % 2 else str(step)] = array
                    file["labels"] = np.arange(3)
                with h5py.File(path) as file:
                    read = {step: file[f"step_{step}" if step % 2 else str(step)][:] for step in expected}
                self.assert_taken_in(path, read, ranks=1 + seed % 2)

    def test_hdf5_with_all_steps_in_one_dataset(self):
        for dtype in "<f2", ">f8":
            expected = arrays(dtype)
            path = self.root / "emb.hdf5"
            with h5py.File(path, "w") as file:
                file["embeddings"] = np.stack(list(expected.values()))
                file["step"] = np.array(list(expected), ">u2")
                file["logits"] = np.stack([array[:, :2] for array in expected.values()])
            self.assert_taken_in(path, expected)
            (self.root / "labels.txt").write_text("0\n1\n" * 20)
            self.analyze(path, "--logits", path, "--labels", self.root / "labels.txt")
            self.assert_stored({step: array[:, :2] for step, array in expected.items()}, "logits")
            with h5py.File(path, "a") as file:
                del file["step"]
            self.assert_taken_in(path, dict(enumerate(expected.values())))

    def test_broken_hdf5(self):
        path = self.root / "emb.h5"

        def write(**datasets):
            with h5py.File(path, "w") as file:
                for name, array in datasets.items():
                    file[name] = array

        array = arrays()[0]
        write(step_1=array, step_2=array)
        good = path.read_bytes()
        for content in good[:-100], good[:40], b"", b"no HDF5" * 100:
            path.write_bytes(content)
            self.refused(path)
        for name, datasets in {"whole": {"step_1": array.astype(int)}, "list": {"step_1": array[0]}, "text": {"step_1": "a"},
                               "rows": {"step_1": array, "step_2": array[1:]}, "twice": {"step_1": array, "step-1": array},
                               "both": {"step_1": array, "embeddings": np.stack([array])}, "none": {"other": array},
                               "flat": {"embeddings": array}, "steps": {"embeddings": np.stack([array]), "step": np.arange(2)},
                               "below 0": {"embeddings": np.stack([array]), "step": np.array([-1])}}.items():
            with self.subTest(name):
                write(**datasets)
                self.refused(path)
        bad = array.copy()
        bad[3, 1] = np.nan
        write(embeddings=np.stack([array, bad]), step=np.array([5, 7]))
        self.refused(path, "step 7", "row 3")
        with h5py.File(path, "w") as file:
            file.create_dataset("step_1", data=array, compression="gzip")
        self.refused(path, "h5repack")
        with h5py.File(path, "w") as file:
            file.create_dataset("step_1", (10**9, 10**4), "f4", chunks=(100, 100))
        self.refused(path, "step_1")
        with h5py.File(path, "w") as file:
            file["step_1"] = h5py.ExternalLink("/etc/passwd", "/x")
        self.refused(path)

    # .parquet

    def test_parquet(self):
        seed, expected = drawn_arrays()
        with self.subTest(seed=seed):
            native = {step: array.astype(array.dtype.newbyteorder("=")) for step, array in expected.items()}
            kinds = {"fixed": lambda array: pa.FixedSizeListArray.from_arrays(pa.array(array.ravel()), array.shape[1]),
                     "lists": lambda array: pa.array(list(array)),
                     "large": lambda array: pa.array(list(array), pa.large_list(pa.from_numpy_dtype(array.dtype)))}
            for kind, make in kinds.items():
                path = self.root / f"{kind}.parquet"
                columns = {f"embedding_{step}": make(array) for step, array in native.items()}
                columns |= {"index": pa.array(range(len(next(iter(native.values()))))), "step_5": pa.array(["x"] * len(next(iter(native.values()))))}
                pq.write_table(pa.table(columns), path, row_group_size=7, store_schema=kind != "fixed")
                table = pq.read_table(path)
                read = {step: np.array(table[f"embedding_{step}"].to_pylist(), native[step].dtype) for step in expected}
                self.assert_taken_in(path, read, ranks=1 + seed % 2)

    def test_parquet_has_labels_and_names_of_its_own(self):
        words = ["b", "a"] * 20
        table = {f"embedding_{step}": pa.array(list(array)) for step, array in arrays().items()}
        path = self.root / "emb.parquet"
        pq.write_table(pa.table(table | {"label": pa.array(words), "name": pa.array([f"clip-{i}.wav" for i in range(40)])}), path)
        self.analyze(path)
        job.run(["review", "--run", self.run_folder, "--no-progress", "--export", "npz"])
        with np.load(self.run_folder / "review.npz") as file:
            self.assertEqual(list(file["class_name"]), ["a", "b"])
            self.assertEqual(list(file["label"]), [1, 0] * 20)
            self.assertEqual(file["image_name"][7], "clip-7.wav")
        pq.write_table(pa.table(table | {"mood": pa.array(words)}), path)
        _, said = self.analyze(path, "--labels", path, code=3)
        self.assertIn("--label-column", said)
        self.analyze(path, "--labels", path, "--label-column", "mood")

    def test_a_parquet_file_of_labels_alone_packs_them_closely(self):
        folder = self.root / "emb"
        folder.mkdir()
        for step in range(2):
            np.save(folder / f"step_{step}.npy", np.random.default_rng(step).normal(size=(5000, 4)).astype("f4"))
        for labels in (np.arange(5000) % 10, np.arange(5000) // 500, np.array(["ant", "bee", "cat"])[np.arange(5000) % 3]):
            pq.write_table(pa.table({"label": labels}), self.root / "labels.parquet")
            self.analyze(folder, "--labels", self.root / "labels.parquet")

    def test_our_own_export_reads_back(self):
        given = self.root / "emb"
        given.mkdir()
        expected = arrays()
        for step, array in expected.items():
            np.save(given / f"{step}.npy", array)
        (self.root / "labels.txt").write_text("x\ny\n" * 20)
        each = ["--projection", "each"]  # of a step alone: the export has two of the three
        self.analyze(given, "--labels", self.root / "labels.txt", *each)
        job.run(["review", "--run", self.run_folder, "--no-progress", "--export", "parquet,npz"])
        with h5py.File(self.run_folder / "analysis.h5") as file:
            before = {name: file[name][:] for name in ("label", "class_name", "ood_score", "pca")}
        for name in "review.parquet", "review.npz":
            shutil.copy(self.run_folder / name, self.root)
        ends = {step: expected[step] for step in (0, 25)}
        self.assert_taken_in(self.root / "review.npz", ends)
        self.assert_taken_in(self.root / "review.parquet", ends, *each)
        with h5py.File(self.run_folder / "analysis.h5") as file:
            for name, array in before.items():
                np.testing.assert_array_equal(file[name][:], array[[0, 2]] if name in ("ood_score", "pca") else array, name)

    def test_broken_parquet(self):
        path = self.root / "emb.parquet"
        array = arrays()[0]
        pq.write_table(pa.table({"embedding_1": pa.array(list(array)), "embedding_2": pa.array(list(array))}), path)
        good = path.read_bytes()
        for content in good[:-1], good[:200], good[200:], b"":
            path.write_bytes(content)
            self.refused(path)
        rows = list(array)
        uneven, hole, null, bad = rows[:4] + [rows[4][:5]] + rows[5:], rows[:4] + [None] + rows[5:], [list(map(float, row)) for row in rows], array.copy()
        null[4][2] = None
        bad[4, 2] = np.inf
        for name, column in {"uneven": pa.array(uneven), "hole": pa.array(hole), "null": pa.array(null), "inf": pa.array(list(bad))}.items():
            with self.subTest(name):
                pq.write_table(pa.table({"embedding_1": column}), path)
                self.refused(path, "embedding_1", "row 4")
        for name, column in {"whole": pa.array([[1, 2]] * 40), "flat": pa.array([1.0] * 40), "words": pa.array([["a", "b"]] * 40)}.items():
            with self.subTest(name):
                pq.write_table(pa.table({"embedding_1": column}), path)
                self.refused(path, "embedding_1")
        pq.write_table(pa.table({"x": pa.array(rows)}), path)
        self.refused(path, "embeddings_<step>")


if __name__ == "__main__":
    unittest.main()
