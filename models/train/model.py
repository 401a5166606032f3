"""A BitNet b1.58 transformer in plain PyTorch: the form trained and the form shipped.

Facts of the form: ternary weights with one scale per matrix (mean of magnitudes), inputs of every
linear layer rounded to 8 bits per token, RMSNorm before each half and between its last two
matrices, squared ReLU on the gate, rotary positions in halves, output tied to the embedding.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 1024
    width: int = 256
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 512
    context: int = 512
    rope_base: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def ternary(weight: Tensor) -> tuple[Tensor, Tensor]:
    """-1, 0, 1 and the scale; the scale is kept to what a float16 holds, as the file will."""
    scale = weight.abs().mean().clamp(min=1e-5).half().float()
    return (weight / scale).round().clamp(-1, 1), scale


class StraightThrough(torch.autograd.Function):
    """Rounded inputs times ternary weights; going back as if neither had been rounded.

    Both factors are small whole numbers, which bfloat16 holds exactly; `fast` multiplies them
    there, faster on processors that can, and loses only digits of the sums.
    """

    @staticmethod
    def forward(context, x, weight, fast):
        signs, scale = ternary(weight)
        step = x.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
        whole = (x / step).round_()  # within 127 by the choice of the step
        kind = torch.bfloat16 if fast else torch.float32
        whole, signs = whole.to(kind), signs.to(kind)
        context.save_for_backward(whole, signs, step, scale)
        return F.linear(whole, signs).float().mul_(step * scale)

    @staticmethod
    def backward(context, gradient):
        whole, signs, step, scale = context.saved_tensors
        kind = whole.dtype
        for_x = (gradient * scale).to(kind) @ signs
        stepped = (gradient * step).to(kind).flatten(0, -2)
        for_weight = stepped.T @ whole.flatten(0, -2)
        return for_x.float(), for_weight.float(), None


class BitLinear(nn.Linear):
    """A ternary matrix. `mode`: "fast" and "exact" round inputs to 8 bits, "float" does not."""

    mode = "exact"

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs, outputs, bias=False)
        nn.init.normal_(self.weight, std=inputs**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        if BitLinear.mode == "float":
            signs, scale = ternary(self.weight)
            return F.linear(x, signs * scale)
        return StraightThrough.apply(x, self.weight, BitLinear.mode == "fast")


class RMSNorm(nn.Module):
    def __init__(self, width: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        width, kv = shape.width, shape.kv_heads * shape.head_width
        self.attention_norm = RMSNorm(width, shape.epsilon)
        self.query = BitLinear(width, width)
        self.key = BitLinear(width, kv)
        self.value = BitLinear(width, kv)
        self.attention_sub_norm = RMSNorm(width, shape.epsilon)
        self.attention_output = BitLinear(width, width)
        self.feed_forward_norm = RMSNorm(width, shape.epsilon)
        self.gate = BitLinear(width, shape.feed_forward)
        self.up = BitLinear(width, shape.feed_forward)
        self.feed_forward_sub_norm = RMSNorm(shape.feed_forward, shape.epsilon)
        self.down = BitLinear(shape.feed_forward, width)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads, kv, size = self.shape.heads, self.shape.kv_heads, self.shape.head_width
        y = self.attention_norm(x)
        q = rotate(self.query(y).view(batch, length, heads, size).transpose(1, 2), cos, sin)
        k = rotate(self.key(y).view(batch, length, kv, size).transpose(1, 2), cos, sin)
        v = self.value(y).view(batch, length, kv, size).transpose(1, 2)
        k, v = (t.repeat_interleave(heads // kv, 1) for t in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        y = y.transpose(1, 2).reshape(batch, length, width)
        x = x + self.attention_output(self.attention_sub_norm(y))
        y = self.feed_forward_norm(x)
        y = F.relu(self.gate(y)).square() * self.up(y)
        return x + self.down(self.feed_forward_sub_norm(y))


class DemoModel(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.embedding.weight, std=shape.width**-0.5)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = RMSNorm(shape.width, shape.epsilon)
        half = shape.head_width // 2
        frequencies = shape.rope_base ** -(torch.arange(half, dtype=torch.float64) / half)
        angles = torch.outer(torch.arange(shape.context, dtype=torch.float64), frequencies)
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, tokens: Tensor, wanted: Tensor | None = None) -> Tensor:
        """[batch, length] ids -> [batch, length, vocabulary] logits, or those `wanted`."""
        length = tokens.shape[1]
        table = self.embedding.weight
        table = table + (table.half().float() - table).detach()
        x = F.embedding(tokens, table)
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length])
        if wanted is not None:
            x = x[wanted]
        x = self.output_norm(x)
        if BitLinear.mode == "fast":
            return F.linear(x.bfloat16(), table.bfloat16()).float()
        return F.linear(x, table)

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())
