# SPDX-License-Identifier: Apache-2.0
"""Model folders that other libraries have written: read as these read them, or refused with the way to convert them."""
import json
import shutil
import sys
import unittest
from pathlib import Path

import job

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import require  # noqa: E402

with require.imports():
    import h5py
    import numpy
    import peft
    import timm
    import torch
    from PIL import Image
    from safetensors.torch import load_file, save_file
    from transformers import (
        AutoModelForImageClassification,
        BitImageProcessor,
        BitImageProcessorPil,
        CLIPConfig,
        CLIPForImageClassification,
        CLIPImageProcessor,
        CLIPImageProcessorPil,
        CLIPModel,
        CLIPVisionConfig,
        CLIPVisionModel,
        CLIPVisionModelWithProjection,
        DeiTConfig,
        DeiTForImageClassificationWithTeacher,
        DINOv3ViTConfig,
        DINOv3ViTModel,
        Dinov2WithRegistersConfig,
        Dinov2WithRegistersForImageClassification,
        SiglipConfig,
        SiglipModel,
        SiglipVisionConfig,
        SiglipVisionModel,
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessor,
        ViTImageProcessorPil,
        ViTModel,
    )

CLASSES = ["cat", "dog", "owl"]


def pictures():
    draw = numpy.random.default_rng(7)
    return [Image.fromarray(draw.integers(0, 256, (41 + 3 * i, 47, 3), numpy.uint8)) for i in range(6)]


