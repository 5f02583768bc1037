"""Decoder transformers in the styles of OPT (arXiv 2205.01068) and LLaMA (arXiv 2302.13971), as torch modules.

Both normalise before attention and before the inner layers. OPT has learned positions, LayerNorm, biases and ReLU;
LLaMA has rotary positions (arXiv 2104.09864), RMSNorm, gated SiLU, and may share keys and values among heads
(arXiv 2305.13245). Pairs of rotated coordinates lie half a head apart, as in Hugging Face's checkpoints.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

POSITION_OFFSET = 2
"""OPT's first position is the third row of its table; the first two were kept for padding."""


@dataclass(frozen=True)
class DecoderSize:
    """Everything that decides the shapes of a decoder."""

    family: Literal["opt", "llama"]
    blocks: int
    width: int
    heads: int
    key_heads: int
    """Heads of keys and values; each serves ``heads / key_heads`` heads of queries."""
    inner: int
    """Units between the up and down layers."""
    vocabulary: int
    positions: int
    """Longest sequence."""
    head_width: int = 0
    """0: width / heads."""
    rotary_base: float = 10_000.0
    epsilon: float = 1e-5
    bias: bool = False
    """Whether the layers of attention have biases, in LLaMA's style."""

    @property
    def per_head(self) -> int:
        """Coordinates of a head."""
        return self.head_width or self.width // self.heads


class TokenEmbedding(nn.Module):
    """Token ids [n, length] to vectors [n, length, width], with learned positions where the family has them."""

    def __init__(self, size: DecoderSize) -> None:
        super().__init__()
        self.tokens = nn.Embedding(size.vocabulary, size.width)
        learned = size.family == "opt"
        self.positions = nn.Embedding(size.positions + POSITION_OFFSET, size.width) if learned else None

    def forward(self, ids: Tensor) -> Tensor:
        """The vectors where the first block begins."""
        vectors: Tensor = self.tokens(ids)
        if self.positions is None:
            return vectors
        places = torch.arange(POSITION_OFFSET, POSITION_OFFSET + ids.shape[1], device=ids.device)
        return vectors + self.positions(places)


class RootMeanSquareNorm(nn.Module):
    """x / sqrt(mean(x²) + epsilon), times a weight for each coordinate (arXiv 1910.07467)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon))


def _norm(size: DecoderSize) -> nn.Module:
    if size.family == "opt":
        return nn.LayerNorm(size.width, eps=size.epsilon)
    return RootMeanSquareNorm(size.width, size.epsilon)


def _rotated(x: Tensor, base: float) -> Tensor:
    """Vectors [n, heads, length, width] turned by their place times base^(-2i / width) in the i-th pair."""
    length, width = x.shape[-2:]
    powers = torch.arange(0, width, 2, device=x.device, dtype=torch.float32) / width
    angles = torch.outer(torch.arange(length, device=x.device, dtype=torch.float32), base**-powers)
    cosine, sine = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine


class Attention(nn.Module):
    """Each token looks at itself and those before it."""

    def __init__(self, size: DecoderSize) -> None:
        super().__init__()
        self.size = size
        bias = size.family == "opt" or size.bias
        own, shared = size.heads * size.per_head, size.key_heads * size.per_head
        self.query = nn.Linear(size.width, own, bias=bias)
        self.key = nn.Linear(size.width, shared, bias=bias)
        self.value = nn.Linear(size.width, shared, bias=bias)
        self.output = nn.Linear(own, size.width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Vectors [n, length, width] to the same shape."""
        count, length, _ = x.shape
        size = self.size

        def heads(values: Tensor) -> Tensor:
            return values.view(count, length, -1, size.per_head).transpose(1, 2)

        query, key, value = heads(self.query(x)), heads(self.key(x)), heads(self.value(x))
        if size.family == "llama":
            query, key = _rotated(query, size.rotary_base), _rotated(key, size.rotary_base)
        if size.key_heads != size.heads:
            key, value = (part.repeat_interleave(size.heads // size.key_heads, dim=1) for part in (key, value))
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        result: Tensor = self.output(mixed.transpose(1, 2).reshape(count, length, -1))
        return result


class Block(nn.Module):
    """Attention and inner layers, each added to what it was given."""

    def __init__(self, size: DecoderSize) -> None:
        super().__init__()
        bias = size.family == "opt"
        self.norm1 = _norm(size)
        self.attention = Attention(size)
        self.norm2 = _norm(size)
        self.gate = nn.Linear(size.width, size.inner, bias=False) if size.family == "llama" else None
        self.up = nn.Linear(size.width, size.inner, bias=bias)
        self.down = nn.Linear(size.inner, size.width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Vectors [n, length, width] to the same shape."""
        x = x + self.attention(self.norm1(x))
        given = self.norm2(x)
        inner = (
            functional.relu(self.up(given)) if self.gate is None else functional.silu(self.gate(given)) * self.up(given)
        )
        return x + self.down(inner)


class OutputHead(nn.Module):
    """Vectors to logits of the next token. It is no ``nn.Linear``, since it is not pruned."""

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        """[n, length, width] to [n, length, vocabulary]."""
        return functional.linear(x, self.weight)


def decoder(size: DecoderSize) -> nn.Sequential:
    """A decoder of that size, its output layer tied to the embedding; weights not set yet."""
    embedding = TokenEmbedding(size)
    modules: OrderedDict[str, nn.Module] = OrderedDict(embedding=embedding)
    for number in range(1, size.blocks + 1):
        modules[f"block{number}"] = Block(size)
    modules["norm"] = _norm(size)
    tied = embedding.tokens.weight
    assert isinstance(tied, nn.Parameter)
    modules["head"] = OutputHead(tied)
    return nn.Sequential(modules)
