# SPDX-License-Identifier: Apache-2.0
"""A node that loses its power during training: the job goes on elsewhere and gives what an undisturbed run gives."""
import harness
from harness import LONGER, SlurmTest

# Each checkpoint can be gone on from: by default the training would be too short to have saved anything but frames.
RESUMABLE = [*LONGER, "--resume-every", "0"]


class NodeFailure(SlurmTest):
    NODES = 5  # two for a job, and each test loses one

    def lose_a_node(self, script, choose):
        number = self.submit(script, "--run", "run", *RESUMABLE)
        self.wait_for_training()
        record = self.cluster.job(number)
        names = self.call("scontrol", "show", "hostnames", record["NodeList"])[0].split()
        lost = choose(names, record["BatchHost"])
        self.cluster.crash(lost)
        self.assert_still_training()

        record = self.finish(number)
        self.assertEqual(record["Restarts"], "1", self.said())
        self.assertNotIn(lost, self.call("scontrol", "show", "hostnames", record["NodeList"])[0].split())
        self.assertIn("training goes on from checkpoint-", self.said())
        self.assert_same_as_reference("run", RESUMABLE)

    def test_the_node_of_the_batch_script(self):
        self.lose_a_node("run.sbatch", lambda names, batch: batch)

    def test_another_node_under_srun(self):
        self.lose_a_node("run.sbatch", lambda names, batch: next(name for name in names if name != batch))

    def test_another_node_under_mpirun(self):
        self.lose_a_node("run-mpirun.sbatch", lambda names, batch: next(name for name in names if name != batch))


if __name__ == "__main__":
    harness.main()
