#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a training step in bf16 moves and multiplies on a GPU, or the embedding of a batch, from the shapes: bytes read and written
by each kind of kernel, with libtorch's autocast and as zoetrope does it, and the least time that a memory of 3.0 TB/s and products of
690 TFLOP/s allow.

    step_bytes.py [--extraction] [--batch 128] [--hidden 768] [--layers 12] [--inner 3072] [--tokens 197] [--labels 1000]

In a step the last layer counts as the others, though only its first token's row is used after the attention: on either side it is
computed so. An extraction counts its keys and values alone.
"""
import argparse
from collections import defaultdict

HALF, FLOAT = 2, 4  # bytes
MEMORY, PRODUCTS = 3.0e12, 690e12  # bytes and operations a second that an H100 reaches


class Step:
    """Sums over kernels. A kernel's time is that of its bytes or of its operations, whichever takes longer."""

    def __init__(self):
        self.kinds = defaultdict(lambda: [0, 0, 0.0, 0])  # read, written, seconds, kernels

    def add(self, kind, read, written, operations=0, times=1):
        sums = self.kinds[kind]
        seconds = max((read + written) / MEMORY, operations / PRODUCTS)
        for index, value in enumerate([read, written, seconds, 1]):
            sums[index] += times * value

    def total(self):
        return [sum(sums[index] for sums in self.kinds.values()) for index in range(4)]


class Shapes:
    def __init__(self, options):
        self.layers, self.tokens, self.hidden, self.inner = options.layers, options.tokens, options.hidden, options.inner
        self.batch, self.rows = options.batch, options.batch * options.tokens
        # rows, inputs and outputs of a layer's products
        self.products = [(self.hidden, 3 * self.hidden), (self.hidden, self.hidden), (self.hidden, self.inner),
                         (self.inner, self.hidden)]
        self.weights = sum(inputs * outputs for inputs, outputs in self.products)
        self.parameters = self.layers * (self.weights + 9 * self.hidden + self.inner) + options.labels * self.hidden
        self.row = self.rows * self.hidden  # elements
        self.wide = self.rows * self.inner


def add_forward(step, s, layers):
    """Products and attention."""
    for inputs, outputs in s.products:
        x, y, w = HALF * s.rows * inputs, HALF * s.rows * outputs, HALF * inputs * outputs
        step.add("matrix products", x + w, y, 2 * s.rows * inputs * outputs, layers)
    step.add("attention", 3 * HALF * s.row, HALF * s.row, 4 * s.batch * s.tokens**2 * s.hidden, layers)


def add_gradients(step, s, gradient_bytes):
    """Of the inputs, and of the weights, whose every element takes so many bytes: read, written."""
    for inputs, outputs in s.products:
        operations = 2 * s.rows * inputs * outputs
        x, y, w = HALF * s.rows * inputs, HALF * s.rows * outputs, HALF * inputs * outputs
        step.add("matrix products", y + w, x, operations, s.layers)
        read, written = (inputs * outputs * size for size in gradient_bytes)
        step.add("matrix products", x + y + read, written, operations, s.layers)
    step.add("attention", 5 * HALF * s.row, 3 * HALF * s.row, 10 * s.batch * s.tokens**2 * s.hidden, s.layers)


def autocast(s):
    step = Step()
    add_forward(step, s, s.layers)
    add_gradients(step, s, (0, HALF))
    for inputs, outputs in s.products:
        weight = inputs * outputs
        step.add("weights cast for their products", FLOAT * weight, HALF * weight, times=s.layers)
        step.add("weights' gradients cast, added", HALF * weight, FLOAT * weight, times=s.layers)
        step.add("weights' gradients cast, added", 2 * FLOAT * weight, FLOAT * weight, times=s.layers)
        step.add("gradients of biases", HALF * s.rows * outputs, 0, times=s.layers)
    packed = 3 * HALF * s.row
    step.add("gradient of packed q, k, v", 0, packed, times=3 * s.layers)  # zeros of the whole
    step.add("gradient of packed q, k, v", packed / 3, packed / 3, times=3 * s.layers)
    step.add("gradient of packed q, k, v", 2 * packed, packed, times=2 * s.layers)
    step.add("gradient of packed q, k, v", packed, packed, times=s.layers)  # into rows
    norms = 2 * s.layers
    step.add("rows cast between fp32 and bf16", FLOAT * s.row, HALF * s.row, times=2 * norms)  # normed; the branch's gradient
    step.add("rows cast between fp32 and bf16", HALF * s.row, FLOAT * s.row, times=norms)  # normed's gradient
    step.add("residual sums", (FLOAT + HALF) * s.row, FLOAT * s.row, times=norms)
    step.add("residual sums", 2 * FLOAT * s.row, FLOAT * s.row, times=norms)
    step.add("LayerNorm", FLOAT * s.row, FLOAT * s.row, times=norms)
    step.add("LayerNorm, gradient", 2 * FLOAT * s.row, FLOAT * s.row, times=norms)
    step.add("LayerNorm, gradient", 2 * FLOAT * s.row, 0, times=norms)  # of its weight and bias
    step.add("GELU", HALF * s.wide, HALF * s.wide, times=s.layers)
    step.add("GELU, gradient", 2 * HALF * s.wide, HALF * s.wide, times=s.layers)
    step.add("optimizer", FLOAT * s.parameters, 0)  # norm
    step.add("optimizer", FLOAT * s.parameters, FLOAT * s.parameters)  # clipping
    step.add("optimizer", 4 * FLOAT * s.parameters, 3 * FLOAT * s.parameters)
    step.add("optimizer", 0, FLOAT * s.parameters)  # zeros
    return step