class Weights(unittest.TestCase):
    def setUp(self):
        folder = job.scratch()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for split in "train", "test":
            for i, picture in enumerate(pictures()):
                place = self.root / "images" / split / CLASSES[i % 3]
                place.mkdir(parents=True, exist_ok=True)
                picture.save(place / f"{i}.png")
        # In the order in which they are read: by class.
        self.pictures = [pictures()[i] for i in (0, 3, 1, 4, 2, 5)]

    def extract(self, name, code=0):
        return job.run(["extract", "--run", self.root / name, "--data", f"folder:{self.root / 'images'}", "--no-progress"], code=code)[1]

    def embedded(self, name):
        self.extract(name)
        with h5py.File(self.root / name / "checkpoint-1/embeddings.h5") as file:
            return file["embeddings"][()], file["logits"][()] if "logits" in file else None

    def finetune(self, model, code=0):
        return job.run(["finetune", "--run", self.root / "tuned", "--data", f"folder:{self.root / 'images'}", "--model", model,
                        "--max-steps", "1", "--batch-size", "3", "--no-progress"], code=code)[1]

    def save_vit(self, folder):
        torch.manual_seed(3)
        model = ViTForImageClassification(ViTConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=28, patch_size=7,
            id2label=dict(enumerate(CLASSES)), label2id={name: i for i, name in enumerate(CLASSES)}))
        model.save_pretrained(folder)
        ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(folder)
        return model

    def save_timm(self, name, folder, interpolation=None, **options):
        torch.manual_seed(4)
        model = timm.create_model(name, **options).eval()
        model.pretrained_cfg["interpolation"] = interpolation or model.pretrained_cfg["interpolation"]
        for parameter in model.parameters():  # also of what begins as zeros and ones
            torch.nn.init.normal_(parameter, std=0.05)
        timm.models.save_for_hf(model, folder, model_args=options, safe_serialization=True)
        return model

    def test_timms_vits_embed_as_in_timm(self):
        for name, options in (("vit_tiny_patch16_224", {"num_classes": 3}),
                              ("deit_small_patch16_224", {"num_classes": 3, "img_size": 64, "depth": 2, "interpolation": "lanczos"}),
                              ("vit_base_patch32_224", {"num_classes": 5, "embed_dim": 96, "num_heads": 6, "depth": 3, "patch_size": 8,
                                                        "img_size": 32})):
            model = self.save_timm(name, self.root / name / "checkpoint-1", **options)
            if name == "vit_base_patch32_224":  # it is bicubic then
                path = self.root / name / "checkpoint-1/config.json"
                config = json.loads(path.read_text())
                del config["pretrained_cfg"]["interpolation"]
                path.write_text(json.dumps(config))
            data = timm.data.resolve_data_config({"input_size": (3, *model.patch_embed.img_size)}, model=model)
            transform = timm.data.create_transform(**data)
            pixels = torch.stack([transform(picture) for picture in self.pictures])
            with torch.no_grad():
                features, logits = model.forward_features(pixels)[:, 0], model(pixels)
            embeddings, found = self.embedded(name)
            self.assertLess(numpy.abs(embeddings - features.numpy()).max(), 1e-4, name)
            self.assertLess(numpy.abs(found - logits.numpy()).max(), 1e-4, name)
        # Of a model without a classifier there are embeddings alone, and what training saves is a model of transformers.
        model = self.save_timm("deit_tiny_patch16_224", self.root / "headless/checkpoint-1", num_classes=0, img_size=32, depth=1)
        transform = timm.data.create_transform(**timm.data.resolve_data_config({"input_size": (3, 32, 32)}, model=model))
        with torch.no_grad():
            features = model.forward_features(torch.stack([transform(picture) for picture in self.pictures]))[:, 0]
        embeddings, logits = self.embedded("headless")
        self.assertLess(numpy.abs(embeddings - features.numpy()).max(), 1e-4)
        self.assertIsNone(logits)
        shutil.copytree(self.root / "headless/checkpoint-1", self.root / "headless-model")
        self.finetune(self.root / "headless-model")
        tuned, report = ViTForImageClassification.from_pretrained(self.root / "tuned/checkpoint-0", output_loading_info=True)
        self.assertFalse(report["missing_keys"] or report["unexpected_keys"], report)
        self.assertEqual(list(tuned.config.id2label.values()), CLASSES)

    def test_a_bare_encoder_is_embedded_and_not_classified(self):
        torch.manual_seed(6)
        model = ViTModel(ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=28, patch_size=7))
        folder = self.root / "bare/checkpoint-1"
        model.save_pretrained(folder)
        ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(folder)
        pixels = ViTImageProcessorPil.from_pretrained(folder)(self.pictures, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            expected = model.eval()(pixels).last_hidden_state[:, 0]
        self.assertIn("holds no classifier", self.extract("bare"))
        embeddings, logits = self.embedded("bare")
        self.assertLess(numpy.abs(embeddings - expected.numpy()).max(), 1e-5)
        self.assertIsNone(logits)

    def test_dinov2_with_registers_is_embedded_and_trained(self):
        torch.manual_seed(5)
        model = Dinov2WithRegistersForImageClassification(Dinov2WithRegistersConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, mlp_ratio=2, image_size=28, patch_size=7, num_register_tokens=3,
            id2label=dict(enumerate(CLASSES))))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        folder = self.root / "registers/checkpoint-1"
        model.save_pretrained(folder)
        BitImageProcessor(size={"shortest_edge": 40}, crop_size=35).save_pretrained(folder)
        pixels = BitImageProcessorPil.from_pretrained(folder)(self.pictures, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            features = model.eval().base_model(pixels).last_hidden_state[:, 0]
            expected = model(pixels).logits
        embeddings, logits = self.embedded("registers")
        self.assertLess(numpy.abs(embeddings - features.numpy()).max(), 1e-5)
        self.assertLess(numpy.abs(logits - expected.numpy()).max(), 1e-5)
        self.finetune(folder)
        for step in 0, 1:
            _, report = AutoModelForImageClassification.from_pretrained(self.root / f"tuned/checkpoint-{step}", output_loading_info=True)
            self.assertFalse(report["missing_keys"] or report["unexpected_keys"], report)

    def test_clip_is_embedded_and_trained(self):
        """The whole model, its tower, that with a projection, and what Trainer makes of it: all have the tower's pooled row."""
        shape = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=7)
        both = CLIPConfig(text_config=dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=9),
                          vision_config=shape, id2label=dict(enumerate(CLASSES)))
        for name, model in (("whole", CLIPModel(both)), ("tower", CLIPVisionModel(CLIPVisionConfig(**shape))),
                            ("projection", CLIPVisionModelWithProjection(CLIPVisionConfig(**shape))), ("classifier", CLIPForImageClassification(both))):
            torch.manual_seed(9)
            for parameter in model.parameters():
                torch.nn.init.normal_(parameter, std=0.1)
            folder = self.root / name / "checkpoint-1"
            model.eval().save_pretrained(folder)
            CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=28).save_pretrained(folder)
            pixels = CLIPImageProcessorPil.from_pretrained(folder)(self.pictures, return_tensors="pt")["pixel_values"]
            with torch.no_grad():
                features = getattr(model, "vision_model", model)(pixel_values=pixels).pooler_output
                expected = model(pixels).logits if name == "classifier" else None
            embeddings, logits = self.embedded(name)
            self.assertLess(numpy.abs(embeddings - features.numpy()).max(), 1e-5, name)
            self.assertEqual(logits is None, expected is None, name)
            if expected is not None:
                self.assertLess(numpy.abs(logits - expected.numpy()).max(), 1e-5)
            shutil.rmtree(self.root / "tuned", ignore_errors=True)
            self.finetune(folder)
            for step in 0, 1:
                trained, report = AutoModelForImageClassification.from_pretrained(self.root / f"tuned/checkpoint-{step}", output_loading_info=True)
                self.assertFalse(report["missing_keys"] or report["unexpected_keys"], report)
                self.assertEqual((type(trained).__name__, trained.config.id2label), ("CLIPForImageClassification", dict(enumerate(CLASSES))))

    def test_clips_older_configs_say_it_twice(self):
        """What `vision_config_dict` says goes before `vision_config`, as in openai/clip-vit-large-patch14."""
        shape = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=7)
        torch.manual_seed(9)
        model = CLIPModel(CLIPConfig(text_config=dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=9),
                                     vision_config=shape))
        folder = self.root / "old/checkpoint-1"
        model.save_pretrained(folder)
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=28).save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        save_file({**tensors, "vision_model.embeddings.position_ids": torch.arange(17)[None]}, folder / "model.safetensors", metadata={"format": "pt"})
        config = json.loads((folder / "config.json").read_text())
        config["vision_config"]["layer_norm_eps"] = 0.5  # which its other form has a default for
        (folder / "config.json").write_text(json.dumps(config | {"vision_config_dict": {**shape, "projection_dim": 512, "hidden_act": "gelu"}}))
        pixels = CLIPImageProcessorPil.from_pretrained(folder)(self.pictures, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            expected = CLIPModel.from_pretrained(folder).eval().vision_model(pixel_values=pixels).pooler_output
        self.assertLess(numpy.abs(self.embedded("old")[0] - expected.numpy()).max(), 1e-5)
        self.finetune(folder)
        _, report = AutoModelForImageClassification.from_pretrained(self.root / "tuned/checkpoint-1", output_loading_info=True)
        self.assertFalse(report["missing_keys"] or report["unexpected_keys"], report)

    def test_weights_of_every_type_of_numbers(self):
        self.save_vit(self.root / "run/checkpoint-1")
        path = self.root / "run/checkpoint-1/model.safetensors"
        types = [torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.float32]
        tensors = load_file(path)
        save_file({name: tensors[name].to(types[i % len(types)]) for i, name in enumerate(sorted(tensors))}, path, metadata={"format": "pt"})
        model = ViTForImageClassification.from_pretrained(path.parent, dtype=torch.float32).eval()
        pixels = ViTImageProcessorPil.from_pretrained(path.parent)(self.pictures, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            expected, logits = model.base_model(pixels).last_hidden_state[:, 0], model(pixels).logits
        found, found_logits = self.embedded("run")
        self.assertLess(numpy.abs(found - expected.numpy()).max(), 1e-5)
        self.assertLess(numpy.abs(found_logits - logits.numpy()).max(), 1e-5)
        save_file({**tensors, "classifier.bias": torch.zeros(3, dtype=torch.complex64)}, path)
        self.assert_refused(path.parent, '"classifier.bias" is of dtype "C64", which is not read here; save the model again in float32')

    def test_what_people_build_around_an_encoder_is_named(self):
        self.save_vit(self.root / "plain/checkpoint-1")
        tensors = load_file(self.root / "plain/checkpoint-1/model.safetensors")
        encoder = {name: value for name, value in tensors.items() if name.startswith("vit.")}
        layers = {"classifier.0.weight": torch.zeros(8, 32), "classifier.3.weight": torch.zeros(3, 8)}
        for name, content, words in (("head of two layers", encoder | layers, '"classifier.0.weight" is not one of a ViTForImageClassification'),
                                     ("head of another name", encoder | {"fc.weight": torch.zeros(3, 32)}, "model.vit.save_pretrained(folder)"),
                                     ("weights of a loss", tensors | {"criterion.weight": torch.ones(3)}, '"criterion.weight"'),
                                     ("FSDP's", {"_flat_param": torch.zeros(999)}, "FULL_STATE_DICT"),
                                     ("a part", {"vit.layernorm.bias": torch.zeros(32)}, '"vit.embeddings.cls_token" is missing')):
            folder = Path(shutil.copytree(self.root / "plain", self.root / name)) / "checkpoint-1"
            save_file(content, folder / "model.safetensors", metadata={"format": "pt"})
            self.assert_refused(folder, f"{folder}/model.safetensors: ", words)
        (folder / "config.json").unlink()
        self.assert_refused(folder, f"{folder}: holds weights, and no config.json", "model.config.save_pretrained(folder)")
        # The way out that is named.
        ViTForImageClassification.from_pretrained(self.root / "plain/checkpoint-1").vit.save_pretrained(self.root / "bare/checkpoint-1")
        shutil.copy(self.root / "plain/checkpoint-1/preprocessor_config.json", self.root / "bare/checkpoint-1")
        numpy.testing.assert_array_equal(self.embedded("bare")[0], self.embedded("plain")[0])

    def test_a_part_of_timms_weights_is_called_that(self):
        folder = self.root / "timm/checkpoint-1"
        self.save_timm("vit_tiny_patch16_224", folder, num_classes=2, img_size=32, depth=1)
        for names in ["blocks.0.attn.qkv.weight"], ["blocks.0.attn.qkv.weight", "norm.bias"]:
            save_file({name: torch.zeros(3 * 192, 192) for name in names}, folder / "model.safetensors")
            self.assert_refused(folder, '"vit.embeddings.cls_token" is missing', "of timm's model, of which the file holds a part",
                                "timm.models.save_for_hf(model, folder")

    def test_families_that_are_not_read_are_refused_by_name(self):
        tower = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
        text = dict(tower, vocab_size=9)
        for name, model in (("SigLIP's vision tower", SiglipVisionModel(SiglipVisionConfig(**tower))),
                            ("SigLIP", SiglipModel(SiglipConfig(text_config=text, vision_config=tower))),
                            ("DINOv3's ViT", DINOv3ViTModel(DINOv3ViTConfig(**tower)))):
            folder = self.root / f"{model.config.model_type}/checkpoint-1"
            model.save_pretrained(folder)
            self.assert_refused(folder, f'{folder}/config.json: "model_type" is "{model.config.model_type}" ({name}',
                                "vit, vit_mae, vit_msn, deit, dinov2, dinov2_with_registers, clip, clip_vision_model", "docs/own-embeddings.md")

    def test_images_that_are_not_resized_have_the_models_size(self):
        self.save_vit(self.root / "model")
        ViTImageProcessor(do_resize=False).save_pretrained(self.root / "model")
        for path in (self.root / "images").rglob("*.png"):
            Image.open(path).crop((0, 0, 28, 28)).save(path)
        self.finetune(self.root / "model")
        self.assertEqual(json.loads((self.root / "tuned/checkpoint-0/config.json").read_text())["image_size"], 28)
        name = "vit.embeddings.position_embeddings"
        before, after = (load_file(self.root / folder / "model.safetensors")[name] for folder in ("model", "tuned/checkpoint-0"))
        self.assertTrue(torch.equal(before, after))

    def test_other_architectures_of_timm_are_refused_by_name(self):
        for name in "resnet10t", "vit_tiny_patch16_224":
            folder = self.root / f"{name}-run/checkpoint-1"
            self.save_timm(name, folder, **({} if name == "resnet10t" else {"num_classes": 2, "class_token": False, "global_pool": "avg"}))
            for said in self.extract(f"{name}-run", code=3), self.finetune(folder, code=3):
                self.assertIn(f"{folder}/config.json: is timm's {name}", said)

    def test_what_wraps_a_model_is_taken_off_its_names(self):
        model = self.save_vit(self.root / "plain/checkpoint-1")
        expected, logits = self.embedded("plain")
        torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
        self.addCleanup(torch.distributed.destroy_process_group)
        parallel = torch.nn.parallel.DistributedDataParallel(model)
        compiled_encoder = ViTForImageClassification.from_pretrained(self.root / "plain/checkpoint-1")
        compiled_encoder.vit = torch.compile(compiled_encoder.vit)
        for name, wrapped in (("compiled", torch.compile(model)), ("parallel", parallel), ("both", torch.compile(parallel)),
                              ("within", compiled_encoder)):
            folder = Path(shutil.copytree(self.root / "plain", self.root / name)) / "checkpoint-1"
            (folder / "embeddings.h5").unlink()
            save_file({key: value.contiguous() for key, value in wrapped.state_dict().items()}, folder / "model.safetensors",
                      metadata={"format": "pt"})
            said = self.extract(name)
            self.assertIn("was saved wrapped", said)
            self.assertEqual(said.count("was saved wrapped"), 1)
            found, found_logits = self.embedded(name)
            numpy.testing.assert_array_equal(found, expected)
            numpy.testing.assert_array_equal(found_logits, logits)
        tensors = load_file(self.root / "plain/checkpoint-1/model.safetensors")
        save_file({**tensors, "module.vit.layernorm.bias": tensors["vit.layernorm.bias"].clone()}, folder / "model.safetensors")
        (folder / "embeddings.h5").unlink()
        self.assertIn('tensors "module.vit.layernorm.bias" and "vit.layernorm.bias" are one', self.extract("within", code=3))

    def test_a_model_within_a_module_is_found(self):
        model = self.save_vit(self.root / "plain/checkpoint-1")
        expected, logits = self.embedded("plain")

        class Module(torch.nn.Module):  # as Lightning's are, and others that people write around a model
            def __init__(self, **parts):
                super().__init__()
                for name, part in parts.items():
                    self.add_module(name, part)

        bare = Module(net=model.base_model)
        for name, wrapped in (("model", Module(model=model)), ("twice", Module(model=Module(backbone=model))), ("bare", bare),
                              ("and compiled", torch.compile(Module(model=model))), ("beside others", Module(model=model, metric=torch.nn.Linear(1, 1)))):
            folder = Path(shutil.copytree(self.root / "plain", self.root / name)) / "checkpoint-1"
            (folder / "embeddings.h5").unlink()
            save_file({key: value.contiguous() for key, value in wrapped.state_dict().items()}, folder / "model.safetensors")
            if name == "beside others":
                self.assert_refused(folder, 'tensor "vit.embeddings.cls_token" is missing', '"model.vit.embeddings.cls_token": save the model alone')
                continue
            self.assertIn("was saved wrapped (by a module around it)", self.extract(name))
            found, found_logits = self.embedded(name)
            numpy.testing.assert_array_equal(found, expected)
            self.assertTrue(found_logits is None if wrapped is bare else numpy.array_equal(found_logits, logits))
        self.finetune(self.root / "twice/checkpoint-1")

    def test_what_python_writes_and_json_does_not_have(self):
        self.save_vit(self.root / "run/checkpoint-1")
        expected, _ = self.embedded("run")
        for name in "config.json", "preprocessor_config.json":
            path = self.root / "run/checkpoint-1" / name
            path.write_text(json.dumps(json.loads(path.read_text()) | {"score": float("nan"), "note": "\ud83d", "limits": [float("-inf")]}))
        AutoModelForImageClassification.from_pretrained(self.root / "run/checkpoint-1")
        (self.root / "run/checkpoint-1/embeddings.h5").unlink()
        numpy.testing.assert_array_equal(self.embedded("run")[0], expected)
        for _ in range(2):  # the second goes on, which compares
            self.finetune(self.root / "run/checkpoint-1")
        AutoModelForImageClassification.from_pretrained(self.root / "tuned/checkpoint-1")

    def test_weights_of_other_names_are_named(self):
        for name, words in (("vit.safetensors", "rename the file"), ("model.fp16.safetensors", "rename the file"),
                            ("model_best.pth.tar", "is a pickle"), ("pytorch_model.fp16.bin", "is a pickle"), ("weights.npz", "docs/own-embeddings.md")):
            folder = self.root / f"of-{name}" / "checkpoint-1"
            model = self.save_vit(folder)
            (folder / "model.safetensors").unlink()
            if name == "model.fp16.safetensors":
                model.save_pretrained(folder, variant="fp16")
            else:
                (folder / name).write_bytes(b"\x80\x02")
            (folder / "trainer_state.json").write_text(json.dumps({"epoch": 1.0, "global_step": 1, "log_history": []}))
            self.assert_refused(folder, f"{folder / name}: ", words)

    def test_deits_two_heads_are_left_out(self):
        torch.manual_seed(8)
        config = DeiTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, image_size=28, patch_size=7,
                            id2label=dict(enumerate(CLASSES)))
        folder = self.root / "distilled/checkpoint-1"
        model = DeiTForImageClassificationWithTeacher(config).eval()
        model.save_pretrained(folder)
        ViTImageProcessor(size={"height": 28, "width": 28}).save_pretrained(folder)
        pixels = ViTImageProcessorPil.from_pretrained(folder)(self.pictures, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            expected = model.base_model(pixels).last_hidden_state[:, 0]
        self.assertIn("has the two classifiers of a distillation", self.extract("distilled"))
        embeddings, logits = self.embedded("distilled")
        self.assertLess(numpy.abs(embeddings - expected.numpy()).max(), 1e-5)
        self.assertIsNone(logits)
        self.finetune(folder)
        _, report = AutoModelForImageClassification.from_pretrained(self.root / "tuned/checkpoint-1", output_loading_info=True)
        self.assertFalse(report["missing_keys"] or report["unexpected_keys"], report)

    def assert_refused(self, folder, *words):
        for said in self.extract(folder.parent.name, code=3), self.finetune(folder, code=3):
            for word in words:
                self.assertIn(word, said)

    def test_an_adapter_is_named_with_the_way_to_merge_it(self):
        model = self.save_vit(self.root / "base")
        folder = self.root / "adapter/checkpoint-1"
        peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj", "v_proj"])).save_pretrained(folder)
        self.assert_refused(folder, f"{folder}/adapter_model.safetensors: is an adapter (LoRA", "merge_and_unload()")

    def test_pickles_and_sharded_states_are_named_with_the_way_to_convert_them(self):
        pickle, joined = "is a pickle, which can run code", "accelerate merge-weights"
        for name, content, words in (("pickle", "pytorch_model.bin", (pickle, "save_pretrained")),
                                     ("many", "pytorch_model-00001-of-00002.bin", (pickle,)),
                                     ("lightning", "last.ckpt", (pickle,)),
                                     ("deepspeed", "global_step5/mp_rank_00_model_states.pt", ("DeepSpeed", "zero_to_fp32.py")),
                                     ("fsdp", "pytorch_model_fsdp_0/__0_0.distcp", ("FSDP", joined)),
                                     ("tensorflow", "tf_model.h5", ("TensorFlow",))):
            folder = self.root / name / "checkpoint-1"
            self.save_vit(folder)
            (folder / "model.safetensors").unlink()
            (folder / content).parent.mkdir(exist_ok=True)
            (folder / content).write_bytes(b"\x80\x02")
            (folder / "trainer_state.json").write_text(json.dumps({"epoch": 1.0, "global_step": 1, "log_history": []}))
            self.assert_refused(folder, str(folder / content.split("/")[0]), *words)
            (folder / content).unlink()
            (folder / "optimizer.pt").write_bytes(b"\x80\x02")
            shutil.rmtree(self.root / "tuned", ignore_errors=True)
            if "/" not in content:
                self.assertIn(f"{folder}: holds no model.safetensors", self.finetune(folder, code=3))


if __name__ == "__main__":
    unittest.main()
