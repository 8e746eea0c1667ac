# SPDX-License-Identifier: Apache-2.0
"""A ViT as one writes it in PyTorch for speed: one product for query, key and value, SDPA, no more modules than it takes. With
torch.compile it is the fastest form of PyTorch that was found (bench/README.md). The same model as transformers'
ViTForImageClassification, under other names."""

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.norm_before = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_after = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.mlp_in = nn.Linear(width, config.intermediate_size)
        self.mlp_out = nn.Linear(config.intermediate_size, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        packed = self.qkv(self.norm_before(x)).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
        context = F.scaled_dot_product_attention(query, key, value)
        x = x + self.out(context.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.mlp_out(F.gelu(self.mlp_in(self.norm_after(x))))


class PackedViT(nn.Module):
    """`config`: a transformers.ViTConfig. pixels (B, C, S, S) -> logits (B, L)."""

    def __init__(self, config):
        super().__init__()
        width, side = config.hidden_size, config.patch_size
        self.patches = nn.Conv2d(config.num_channels, width, side, side)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, (config.image_size // side) ** 2 + 1, width))
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.classifier = nn.Linear(width, config.num_labels)

    def features(self, pixels):
        """(B, H): the CLS token's row."""
        x = self.patches(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.norm(x[:, 0])

    def forward(self, pixels):
        return self.classifier(self.features(pixels))

    def load(self, model):
        """The weights of a ViTForImageClassification."""
        source, target = model.state_dict(), self.state_dict()
        names = {"patches": "vit.embeddings.patch_embeddings.projection", "norm": "vit.layernorm", "classifier": "classifier"}
        of_layer = {"norm_before": "layernorm_before", "norm_after": "layernorm_after", "mlp_in": "mlp.fc1", "mlp_out": "mlp.fc2",
                    "out": "attention.o_proj"}
        for i in range(len(self.layers)):
            prefix = f"vit.layers.{i}."
            for name, theirs in of_layer.items():
                names[f"layers.{i}.{name}"] = prefix + theirs
            for kind in ("weight", "bias"):
                parts = [source[f"{prefix}attention.{part}_proj.{kind}"] for part in ("q", "k", "v")]
                target[f"layers.{i}.qkv.{kind}"].copy_(torch.cat(parts))
        for name, theirs in names.items():
            for kind in ("weight", "bias"):
                target[f"{name}.{kind}"].copy_(source[f"{theirs}.{kind}"])
        target["cls_token"].copy_(source["vit.embeddings.cls_token"])
        target["positions"].copy_(source["vit.embeddings.position_embeddings"])
        return self
