# SPDX-License-Identifier: Apache-2.0
"""What only prints: output that cannot be written is no success, and a file that is cut while it is looked at has its name said."""
import os
import struct
import subprocess
import unittest
from pathlib import Path

import job

NO_ROOM = "zoetrope: standard output cannot be written: No space left on device\n"


def weights(path, count=4096):
    header = f'{{"a":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{4 * count}]}}}}'.encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * count))
    return path


class Output(unittest.TestCase):
    def setUp(self):
        scratch = job.scratch()
        self.addCleanup(scratch.cleanup)
        checkpoint = Path(scratch.name) / "checkpoint-4"
        checkpoint.mkdir()
        self.file = weights(checkpoint / "optimizer.safetensors")

    def printing(self):
        return (["--version"], ["--help"], ["run", "--help"], ["inspect", self.file], ["inspect", "--verify", self.file])

    def test_a_full_disk_is_said(self):
        for words in (*self.printing(), ["doctor", "--timeout", "30"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(job.command(words), stdout=full, stderr=subprocess.PIPE, text=True, timeout=240 * job.SLOWER)
            self.assertEqual((done.returncode, done.stderr.splitlines()[-1:]), (4, [NO_ROOM.strip()]), words)

    def test_nobody_who_reads_on_is_no_error(self):
        for words in self.printing():
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run(job.command(words), stdout=writing, stderr=subprocess.PIPE, timeout=240 * job.SLOWER)
            os.close(writing)
            self.assertEqual(done.stderr, b"", words)

    def test_a_file_that_is_cut_while_it_is_looked_at(self):
        for words in (["inspect"], ["inspect", "--verify"]):
            weights(self.file)
            environment = {**os.environ, "LD_PRELOAD": os.environ["ZOETROPE_CUT_MAPPED"], "ZOETROPE_TEST_CUT": str(self.file)}
            done = subprocess.run(job.command([*words, self.file]), env=environment, capture_output=True, text=True, timeout=240 * job.SLOWER)
            self.assertIn(done.returncode, (3, 4), done.stderr)
            self.assertIn(f"{self.file}: ", done.stdout + done.stderr)
            self.assertIn("become shorter", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
