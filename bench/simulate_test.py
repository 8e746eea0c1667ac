# SPDX-License-Identifier: Apache-2.0
"""What bench/simulate says against what can be worked out by hand. Usage: simulate_test.py BUILD [unittest's options]"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
BUILD = Path(sys.argv.pop(1))
HERE = Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("simulate", str(HERE / "simulate"))
simulate = importlib.util.module_from_spec(importlib.util.spec_from_loader("simulate", loader))
loader.exec_module(simulate)

PLATFORM = {
    "ranks_per_node": 1,
    "training_flops": 1e12,
    "embedding_flops": 1e12,
    "step_overhead": 0,
    "embedding_block": 10,
    "memory_bandwidth": 28e9,
    "hides_communication": False,
    "cores_per_rank": 1,
    "within": {"bandwidth": 1e11, "latency": 1e-6},
    "between": {"bandwidth": 1e9, "latency": 1e-4},
    "oversubscription": 1,
    "file_system": {"bandwidth": 2e9, "bandwidth_per_node": 1e9, "latency": 0},
}
WORKLOAD = {
    "parameters": 1e8,
    "hidden": 90,
    "classes": 10,
    "training_flops": 1e10,
    "embedding_flops": 1e9,
    "training_images": 1024,
    "bytes_of_image": 1e6,
    "keeps_images": True,
    "epochs": 1,
    "images_of_rank": 32,
    "largest_batch": 1024,
    "checkpoints": 4,
    "writes_models": True,
    "test_images": 1000,
    "resume_every": 1e9,
}


class Simulate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulation = simulate.Simulation(BUILD)

    def play(self, ranks, platform=(), **workload):
        return self.simulation.play({**PLATFORM, **dict(platform)}, {**WORKLOAD, **workload}, ranks)

    def near(self, value, expected, relative=0.01):
        self.assertLess(abs(value - expected), relative * abs(expected) + 1e-9, f"{value} is not {expected}")

    def test_sums_of_gradients_take_latencies_and_bytes(self):
        buckets = 1 + math.ceil((4e8 - 2**20) / (25 * 2**20))
        for nodes in (2, 8, 32):
            played = self.play(nodes)["step"]
            expected = 2 * 4e8 * (1 - 1 / nodes) / 1e9 + buckets * 2 * math.log2(nodes) * 1e-4
            self.near(played["all-reduces that computing does not hide"], expected)
            self.near(played["agreeing"], math.log2(nodes) * 1e-4, 0.05)
            self.near(played["computing"], 0.32)
            self.near(played["update"], 0.1)

    def test_ranks_of_a_node_add_up_first(self):
        played = self.play(8, {"ranks_per_node": 4})["step"]
        buckets = 1 + math.ceil((4e8 - 2**20) / (25 * 2**20))
        within = 2 * (4e8 * 0.75 / 1e11 + buckets * 2e-6)
        self.near(played["all-reduces that computing does not hide"], within + 4e8 / 4e9 + buckets * 2e-4)

    def test_backward_hides_what_fits_beside_it(self):
        hidden = self.play(2, {"hides_communication": True}, training_flops=1e11)["step"]
        self.assertLess(hidden["all-reduces that computing does not hide"], 0.1 * 0.4)  # of 3.2 s of computing: the last bucket

    def test_a_switch_that_carries_half_takes_twice_as_long(self):
        fast, slow = (self.play(8, {"oversubscription": times})["step"] for times in (1, 2))
        self.near(
            slow["all-reduces that computing does not hide"], 2 * fast["all-reduces that computing does not hide"], 0.05
        )

    def test_nodes_share_the_file_system(self):
        self.near(self.play(1)["training"]["reading model and images"], (4e8 + 1024e6) / 1e9)  # a node's own limit
        self.near(self.play(8)["training"]["reading model and images"], 8 * (4e8 + 1024e6) / 2e9)

    def test_images_that_are_not_kept_are_waited_for(self):
        played = self.play(8, keeps_images=False)
        self.near(played["step"]["waiting for images"], max(0, 256e6 / 2e9 - 0.32 - 0.1), 0.05)
        slow = self.play(8, keeps_images=False, bytes_of_image=1e7, parameters=1e5)["step"]  # no gradients on the lines to speak of
        self.near(sum(slow.values()), 2560e6 / 2e9, 0.02)

    def test_training_waits_where_there_is_no_room_for_copies(self):
        # A model of 4 GB is more than the queue holds: each waits for the one before, 4 s at 1 GB/s.
        played = self.play(1, parameters=1e9, training_images=32, checkpoints=4)["training"]
        self.near(played["no room for copies: rank 0 writes"] + played["the last writes"] + played["steps"] + played["embedding"],
                  4 * 4 + 8 + (played["steps"] + played["embedding"]) / 4, 0.02)
        without = self.play(1, parameters=1e9, training_images=32, checkpoints=4, writes_models=False)["training"]
        self.assertLess(without["no room for copies: rank 0 writes"], 0.01)

    def test_blocks_of_images_are_not_shared(self):
        # 100 blocks of 10 images of 1 ms: on 64 ranks some have two, on 128 some have none.
        self.near(self.play(1)["training"]["embedding"], 4 * 1.0)
        self.near(self.play(64)["training"]["embedding"], 4 * 0.02)
        self.near(self.play(128)["training"]["embedding"], 4 * 0.01)

    def test_frames_are_dealt_to_ranks(self):
        costs = json.loads((HERE / "simulation/costs.json").read_text())
        frame = 1000**2 * 90 * (costs["search"] + costs["ranks"]) + costs["products"] * 1000 * 90**2
        reading = 4 * 1000 * 100 / 1e9 + 1e-4 / 2
        self.near(self.play(1)["analysis"]["analysis of frames"], 5 * (frame + reading))
        self.near(self.play(8)["analysis"]["analysis of frames"], frame + 2 * 5 * 4e5 / 2e9, 0.05)  # five ranks read at once

    def test_what_cannot_be_played_is_refused(self):
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / name for name in ("platform.json", "workload.json")]
            for path, content in zip(paths, (PLATFORM, WORKLOAD)):
                path.write_text(json.dumps(content))
            for ranks, word in (("6", "power of two"), ("many", "stoi")):
                done = subprocess.run(
                    [BUILD / "bench/simulate_run", *paths, HERE / "simulation/costs.json", ranks], capture_output=True, text=True
                )
                self.assertEqual((done.returncode, word in done.stderr), (3, True), done.stderr)

    def test_the_report_names_what_is_in_the_way(self):
        platform = {**PLATFORM, "file_system": {"bandwidth": 1e11, "bandwidth_per_node": 1e9, "latency": 0}}
        rows = simulate.rows_of(self.simulation, platform, {**WORKLOAD, "parameters": 1e9, "bytes_of_image": 1e3}, [8, 16])
        self.assertEqual(
            {item["part"] for item in rows[0]["in the way"]},
            {"all-reduces that computing does not hide", "the last writes"},
        )
        self.assertLess(rows[1]["efficiency"], 1)
        for found in rows:
            self.near(found["total"], sum(found["seconds"].values()))
            for item in found["in the way"]:
                self.assertIn(item["part"], simulate.REMEDIES)

    def test_every_part_has_a_remedy(self):
        self.assertEqual(set(simulate.seconds_of(self.play(2))), set(simulate.REMEDIES))

    def test_committed_platforms_and_workloads_are_played(self):
        for platform in HERE.glob("simulation/platforms/*.json"):
            for workload in HERE.glob("simulation/workloads/*.json"):
                played = self.simulation.play(json.loads(platform.read_text()), json.loads(workload.read_text()), 8)
                self.assertEqual(played["ranks"], 8)

    def test_a_check_says_how_far_off_it_is(self):
        def point(ranks, computing, communication):
            parts = {"computing": computing, "communication": communication, "images": 0.001, "between steps": 0.002}
            return {"kind": "strong", "ranks": ranks, "images": 32, "parts": parts, "step": sum(parts.values())}

        # Two cores; 100 us + bytes / 4 GB/s for an all-reduce of two ranks, so half as much a step within.
        buckets = 1 + math.ceil((4 * 815882 - 2**20) / (25 * 2**20))
        two = buckets * 100e-6 + 4 * 815882 / 4e9
        four = buckets * 200e-6 + 1.5 * 4 * 815882 / 4e9
        with tempfile.TemporaryDirectory() as scratch:
            points = [point(1, 0.02, 0), point(2, 0.01, two), point(4, 0.01, four)]
            fits = {"alpha_beta": {"2": {"alpha_us": 100, "gb_per_second": 4}}}
            (Path(scratch) / "report.json").write_text(json.dumps({"points": points, "fits": fits}))
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertLess(simulate.check(self.simulation, Path(scratch), 815882, 2), 0.01)
            self.assertEqual(len(said.getvalue().splitlines()), 2 + 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
