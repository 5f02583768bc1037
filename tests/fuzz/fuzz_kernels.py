"""Random products and convolutions through every format, instruction set and layout of the C kernels, against numpy.

Run ``python tests/fuzz/fuzz_kernels.py --cases N --seed S``; it prints each case that differs and exits with 1. It is
a program and not a test so that it can run under a sanitizer, which has to be loaded before Python.
"""

import argparse
import os
import sys

import numpy as np

from validate.kernels import formats
from validate.kernels.convolution import Convolution, Geometry, Window
from validate.kernels.convolution_plan import convolve_with_scipy
from validate.kernels.library import instruction_sets
from validate.kernels.pixels import PixelConvolution
from validate.kernels.product import Product
from validate.kernels.sparse import ShapeError, SparseMatrix


def random_weight(rng: np.random.Generator, m: int, k: int, pattern: str) -> np.ndarray:
    """A weight matrix of the pattern, with empty rows and columns now and then."""
    weight = rng.standard_normal((m, k)).astype(np.float32)
    sparsity = rng.choice([0.0, 0.5, 0.9, 0.98, 1.0, rng.random()])
    if pattern == "two_four":
        keys = rng.random((m, k // 4, 4))
        return weight * (keys >= np.sort(keys, axis=2)[:, :, 2:3]).reshape(m, k)
    if pattern.startswith("blocks"):
        rows, columns = (int(part) for part in pattern.split()[1].split("x"))
        kept = rng.random((-(-m // rows), -(-k // columns))) >= sparsity
        return weight * kept.repeat(rows, axis=0).repeat(columns, axis=1)[:m, :k]
    uneven = rng.random((m, 1)) if rng.random() < 0.3 else np.ones((m, 1))
    weight[rng.random((m, k)) >= (1 - sparsity) * uneven] = 0
    weight[rng.random(m) < 0.1] = 0
    weight[:, rng.random(k) < 0.1] = 0
    return weight


def packed(rng: np.random.Generator, matrix: SparseMatrix, pattern: str) -> formats.Stripes | formats.Compact:
    """The matrix in one of the formats that fit its pattern."""
    block = int(rng.integers(1, 300)) if rng.random() < 0.5 else None
    if pattern.startswith("blocks"):
        rows, columns = (int(part) for part in pattern.split()[1].split("x"))
        return formats.pack_blocks(matrix, rows, columns, block)
    if pattern == "two_four" and rng.random() < 0.7:
        return formats.pack_two_four(matrix)
    rows = int(rng.integers(-1, 5))
    if rows < 1:
        return formats.pack_bitmask(matrix) if rows == 0 else formats.pack_sliced(matrix)
    return formats.pack_rows(matrix, block) if rows == 1 else formats.pack_groups(matrix, rows, block)


def laid_out(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """An array [rows, columns] of normal numbers: by rows, by columns, within a wider one, or with steps."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.standard_normal((columns, rows)).astype(np.float32).T
    if kind == 1:
        return rng.standard_normal((rows, columns + 5)).astype(np.float32)[:, 2 : columns + 2]
    if kind == 2:
        return rng.standard_normal((rows, 2 * columns)).astype(np.float32)[:, ::2]
    return rng.standard_normal((rows, columns)).astype(np.float32)


def run_case(rng: np.random.Generator) -> str | None:
    """One random product; what is wrong with it, or None."""
    pattern = str(rng.choice(["any", "any", "any", "two_four", "blocks 4x1", "blocks 8x1", "blocks 4x4"]))
    m, k, n = (int(rng.choice([0, 1, 2, rng.integers(1, 40), rng.integers(1, most)])) for most in (70, 500, 300))
    k = k // 4 * 4 if pattern == "two_four" else k
    weight = random_weight(rng, m, k, pattern)
    if pattern == "two_four" and (weight != 0).sum() * 2 != weight.size:
        return None
    os.environ["SECATEUR_ISA"] = str(rng.choice(list(instruction_sets())))
    matrix = SparseMatrix.from_dense(weight)
    if pattern == "two_four" and not formats.is_two_four(matrix):
        pattern = "any"
    bias = rng.standard_normal(m).astype(np.float32) if rng.random() < 0.5 else None
    format_ = packed(rng, matrix, pattern)
    vectors, direct, threads = int(rng.integers(1, 14)), bool(rng.random() < 0.3), int(rng.integers(1, 5))
    product = Product(format_, vectors=vectors, direct=direct, bias=bias)
    n = 1 if product.multiplies_vectors_only else n
    x = laid_out(rng, k, n)
    poison = float(rng.choice([np.nan, np.inf, -np.inf, 1.0]))
    poisoned = rng.integers(k) if x.size else 0
    if x.size:
        x[poisoned] = 0
    y = np.full((n, m), 7, np.float32).T if rng.random() < 0.3 else np.full((m, n), 7, np.float32)
    expected = weight.astype(np.float64) @ x.astype(np.float64) + (0 if bias is None else bias[:, None])
    scale = np.abs(weight).astype(np.float64) @ np.abs(x) + 1
    if x.size:
        x[poisoned] = poison
        stored = weight[:, poisoned] != 0
        expected[stored] += weight[stored, poisoned, None].astype(np.float64) * poison
        scale += np.abs(weight[:, poisoned, None])
    product.multiply(x, y, threads)
    finite = np.isfinite(expected)
    close = np.abs(y[finite] - expected[finite]) <= 1e-5 * np.broadcast_to(scale, y.shape)[finite]
    if close.all() and np.array_equal(y[~finite], expected[~finite], equal_nan=True):
        return None
    described = f"{format_.kind} {getattr(format_, 'rows', '')}x{getattr(format_, 'columns', '')}"
    return (
        f"{m}x{k}x{n} {pattern} as {described}, block {getattr(format_, 'block', None)}, {vectors} vectors, "
        f"direct {direct}, {threads} threads, {os.environ['SECATEUR_ISA']}, x {x.strides}, y {y.strides}"
    )


def run_convolution(rng: np.random.Generator) -> str | None:
    """One random convolution against copied windows times scipy's CSR; what is wrong with it, or None."""
    kernel, stride, dilation = (tuple(rng.integers(1, most, 2).tolist()) for most in (4, 4, 3))
    before, after = (tuple(rng.integers(0, 3, 2).tolist()) for _ in range(2))
    if rng.random() < 0.2:
        kernel, stride, before, after = (1, 1), (1, 1), (0, 0), (0, 0)
    window = Window(kernel, stride, before, after, dilation)
    images, channels, height, width, out = (int(rng.integers(1, most)) for most in (6, 6, 24, 24, 12))
    if rng.random() < 0.3:
        images, height, width = images * 8, 1 + height // 4, 1 + width // 4
    try:
        geometry = Geometry(window, channels, height, width)
        rows, columns = geometry.output
    except ShapeError:
        return None
    weight = random_weight(rng, out, channels * kernel[0] * kernel[1], "any")
    matrix = SparseMatrix.from_dense(weight)
    bias = rng.standard_normal(out).astype(np.float32) if rng.random() < 0.5 else None
    os.environ["SECATEUR_ISA"] = str(rng.choice(list(instruction_sets())))
    rows_of_w, block = int(rng.integers(1, 5)), int(rng.integers(1, 300)) if rng.random() < 0.5 else None

    def packed_rows(part: SparseMatrix) -> formats.Stripes:
        return formats.pack_rows(part, block) if rows_of_w == 1 else formats.pack_groups(part, rows_of_w, block)

    vectors, direct, threads = int(rng.integers(1, 14)), bool(rng.random() < 0.5), int(rng.integers(1, 5))
    x = rng.standard_normal((images, channels, height, width)).astype(np.float32)
    y = np.full((images, out, rows, columns), 7, np.float32)
    inside = int(rng.integers(1, images + 3)) if rng.random() < 0.4 else None

    def product(part: SparseMatrix) -> Product:
        return Product(packed_rows(part), vectors=vectors, direct=direct, bias=bias)

    lines = bool(rng.random() < 0.5)
    convolution: Convolution | PixelConvolution = Convolution(product(matrix), geometry, lines=lines)
    if inside is not None:
        convolution = PixelConvolution(matrix, product, geometry, inside)
    convolution.multiply(x, y, threads)
    if np.allclose(y, convolve_with_scipy(matrix, x, geometry, bias), rtol=1e-4, atol=1e-4):
        return None
    return (
        f"{images} images of {channels}x{height}x{width} to {out}, {window}, groups of {rows_of_w}, "
        f"block {block}, {inside} images inside, {vectors} vectors, direct {direct}, lines {lines}, "
        f"{threads} threads, {os.environ['SECATEUR_ISA']}"
    )


def run_any(rng: np.random.Generator) -> str | None:
    """A product three times of four, else a convolution."""
    return run_case(rng) if rng.random() < 0.75 else run_convolution(rng)


def main() -> int:
    """Runs the cases; 0 if all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    wrong = [described for described in (run_any(rng) for _ in range(arguments.cases)) if described is not None]
    sys.stdout.write("\n".join([f"{arguments.cases} cases, {len(wrong)} differ", *wrong[:20], ""]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
