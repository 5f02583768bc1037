"""Convolutions that read lines of padded images in place, or shifted copies: right for any geometry and width."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from validate.kernels import formats
from validate.kernels.convolution import Convolution, Geometry, Window, padded_copies, shifted_copies
from validate.kernels.convolution_plan import convolve_with_scipy
from validate.kernels.library import instruction_sets, library
from validate.kernels.product import Product
from validate.kernels.sparse import ShapeError, SparseMatrix

pytestmark = pytest.mark.skipif(library() is None, reason="the C kernels were not built")

SAME = Window((3, 3), (1, 1), (1, 1), (1, 1))


def random_matrix(rng: np.random.Generator, out: int, columns: int, density: float) -> SparseMatrix:
    return SparseMatrix.from_dense(rng.standard_normal((out, columns)) * (rng.random((out, columns)) < density))


def packed(matrix: SparseMatrix, rows: int, block: int | None) -> formats.Stripes:
    return formats.pack_rows(matrix, block) if rows == 1 else formats.pack_groups(matrix, rows, block)


@pytest.mark.parametrize("isa", list(instruction_sets()))
@settings(max_examples=60, deadline=None)
@given(
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    before=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    height=st.integers(1, 12),
    width=st.one_of(st.integers(1, 40), st.integers(1, 300)),
    images=st.integers(1, 3),
    rows=st.integers(1, 4),
    vectors=st.integers(1, 12),
    block=st.one_of(st.none(), st.integers(1, 40)),
    lines=st.booleans(),
    threads=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_geometry_agrees_with_copied_windows(
    isa, kernel, stride, before, dilation, height, width, images, rows, vectors, block, lines, threads, seed
):
    rng = np.random.default_rng(seed)
    try:
        geometry = Geometry(Window(kernel, stride, before, (1, 2), dilation), 3, height, width)
        output = geometry.output
    except ShapeError:
        assume(False)
    matrix = random_matrix(rng, 9, 3 * kernel[0] * kernel[1], 0.4)
    bias = rng.standard_normal(9).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECATEUR_ISA", isa)
        product = Product(packed(matrix, rows, block), vectors=vectors, direct=bool(seed % 2), bias=bias)
        x = rng.standard_normal((images, 3, height, width)).astype(np.float32)
        y = np.full((images, 9, *output), np.nan, dtype=np.float32)
        Convolution(product, geometry, lines=lines).multiply(x, y, threads)
    np.testing.assert_allclose(y, convolve_with_scipy(matrix, x, geometry, bias), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_pixel_that_is_nan_reaches_only_the_outputs_whose_weights_meet_it(rows):
    rng = np.random.default_rng(rows)
    matrix, geometry = random_matrix(rng, 8, 2 * 9, 0.3), Geometry(SAME, 2, 10, 33)
    x = np.zeros((1, 2, 10, 33), np.float32)
    x[0, 1, 4, 32] = 1
    y, reached = (np.empty((1, 8, 10, 33), np.float32) for _ in range(2))
    convolution = Convolution(Product(packed(matrix, rows, None)), geometry, lines=True)
    convolution.multiply(x, reached)
    x[0, 1, 4, 32] = np.nan
    convolution.multiply(x, y)
    assert np.array_equal(np.isnan(y), reached != 0)


@pytest.mark.parametrize("size", [(40, 14), (3, 500)])
def test_the_number_of_threads_changes_no_bit(size):
    rng = np.random.default_rng(0)
    geometry = Geometry(SAME, 8, *size)
    convolution = Convolution(Product(packed(random_matrix(rng, 40, 72, 0.1), 1, 36)), geometry, lines=True)
    x = rng.standard_normal((2, 8, *size)).astype(np.float32)
    results = [np.empty((2, 40, *size), np.float32) for _ in range(4)]
    for threads, y in enumerate(results, start=1):
        convolution.multiply(x, y, threads)
    assert all(np.array_equal(y, results[0]) for y in results)


def test_one_padded_copy_serves_all_horizontal_taps_and_four_those_of_two_steps():
    copies = padded_copies(Geometry(SAME, 64, 32, 32))
    assert (len(copies.y), copies.columns) == (1, 40)
    assert len(shifted_copies(Geometry(SAME, 64, 32, 32)).y) == 3
    stepped = padded_copies(Geometry(Window((3, 3), (2, 2), (1, 1), (1, 1)), 128, 28, 28))
    assert (len(stepped.y), stepped.columns) == (4, 16)


def test_rows_of_all_channels_do_not_share_a_part_of_the_cache():
    copies = padded_copies(Geometry(SAME, 2, 62, 62))
    assert np.diff(copies.offsets[::9]).tolist() == [65 * 64]
    assert copies.rows == 65


def test_what_lines_can_not_hold_is_refused():
    with pytest.raises(ShapeError, match="is too large"):
        _ = padded_copies(Geometry(SAME, 3, 30_000, 30_000)).offsets
    blocks = formats.pack_blocks(SparseMatrix.from_dense(np.ones((4, 9))), 4, 4)
    with pytest.raises(ValueError, match="one column"):
        Convolution(Product(blocks), Geometry(SAME, 1, 5, 5), lines=True)
