"""The benchmark measures every contestant that is here, checks that they agree, and says which are missing."""

import numpy as np
import pytest

from validate.kernels.bench.contestants import DisagreementError, contestants, measure
from validate.kernels.bench.peers import CONTESTANTS, PeerUnavailableError, imported
from validate.kernels.bench.products import SPARSITIES, Shape, bench_products, read_shapes
from validate.kernels.bench.suites import Setting, UnknownSuiteError, run_suite
from validate.kernels.bench.weights import MASKS, UnknownMaskError, pruned_weight
from validate.kernels.formats import is_two_four, pack_blocks
from validate.kernels.peak import peak_gflops
from validate.kernels.sparse import SparseMatrix

FEW = ("ours", "scipy", "numpy")


@pytest.mark.parametrize("cold", [False, True])
def test_every_shape_is_timed_at_every_sparsity(cold):
    shapes = [Shape("small", 16, 32, 8), Shape("vector", 40, 30, 1)]
    told = []
    rows = bench_products(shapes, (0.5, 0.9), names=FEW, cold=cold, seconds=0.001, progress=told.append)
    assert [(row.layer, row.sparsity) for row in rows] == [
        ("small", 0.5),
        ("small", 0.9),
        ("vector", 0.5),
        ("vector", 0.9),
        ("geometric mean", 0.5),
        ("geometric mean", 0.9),
    ]
    assert told == rows[:4]
    for row in rows[:4]:
        assert row.against_dense == row.numpy / row.ours
        assert row.against_sparse == row.scipy / row.ours
        assert row.torch is None
        assert row.cache == ("cold" if cold else "hot")
    assert rows[0].in_short()["M x K x N"] == "16 x 32 x 8"
    assert rows[0].in_short()["dense"] == round(rows[0].against_dense, 2)
    mean = rows[-1]
    assert mean.against_dense == pytest.approx(np.sqrt(rows[1].against_dense * rows[3].against_dense))
    assert mean.ours is None


def test_a_contestant_that_computes_something_else_is_found_out():
    with contestants(("ours", "numpy"), 1) as workers:
        job = {"m": 8, "k": 8, "n": 2, "sparsity": 0.5, "mask": "random", "seed": 0, "cold": False}
        other = {**job, "seed": 1}

        class Cheat:
            def ask(self, request):
                return workers["numpy"].ask({"prepare": other} if "prepare" in request else request)

        with pytest.raises(DisagreementError, match="cheat disagrees with ours"):
            measure({"ours": workers["ours"], "cheat": Cheat()}, {"prepare": job}, 0.001)


def test_a_peer_that_is_not_installed_is_left_out():
    with pytest.raises(PeerUnavailableError, match="no_such_library"):
        imported("no_such_library")
    assert set(FEW) < set(CONTESTANTS)


@pytest.mark.parametrize("mask", MASKS)
def test_masks_have_the_sparsity_and_pattern_that_their_names_say(mask):
    weight = pruned_weight(128, 256, 0.8, mask, seed=3)
    assert np.mean(weight == 0) == pytest.approx(0.5 if mask == "2:4" else 0.8, abs=0.03)
    matrix = SparseMatrix.from_dense(weight)
    if mask == "2:4":
        assert is_two_four(matrix)
    if "x" in mask:
        rows, columns = (int(part) for part in mask.split("x"))
        assert pack_blocks(matrix, rows, columns).kind == "blocks"
    if mask == "trained":
        random = pruned_weight(128, 256, 0.8, "random", seed=3)
        assert np.std((weight != 0).sum(axis=1)) > 2 * np.std((random != 0).sum(axis=1))


def test_what_is_not_known_is_refused():
    with pytest.raises(UnknownMaskError, match="'diagonal'"):
        run_suite(Setting(mask="diagonal"))
    with pytest.raises(UnknownSuiteError, match="'all'"):
        run_suite(Setting(suite="all"))


def test_the_shapes_are_those_of_the_goals():
    shapes = {(shape.m, shape.k, shape.n) for shape in read_shapes("shapes")}
    assert {(256, 64, 3136), (3072, 768, 128), (300, 784, 64)} < shapes
    assert len(shapes) == 7
    assert SPARSITIES == (0.8, 0.9, 0.95)


def test_the_peak_is_beyond_what_one_operation_a_cycle_gives():
    peak = peak_gflops()
    assert peak is None or peak > 1


def test_without_the_c_kernels_scipy_is_measured_and_named(monkeypatch):
    monkeypatch.setenv("SECATEUR_KERNEL", "scipy")
    row = bench_products([Shape("small", 16, 32, 8)], (0.5,), names=FEW, seconds=0.001)[0]
    assert (row.kernel, row.isa, row.format) == ("scipy", "", "scipy")
    assert row.ours > 0


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["convolutions", "models"])
def test_the_long_suites_give_a_row_for_each_layer_and_model(suite):
    pytest.importorskip("torch")
    rows = run_suite(Setting(suite, sparsities=(0.9,), seconds=0.005))
    assert len(rows) == (8 if suite == "convolutions" else 6)
    for row in rows:
        assert (row.against_dense if suite == "convolutions" else row.against_eager) > 0
        if suite == "models":
            assert row.relative_error < 1e-4
        assert row.in_short()["sparsity"] == 0.9
