# SPDX-License-Identifier: Apache-2.0
"""The callback for Hugging Face's Trainer."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from zoetrope import folder, given, gpu, program
from zoetrope.divided import is_divided
from zoetrope.extraction import Extraction, share_of_cores
from zoetrope.folder import folder_of
from zoetrope.in_memory import Embed, cls_token, embed_batches
from zoetrope.recording import Recording, leave_course
from zoetrope.run import Run
from zoetrope.safety import harmless, warn


class _Way(Protocol):
    """How the embeddings of a step come about."""

    def prepare(self, state: TrainerState) -> None: ...  # before anything in the run is changed
    def start(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None: ...
    def save(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None: ...
    def hurry(self) -> None: ...
    def finish(self) -> None: ...


class EmbeddingAnimation(TrainerCallback):  # type: ignore[misc]
    """Embeds test images with every checkpoint that Trainer saves, and makes the animation and the page of it.

        Trainer(..., callbacks=[EmbeddingAnimation(dataset["test"], run="runs/first")])

    dataset      the images: a data set of `datasets` with its labels, or a text as the program's --data takes it ("cifar10:DIR").
                 With in_process any data set that Trainer takes for evaluation
    run          the run directory; of a training that goes on from a checkpoint, the same one
    in_process   False: the program embeds each checkpoint beside the training, in a process of its own, as it would afterwards. The model
                 is a ViT that it knows. True: the model in memory does, and the training waits for it; the model may be any
    embed        with in_process: a function of model and batch that gives a tensor [rows, D], or a pair with the logits [rows, C].
                 Default: the first token of the last layer
    collate      with in_process: makes a batch of a list of items; default: Trainer's own
    batch_size   with in_process: default per_device_eval_batch_size
    threads      cores for the program beside the training; default: a quarter of them. It gives way to the training (nice); after the
                 training it takes all of them for what is not embedded yet
    device       of the program beside the training. "auto": the training's own GPU while its free memory is enough (docs/python.md),
                 looked at whenever a checkpoint is saved, else cores. "cpu": cores. "cuda": the training's GPU, without looking; where
                 the training has none, the first. Where it fails there, cores take over, with a warning
    options      all others are those of `zoetrope render`: tween=3, format="gif,mp4", theme="dark", size="960x540"

    draw() makes animation and page on demand. Whatever fails here, a dead program or a full disk, is a ZoetropeWarning, and the training
    goes on; only a `run` that holds another training already, and in_process where the model's weights are divided among processes, are
    refused at its start.
    """

    def __init__(self, dataset: Any, run: str | os.PathLike[str] = "runs/first", *, in_process: bool = False, embed: Embed | None = None,
                 collate: Callable[[list[Any]], Any] | None = None, batch_size: int | None = None, threads: int | None = None,
                 device: Literal["auto", "cpu", "cuda"] = "auto", **options: object):
        if embed is not None and not in_process:
            raise ValueError("embed is called with the model in memory: add in_process=True")
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device is {device!r}; give auto, cpu or cuda")
        self.run = folder_of(run)
        self._options = options
        self._way: _Way = (_InMemory(dataset, self.run, embed or cls_token, collate, batch_size) if in_process
                           else _Beside(dataset, self.run, threads or share_of_cores(), device))

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **context: Any) -> None:
        if isinstance(self._way, _InMemory) and is_divided(context["model"]):  # in every process, so that none waits for another
            raise ValueError("in_process=True cannot embed with a model whose weights are divided among processes (FSDP, DeepSpeed's stage "
                             "3, DTensor): leave it out, so that the program embeds the checkpoints, or train with DDP")
        if not state.is_world_process_zero:
            return
        Extraction.end_all(self.run)
        folder.refuse_others(self.run, state.global_step, state.log_history, Recording(self.run).steps,
                             embeds_all=isinstance(self._way, _Beside))
        self._start(args, state, context)

    @harmless
    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **context: Any) -> None:
        if state.is_world_process_zero:
            self._way.save(args, state, context)

    @harmless
    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **context: Any) -> None:
        if state.is_world_process_zero:
            self._way.hurry()
            self.draw()

    def draw(self) -> Run:
        """Makes the animation and the page of all that is embedded so far. ProgramError where that fails."""
        self._way.finish()
        return Run(self.run).draw(**self._options)

    @harmless
    def _start(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None:
        self.run.mkdir(parents=True, exist_ok=True)
        self._way.prepare(state)
        leave_course(self.run, state.global_step)
        self._way.start(args, state, context)


class _Beside:
    """The program embeds checkpoints as they are saved."""

    def __init__(self, dataset: Any, run: Path, threads: int, device: str):
        self._dataset, self._run, self._threads, self._device = dataset, run, threads, device
        self._gpu: gpu.Gpu | None = None
        self._needed: int | None = None  # of the GPU's memory
        self._data = ""
        self._extraction: Extraction | None = None

    def prepare(self, state: TrainerState) -> None:
        self._extraction = None  # of a training before this one
        program.find()  # says now what will be missing
        is_in_use = any(step <= state.global_step and (checkpoint / "embeddings.h5").exists()
                        for step, checkpoint in folder.checkpoints(self._run).items())
        self._data = self._dataset if isinstance(self._dataset, str) else given.write_test_split(
            self._dataset, self._run / "test-images", is_in_use)

    def start(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None:
        self._extraction = Extraction(self._run, [f"--data={self._data}"], self._threads)
        model, processor = context["model"], context.get("processing_class")
        if self._device != "cpu":
            self._gpu, self._needed = gpu.training_gpu(args.device), gpu.needed_bytes(model)
        if self._device == "cuda":
            self._extraction.granted = self._gpu = self._gpu or gpu.Gpu(None)
        if state.global_step == 0 and is_divided(model):
            warn("the model's weights are divided among processes (FSDP, DeepSpeed's stage 3, DTensor), so that the frame before the first "
                 "step is left out")
        elif state.global_step == 0:
            def fill(part: Path) -> None:
                model.save_pretrained(part)
                if processor is not None:
                    processor.save_pretrained(part)
                state.save_to_json(str(part / "trainer_state.json"))

            self._extraction.make(0, fill)

    def save(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None:
        if self._extraction is not None:
            self._look_at_gpu(self._extraction)
            self._extraction.take(state.global_step, Path(args.output_dir) / f"checkpoint-{state.global_step}")
            for line in self._extraction.said():
                warn(line)

    def hurry(self) -> None:
        if self._extraction is not None:
            self._look_at_gpu(self._extraction)
            self._extraction.hurry()

    def _look_at_gpu(self, extraction: Extraction) -> None:
        """Not before the first step: what the training will take of the GPU is not taken yet."""
        if self._device == "auto" and self._gpu is not None and self._needed is not None:
            extraction.granted = self._gpu if gpu.fits(self._needed, *self._gpu.free_and_total()) else None

    def finish(self) -> None:
        if self._extraction is not None:
            try:
                said = self._extraction.finish()
            except KeyboardInterrupt:
                self._extraction.stop()
                raise
            for line in said:
                warn(line)


class _InMemory:
    """The model embeds, and what comes out is recorded."""

    def __init__(self, dataset: Any, run: Path, embed: Embed, collate: Callable[[list[Any]], Any] | None, batch_size: int | None):
        self._dataset, self._run, self._embed, self._collate, self._batch_size = dataset, run, embed, collate, batch_size
        self._has_warned = False

    def prepare(self, state: TrainerState) -> None:
        pass

    def start(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None:
        if state.global_step == 0:
            self.save(args, state, context)

    def save(self, args: TrainingArguments, state: TrainerState, context: dict[str, Any]) -> None:
        model = context["model"]
        seen: list[Any] = []

        def move(batch: Any) -> Any:
            if isinstance(batch, Mapping):
                seen.append({name: value for name, value in batch.items() if name in given.LABELS})
            return given.moved(batch, args.device)

        batches = given.batches_of(self._dataset, self._batch_size or args.per_device_eval_batch_size,
                                   self._collate or context["train_dataloader"].collate_fn,
                                   model if args.remove_unused_columns else None)
        vectors, logits = embed_batches(model, batches, self._embed, move)
        labels, names = self._classes(seen, len(vectors))
        recording = Recording(self._run)  # which takes logits with labels only
        recording.add(state.global_step, vectors, labels, None if recording.has_images else given.images_of(self._dataset),
                      logits=None if labels is None else logits, class_names=names)
        with folder.new_checkpoint(self._run, state.global_step) as part:
            state.save_to_json(str(part / "trainer_state.json"))  # the program takes epoch and loss from it

    def _classes(self, batches: list[Any], rows: int) -> tuple[Any, list[str] | None]:
        """Of each row, with the classes' names; None, and once a warning, where the labels are none."""
        labels, names = given.labels_of(self._dataset)
        if labels is None:
            labels = given.labels_in(batches)
        if labels is None:
            return None, None
        labels, names, problem = given.classes_of(labels, names, rows)
        if problem is not None and not self._has_warned:
            self._has_warned = True
            warn(f"the labels do not name a class for each row, and are left out, with the logits ({problem})")
        return labels, names

    def hurry(self) -> None:
        pass

    def finish(self) -> None:
        pass
