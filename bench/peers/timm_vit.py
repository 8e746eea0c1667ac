# SPDX-License-Identifier: Apache-2.0
"""timm's VisionTransformer with the weights of a PackedViT: the same model, as timm's users have it."""
from functools import partial

import torch
from timm.models.vision_transformer import VisionTransformer

OF_LAYER = {"norm_before": "norm1", "qkv": "attn.qkv", "out": "attn.proj", "norm_after": "norm2", "mlp_in": "mlp.fc1", "mlp_out": "mlp.fc2"}
OF_MODEL = {"patches": "patch_embed.proj", "norm": "norm", "classifier": "head"}


class TimmViT(VisionTransformer):
    def features(self, pixels):
        return self.forward_features(pixels)[:, 0]


def timm_vit(packed, config):
    """`config`: the transformers.ViTConfig that `packed` was made of."""
    model = TimmViT(img_size=config.image_size, patch_size=config.patch_size, in_chans=config.num_channels, num_classes=config.num_labels,
                    embed_dim=config.hidden_size, depth=config.num_hidden_layers, num_heads=config.num_attention_heads,
                    mlp_ratio=config.intermediate_size / config.hidden_size,
                    norm_layer=partial(torch.nn.LayerNorm, eps=config.layer_norm_eps))
    source = packed.state_dict()
    renamed = {"cls_token": source["cls_token"], "pos_embed": source["positions"]}
    for kind in ("weight", "bias"):
        renamed |= {f"{theirs}.{kind}": source[f"{ours}.{kind}"] for ours, theirs in OF_MODEL.items()}
        renamed |= {f"blocks.{i}.{theirs}.{kind}": source[f"layers.{i}.{ours}.{kind}"]
                    for i in range(config.num_hidden_layers) for ours, theirs in OF_LAYER.items()}
    model.load_state_dict(renamed)
    return model
