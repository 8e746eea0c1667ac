# SPDX-License-Identifier: Apache-2.0
"""The callback for Lightning, both as the package lightning and as pytorch_lightning."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from zoetrope.divided import is_divided
from zoetrope.folder import folder_of, refuse_others
from zoetrope.in_memory import Embed, embed_batches
from zoetrope.recording import Recording, leave_course
from zoetrope.run import Run
from zoetrope.safety import harmless

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    try:
        from lightning.pytorch import Callback
    except ImportError:
        from pytorch_lightning import Callback


REFUSED = "a model whose weights are divided among processes (FSDP, DeepSpeed's stage 3) cannot embed in memory: train with DDP"


class EmbeddingAnimation(Callback):  # type: ignore[misc]
    """Embeds the same batches before the first step and after every epoch, and makes the animation and the page of it.

        Trainer(callbacks=[EmbeddingAnimation(loader, lambda model, batch: model.features(batch[0]), run="runs/first", labels=labels)])

    batches         a DataLoader that does not shuffle, or a list of batches
    embed           a function of model and batch that gives a tensor [rows, D], or a pair with a classifier's logits [rows, C]
    run             the run directory; of a training that goes on from a checkpoint, the same one
    labels, images, class_names    of all rows, as record() takes them
    every_n_epochs  how often it embeds
    options         all others are those of `zoetrope render`: tween=3, format="gif,mp4", theme="dark"

    draw() makes animation and page on demand. Whatever fails here is a ZoetropeWarning, and the training goes on; only a `run` that
    holds another training already, and a model whose weights are divided among processes, are refused at its start.
    """

    def __init__(self, batches: Iterable[Any], embed: Embed, run: str | os.PathLike[str] = "runs/first", *, labels: Any = None,
                 images: Iterable[Any] | None = None, class_names: Sequence[str] | None = None, every_n_epochs: int = 1, **options: object):
        super().__init__()
        self.run = folder_of(run)
        self._batches, self._embed, self._every = batches, embed, every_n_epochs
        self._labels, self._images, self._class_names = labels, images, class_names
        self._options = options

    def on_train_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        if is_divided(pl_module):
            raise ValueError(REFUSED)
        if not trainer.is_global_zero:
            return
        refuse_others(self.run, trainer.global_step, [], Recording(self.run).steps, embeds_all=False)
        self._begin(trainer.global_step)
        if trainer.global_step == 0:
            self._record(trainer, pl_module)

    def on_train_epoch_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        if trainer.is_global_zero and (trainer.current_epoch + 1) % self._every == 0:
            self._record(trainer, pl_module)

    @harmless
    def on_train_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        if trainer.is_global_zero:
            self.draw()

    def draw(self) -> Run:
        """Makes the animation and the page of all that is embedded so far. ProgramError where that fails."""
        return Run(self.run).draw(**self._options)

    @harmless
    def _begin(self, step: int) -> None:
        leave_course(self.run, step)

    @harmless
    def _record(self, trainer: "Trainer", model: "LightningModule") -> None:
        vectors, logits = embed_batches(model, self._batches, self._embed,
                                        lambda batch: model.transfer_batch_to_device(batch, model.device, 0))
        Recording(self.run).add(trainer.global_step, vectors, self._labels, self._images, logits=logits, class_names=self._class_names)
