"""The sparse product agrees with numpy for any shape and sparsity, with either kernel."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validate.kernels import library
from validate.kernels.library import KernelUnavailableError, kernel_name
from validate.kernels.sparse import ShapeError, SparseMatrix

KERNELS = [
    pytest.param("c", marks=pytest.mark.skipif(library.library() is None, reason="the C kernel was not built")),
    "scipy",
]


def random_weight(rng: np.random.Generator, m: int, k: int, sparsity: float) -> np.ndarray:
    weight = rng.standard_normal((m, k)).astype(np.float32)
    weight[rng.random((m, k)) < sparsity] = 0
    return weight


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=150, deadline=None)
@given(
    m=st.integers(0, 40),
    k=st.integers(0, 300),
    n=st.one_of(st.none(), st.integers(0, 300)),
    sparsity=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_product_agrees_with_numpy(kernel, m, k, n, sparsity, seed):
    rng = np.random.default_rng(seed)
    weight = random_weight(rng, m, k, sparsity)
    x = rng.standard_normal((k,) if n is None else (k, n)).astype(np.float32)
    product = SparseMatrix.from_dense(weight).matmul(x, kernel=kernel)
    expected = weight.astype(np.float64) @ x.astype(np.float64)
    assert product.dtype == np.float32
    assert product.shape == expected.shape
    np.testing.assert_allclose(product, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", [(33, 700, 130), (64, 1000, 49), (7, 257, 1), (300, 784, 64)])
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9])
def test_dense_rows_that_are_done_in_blocks_agree_with_numpy(kernel, shape, sparsity):
    m, k, n = shape
    rng = np.random.default_rng(m)
    weight = random_weight(rng, m, k, sparsity)
    weight[::5] = 0
    x = rng.standard_normal((k, n)).astype(np.float32)
    product = SparseMatrix.from_dense(weight).matmul(x, kernel=kernel)
    np.testing.assert_allclose(product, weight.astype(np.float64) @ x, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n", [None, 1, 5, 64, 200])
def test_pruned_weights_contribute_nothing_even_for_nan_and_infinity(kernel, n):
    weight = np.zeros((4, 6), dtype=np.float32)
    weight[0, 1] = 2
    weight[2, 3] = -1
    x = np.ones((6,) if n is None else (6, n), dtype=np.float32)
    x[0], x[2], x[5] = np.nan, np.inf, -np.inf
    product = SparseMatrix.from_dense(weight).matmul(x, kernel=kernel)
    assert np.array_equal(product, np.full(product.shape, 1) * np.array([2, 0, -1, 0]).reshape(-1, *[1] * (x.ndim - 1)))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_stored_weight_meets_nan(kernel):
    weight = np.array([[1.0, 0.0], [0.0, 3.0]], dtype=np.float32)
    x = np.array([[np.nan, 1.0], [2.0, 2.0]], dtype=np.float32)
    product = SparseMatrix.from_dense(weight).matmul(x, kernel=kernel)
    assert np.isnan(product[0, 0])
    assert product[1].tolist() == [6.0, 6.0]


@settings(deadline=None)
@given(m=st.integers(0, 20), k=st.integers(0, 20), sparsity=st.floats(0, 1), seed=st.integers(0, 1000))
def test_dense_to_sparse_and_back_keeps_every_weight(m, k, sparsity, seed):
    weight = random_weight(np.random.default_rng(seed), m, k, sparsity)
    matrix = SparseMatrix.from_dense(weight)
    assert np.array_equal(matrix.to_dense(), weight)
    assert matrix.entries == np.count_nonzero(weight)


def test_a_copy_has_its_own_memory():
    weight = random_weight(np.random.default_rng(1), 50, 40, 0.5)
    matrix = SparseMatrix.from_dense(weight)
    x = np.ones((40, 3), dtype=np.float32)
    expected = matrix.matmul(x)
    copied = pickle.loads(pickle.dumps(matrix))
    copied.value[:] *= 2
    assert np.array_equal(copied.matmul(x), 2 * expected)
    assert np.array_equal(matrix.matmul(x), expected)


def test_inputs_of_any_layout_and_type_are_taken():
    rng = np.random.default_rng(0)
    weight = random_weight(rng, 8, 9, 0.5)
    x = rng.standard_normal((20, 9))
    matrix = SparseMatrix.from_dense(np.asfortranarray(weight.astype(np.float64)))
    np.testing.assert_allclose(matrix.matmul(x.T), weight @ x.T, rtol=1e-4, atol=1e-5)
    assert matrix.matmul([1] * 9).shape == (8,)


def test_operands_that_do_not_fit_are_refused_with_their_shapes():
    matrix = SparseMatrix.from_dense(np.eye(3, 4))
    with pytest.raises(ShapeError, match=r"x needs 4 rows; it has shape \(3, 2\)"):
        matrix.matmul(np.zeros((3, 2)))
    with pytest.raises(ShapeError, match="two dimensions"):
        SparseMatrix.from_dense(np.zeros(3))


@pytest.mark.parametrize(
    ("start", "column", "message"),
    [
        ([0, 1], [0, 1], "over 3 entries"),
        ([0, 2, 1], [0, 1], "must rise"),
        ([0, 1, 3], [0, 1], "promises 3"),
        ([0, 1, 2], [0, 4], "outside 0..3"),
        ([0, 2, 2], [1, 0], "ascend"),
    ],
)
def test_broken_indices_never_reach_the_kernel(start, column, message):
    with pytest.raises(ShapeError, match=message):
        SparseMatrix((2, 4), np.array(start, np.int32), np.array(column, np.int32), np.ones(2, np.float32))


def test_the_environment_forces_a_kernel(monkeypatch):
    monkeypatch.setenv("SECATEUR_KERNEL", "scipy")
    assert kernel_name() == "scipy"
    monkeypatch.setenv("SECATEUR_KERNEL", "fortran")
    with pytest.raises(KernelUnavailableError, match="'fortran'"):
        kernel_name()


def test_without_the_library_scipy_serves_and_c_says_how_to_build_it(monkeypatch):
    monkeypatch.delenv("SECATEUR_KERNEL", raising=False)
    monkeypatch.setattr(library, "library", lambda: None)
    assert kernel_name() == "scipy"
    assert SparseMatrix.from_dense(np.eye(3)).matmul(np.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(KernelUnavailableError, match="build_ext"):
        kernel_name("c")