def ours(s):
    step = Step()
    add_forward(step, s, s.layers)
    add_gradients(step, s, (FLOAT, FLOAT))
    packed = 3 * HALF * s.row
    step.add("gradient of packed q, k, v", packed, packed, times=s.layers)
    norms = 2 * s.layers
    step.add("LayerNorm", (FLOAT + HALF) * s.row, (FLOAT + HALF) * s.row, times=norms)
    step.add("LayerNorm, gradient", (HALF + 2 * FLOAT) * s.row, (FLOAT + HALF) * s.row, times=norms)
    step.add("GELU", HALF * s.wide, HALF * s.wide, times=s.layers)
    step.add("GELU, gradient", 2 * HALF * s.wide, HALF * s.wide, times=s.layers)
    step.add("gradients of biases", packed, 0, times=s.layers)  # of q, k, v; the others' in the passes above
    step.add("optimizer", FLOAT * s.parameters, 0)  # norm
    step.add("optimizer", 4 * FLOAT * s.parameters, 4 * FLOAT * s.parameters)  # clips, too
    step.add("optimizer", 0, FLOAT * s.parameters)  # zeros
    step.add("weights cast for their products", FLOAT * s.parameters, HALF * s.parameters)
    return step


def add_extraction(step, s):
    """Products and attention: of the last layer the first tokens' rows are too few to count."""
    add_forward(step, s, s.layers - 1)
    width = 2 * s.hidden
    step.add("matrix products", HALF * (s.row + s.hidden * width), HALF * s.rows * width, 2 * s.row * width)
    step.add("attention", 2 * HALF * s.row, 0)


def extraction_with_autocast(s):
    step = Step()
    add_extraction(step, s)
    norms = 2 * s.layers - 1
    for inputs, outputs in s.products:
        step.add("weights cast for their products", FLOAT * inputs * outputs, HALF * inputs * outputs, times=s.layers)
    step.add("rows cast between fp32 and bf16", FLOAT * s.row, HALF * s.row, times=norms)
    step.add("residual sums", (FLOAT + HALF) * s.row, FLOAT * s.row, times=norms - 1)
    step.add("LayerNorm", FLOAT * s.row, FLOAT * s.row, times=norms)
    step.add("GELU", HALF * s.wide, HALF * s.wide, times=s.layers - 1)
    return step


def our_extraction(s):
    step = Step()
    add_extraction(step, s)
    step.add("LayerNorm", (FLOAT + HALF) * s.row, (FLOAT + HALF) * s.row, times=2 * s.layers - 1)
    step.add("GELU", HALF * s.wide, HALF * s.wide, times=s.layers - 1)
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in dict(batch=128, hidden=768, layers=12, inner=3072, tokens=197, labels=1000).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--extraction", action="store_true")
    options = parser.parse_args()
    sides = (extraction_with_autocast, our_extraction) if options.extraction else (autocast, ours)
    steps = [side(Shapes(options)) for side in sides]

    def cells(sums):
        read, written, seconds, kernels = sums
        return f"{kernels:.0f} | {read / 1e9:.1f} | {written / 1e9:.1f} | {1e3 * seconds:.2f}" if kernels else "| | |"

    print("| | autocast: kernels | GB read | GB written | ms | zoetrope: kernels | GB read | GB written | ms |")
    print("| --- |" + 8 * " ---: |")
    for kind in dict.fromkeys([*steps[0].kinds, *steps[1].kinds]):
        print(f"| {kind} | " + " | ".join(cells(step.kinds[kind]) for step in steps) + " |")
    print("| all | " + " | ".join(cells(step.total()) for step in steps) + " |")
    rates = [options.batch / step.total()[2] for step in steps]
    print(f"\nAt most {rates[0]:,.0f} images/s, and {rates[1]:,.0f}.")


if __name__ == "__main__":
    main()
