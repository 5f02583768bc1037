"""A plan picks the fastest way by a trial, multiplies anything, says when dense is faster, and survives a file."""

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validate.kernels import library
from validate.kernels.choice import Choice
from validate.kernels.plan import Plan, load_plan, plan
from validate.kernels.plan_file import PlanFileError
from validate.kernels.sparse import ShapeError, SparseMatrix
from validate.kernels.tiles import Tile, candidate_tiles
from validate.kernels.trial import fastest_turns

needs_c = pytest.mark.skipif(library.library() is None, reason="the C kernel was not built")
KERNELS = [pytest.param("c", marks=needs_c), "scipy"]
QUICK = 1e-4


def random_weight(rng: np.random.Generator, m: int, k: int, sparsity: float) -> np.ndarray:
    weight = rng.standard_normal((m, k)).astype(np.float32)
    weight[rng.random((m, k)) < sparsity] = 0
    return weight


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 30), st.integers(0, 60)),
    n=st.integers(1, 70),
    other=st.one_of(st.none(), st.integers(0, 40)),
    sparsity=st.floats(0, 1),
    biased=st.booleans(),
    dense=st.sampled_from([(), ("numpy",), ("numpy", "torch_linear")]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_plan_multiplies_any_number_of_columns(kernel, shape, n, other, sparsity, biased, dense, seed):
    rng = np.random.default_rng(seed)
    weight = random_weight(rng, *shape, sparsity)
    bias = rng.standard_normal(shape[0]).astype(np.float32) if biased else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECATEUR_KERNEL", kernel)
        made = plan(weight, n, bias=bias, seconds=QUICK, dense=dense)
        for columns in ((n,), (1,), () if other is None else (other,)):
            x = rng.standard_normal((shape[1], *columns)).astype(np.float32)
            added = 0 if bias is None else bias if not columns else bias[:, None]
            np.testing.assert_allclose(made.multiply(x), weight.astype(np.float64) @ x + added, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dense", [(), ("numpy",)])
def test_a_vector_may_come_in_any_form(dense):
    rng = np.random.default_rng(3)
    weight = random_weight(rng, 17, 29, 0.8)
    made = plan(weight, 1, seconds=QUICK, dense=dense)
    values = rng.standard_normal(29).astype(np.float32)
    fixed, spread = values.copy(), np.zeros(58, np.float32)
    fixed.flags.writeable = False
    spread[::2] = values
    for x in (
        values,
        fixed,
        spread[::2],
        values[::-1][::-1],
        values.astype(np.float64),
        list(values),
        values[:, None][:, 0],
    ):
        np.testing.assert_allclose(made.multiply(x), weight @ values, rtol=1e-4, atol=1e-5)
    for x in (values[:-1], np.zeros((1, 29), np.float32), np.float32(1)):
        with pytest.raises(ShapeError, match="x needs 29 rows"):
            made.multiply(x)


@needs_c
def test_a_sparse_layer_gets_a_sparse_plan_and_a_full_one_a_dense_plan():
    rng = np.random.default_rng(0)
    sparse = plan(random_weight(rng, 512, 512, 0.98), 64)
    assert not sparse.choice.is_dense
    assert sparse.choice.against_dense > 1
    assert "times the speed of dense" in str(sparse.choice)
    full = plan(random_weight(rng, 1024, 1024, 0.0), 1)
    assert full.choice.is_dense
    assert full.choice.against_dense < 1
    assert "is faster here" in str(full.choice)


@pytest.mark.parametrize("winner", ["numpy", "torch", "torch_linear"])
def test_a_dense_plan_lets_pruned_weights_meet_nothing_either(winner):
    weight = np.array([[1, 0, 0], [0, 0, 2], [0, 3, 0]], np.float32)
    dense = Plan(SparseMatrix.from_dense(weight), 2, np.ones(3, np.float32), Choice(None, winner, "c", "", 1, {}))
    x = np.array([[np.nan, 1], [1, np.inf], [1, 1]], np.float32)
    np.testing.assert_array_equal(dense.multiply(x), [[np.nan, 2], [3, 3], [4, np.inf]])


@needs_c
def test_patterns_bring_their_formats_into_the_trial():
    rng = np.random.default_rng(0)
    blocks = rng.standard_normal((64, 64)) * (rng.random((16, 64)) < 0.2).repeat(4, axis=0)
    keys = rng.random((64, 16, 4))
    two_four = (keys >= np.sort(keys, axis=2)[:, :, 2:3]).reshape(64, 64)

    def formats_tried(weight: np.ndarray, n: int) -> set[str]:
        return {tile.format for tile in candidate_tiles(SparseMatrix.from_dense(weight), n)}

    assert formats_tried(random_weight(rng, 64, 64, 0.9), 64) == {"rows", "groups"}
    assert "blocks" in formats_tried(blocks, 64)
    assert formats_tried(blocks, 1) >= {"rows", "bitmask", "blocks"}
    assert "two_four" in formats_tried(two_four, 1)
    assert "two_four" not in formats_tried(two_four, 64)


def test_tiles_that_would_run_alike_are_tried_once():
    tiles = candidate_tiles(SparseMatrix.from_dense(np.eye(20)), 3)
    assert len(tiles) == len(set(tiles))
    assert len(tiles) < 8
    assert all(tile.block is None for tile in tiles)


def test_a_result_can_go_into_an_array_that_exists():
    rng = np.random.default_rng(0)
    weight = random_weight(rng, 9, 8, 0.5)
    made = plan(weight, 5, seconds=QUICK)
    x = rng.standard_normal((8, 5)).astype(np.float32)
    for out in (np.empty((9, 5), np.float32), np.empty((5, 9), np.float32).T):
        assert made.multiply(x, out) is out
        np.testing.assert_allclose(out, weight @ x, rtol=1e-4, atol=1e-5)
    with pytest.raises(ShapeError, match=r"float64 of \(9, 5\)"):
        made.multiply(x, np.empty((9, 5)))


def test_what_does_not_fit_is_refused():
    made = plan(np.eye(3, 4), 2, seconds=QUICK)
    with pytest.raises(ShapeError, match="x needs 4 rows"):
        made.multiply(np.ones((3, 2)))
    with pytest.raises(ShapeError, match="at least one column"):
        plan(np.eye(3), 0)
    with pytest.raises(ShapeError, match="the bias needs as many"):
        plan(np.eye(3), 1, bias=np.ones(2))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("biased", [False, True])
def test_a_saved_plan_computes_the_same(kernel, biased, tmp_path, monkeypatch):
    monkeypatch.setenv("SECATEUR_KERNEL", kernel)
    rng = np.random.default_rng(0)
    weight = random_weight(rng, 30, 40, 0.9)
    made = plan(weight, 20, bias=np.arange(30) if biased else None, seconds=QUICK, dense=())
    made.save(tmp_path / "plan.npz")
    loaded = load_plan(tmp_path / "plan.npz")
    assert loaded.choice == made.choice
    assert loaded.n == 20
    x = rng.standard_normal((40, 20)).astype(np.float32)
    assert np.array_equal(loaded.multiply(x), made.multiply(x))


@needs_c
def test_a_plan_made_with_c_runs_on_scipy_where_c_is_missing(tmp_path, monkeypatch):
    weight = random_weight(np.random.default_rng(0), 30, 40, 0.9)
    made = plan(weight, 20, seconds=QUICK, dense=())
    made.save(tmp_path / "plan.npz")
    monkeypatch.setenv("SECATEUR_KERNEL", "scipy")
    loaded = load_plan(tmp_path / "plan.npz")
    assert loaded.choice.kernel == "scipy"
    assert "scipy, no C kernels" in str(loaded.choice)
    x = np.ones((40, 20), np.float32)
    np.testing.assert_allclose(loaded.multiply(x), made.multiply(x), rtol=1e-4, atol=1e-5)


def test_a_file_that_is_no_plan_is_refused_in_one_line(tmp_path):
    path = tmp_path / "plan.npz"
    path.write_bytes(b"not a plan")
    with pytest.raises(PlanFileError, match="holds no plan"):
        load_plan(path)
    np.savez(path, start=np.zeros(1))
    with pytest.raises(PlanFileError, match="holds no plan"):
        load_plan(path)
    np.savez(path, about=np.array('{"version": 99, "kind": "matrix"}'))
    with pytest.raises(PlanFileError, match="version 99"):
        load_plan(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bias": np.ones(3, np.float32)}, r"30 rows and a bias of shape \(3,\)"),
        ({"bias": np.ones(30)}, "float64"),
        ({"threads": 0}, "0 threads"),
        ({"threads": "two"}, "'two' threads"),
        ({"n": "many"}, "how many columns"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(tmp_path, changed, message):
    path = tmp_path / "plan.npz"
    plan(random_weight(np.random.default_rng(0), 30, 40, 0.9), 20, bias=np.ones(30), seconds=QUICK).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    about["choice"]["threads"] = changed.get("threads", 1)
    about["told"]["n"] = changed.get("n", 20)
    np.savez(path, **{**arrays, "bias": changed.get("bias", arrays["bias"])} | {"about": np.array(json.dumps(about))})
    with pytest.raises(PlanFileError, match=message):
        load_plan(path)


def test_tiles_say_what_they_are():
    assert str(Tile("groups", rows=3, width=112, block=256)) == "groups of 3, 112 wide, K by 256"
    assert str(Tile("blocks", 4, 4, direct=True)) == "blocks 4x4, 64 wide, direct"
    assert str(Tile("bitmask")) == "bitmask"


def test_with_several_threads_what_begins_slowly_stays_in_the_trial():
    calls = iter(range(10**9))

    def busy(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass

    found = fastest_turns(
        {"steady": lambda: busy(1e-4), "late": lambda: busy(4e-4 if next(calls) < 5 else 1e-5)}, 0.0, threads=2
    )
    assert found["late"] < found["steady"]
