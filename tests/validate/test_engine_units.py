"""Distributions keep exact counts, patterns keep what they promise, schedules arrive."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from validate.engine.data import load_dataset
from validate.engine.distributions import ErdosRenyi, Global, Layerwise, Uniform, cubic, geometric, highest
from validate.engine.models import build_model, prunable_layers
from validate.engine.models.wiring import UnknownWiringError
from validate.engine.patterns import Blocks, Filters, NOfM, UnknownPatternError, Unstructured, pattern_of
from validate.engine.regrowth import shared_out
from validate.engine.training import augmented

layer_sizes = st.lists(st.integers(1, 60), min_size=1, max_size=4)
matrices = st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(0, 999))


def scores_of(sizes, seed=0, most=9):
    rng = np.random.default_rng(seed)
    return {f"l{i}": torch.from_numpy(rng.integers(0, most, size).astype(np.float32)) for i, size in enumerate(sizes)}


@settings(max_examples=60, deadline=None)
@given(sizes=layer_sizes, kept=st.floats(0.01, 1), seed=st.integers(0, 999))
def test_global_keeps_the_highest_scores_of_all(sizes, kept, seed):
    scores = scores_of(sizes, seed)
    counts = Global(kept).counts(scores)
    assert sum(counts.values()) == round(kept * sum(sizes))
    flat = torch.cat(list(scores.values()))
    mask = torch.cat([highest(scores[name], counts[name]) for name in scores])
    if mask.any() and not mask.all():
        assert flat[mask].min() >= flat[~mask].max()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -3.0, float("inf"), float("-inf")]), min_size=1), st.floats(0, 1))
def test_of_equal_scores_the_first_are_kept(values, part):
    kept = round(part * len(values))
    by_rank = sorted(range(len(values)), key=lambda place: (-values[place], place))
    mask = highest(torch.tensor(values), kept)
    assert set(mask.nonzero().flatten().tolist()) == set(by_rank[:kept])


@settings(max_examples=60, deadline=None)
@given(sizes=layer_sizes, kept=st.floats(0.01, 1), progress=st.floats(0, 1))
def test_uniform_and_layerwise_keep_their_fraction_of_every_layer(sizes, kept, progress):
    scores = scores_of(sizes)
    stated = Layerwise(dict.fromkeys(scores, kept)).counts(scores, geometric(progress))
    uniform = Uniform(kept).counts(scores, geometric(progress))
    assert uniform == stated == {name: round(kept**progress * len(layer)) for name, layer in scores.items()}


shapes_of_layers = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([(), (3, 3), (5, 5)])).map(
        lambda parts: (parts[0], parts[1], *parts[2])
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(shapes=shapes_of_layers, kept=st.floats(0.01, 1), kernel=st.booleans())
def test_erdos_renyi_is_exact_and_in_proportion_below_a_full_layer(shapes, kept, kernel):
    by_name = {f"l{i}": shape for i, shape in enumerate(shapes)}
    units = {name: torch.zeros(shape) for name, shape in by_name.items()}
    counts = ErdosRenyi(kept, by_name, kernel).counts(units)
    sizes = {name: unit.numel() for name, unit in units.items()}
    assert sum(counts.values()) == round(kept * sum(sizes.values()))
    assert all(0 <= counts[name] <= sizes[name] for name in counts)

    def wish(name):
        shape = by_name[name] if kernel else by_name[name][:2]
        return sum(shape) / np.prod(shape)

    scales = {name: (counts[name] / sizes[name] / wish(name), 1 / sizes[name] / wish(name)) for name in counts}
    free = [name for name in counts if counts[name] < sizes[name]]
    for one in free:
        for other in free:
            assert abs(scales[one][0] - scales[other][0]) <= scales[one][1] + scales[other][1]


def test_erdos_renyi_kernel_gives_the_densities_that_its_formula_says():
    shapes = {"conv": (16, 8, 3, 3), "fc": (10, 400)}
    units = {name: torch.zeros(shape) for name, shape in shapes.items()}
    counts = ErdosRenyi(0.1, shapes, kernel=True).counts(units)
    wishes = {"conv": 30 / 1152, "fc": 410 / 4000}
    scale = 0.1 * 5152 / (1152 * wishes["conv"] + 4000 * wishes["fc"])
    assert counts["conv"] == pytest.approx(scale * wishes["conv"] * 1152, abs=1)
    assert counts["fc"] == pytest.approx(scale * wishes["fc"] * 4000, abs=1)


def test_approaches_begin_with_everything_and_arrive():
    for approach in (geometric, cubic):
        assert approach(0.0)(0.1) == pytest.approx(1)
        assert approach(1.0)(0.1) == pytest.approx(0.1)
        steps = [approach(t)(0.1) for t in np.linspace(0, 1, 11)]
        assert steps == sorted(steps, reverse=True)
    assert 1 - cubic(0.5)(0.1) == pytest.approx(0.9 * (1 - 0.5**3))
    assert geometric(0.5)(0.25) == pytest.approx(0.5)


def masked(pattern, matrix, kept):
    units = pattern.pool({"w": matrix})["w"]
    chosen = pattern.select(units, round(kept * units.numel()))
    return pattern.expand({"w": chosen}, {"w": matrix.shape})["w"], chosen


@settings(max_examples=60, deadline=None)
@given(shape=matrices, n=st.integers(1, 3), extra=st.integers(1, 4))
def test_n_of_m_keeps_the_n_highest_of_each_group(shape, n, extra):
    rows, columns, seed = shape
    m = n + extra
    matrix = torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32))
    mask, _ = masked(NOfM(n, m), matrix, n / m)
    for row in range(rows):
        for begin in range(0, columns, m):
            group, kept = matrix[row, begin : begin + m], mask[row, begin : begin + m]
            assert int(kept.sum()) == min(n, len(group))
            assert set(group[kept].tolist()) == set(group.sort(descending=True).values[:n].tolist())


@settings(max_examples=60, deadline=None)
@given(shape=matrices, block=st.sampled_from([(4, 1), (8, 1), (4, 4), (1, 3)]), kept=st.floats(0.05, 1))
def test_blocks_are_kept_or_removed_whole_and_by_their_mean(shape, block, kept):
    rows, columns, seed = shape
    matrix = torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32))
    mask, chosen = masked(Blocks(*block), matrix, kept)
    assert int(chosen.sum()) == round(kept * chosen.numel())
    means = {True: [], False: []}
    for top in range(0, rows, block[0]):
        for left in range(0, columns, block[1]):
            part = (slice(top, top + block[0]), slice(left, left + block[1]))
            assert mask[part].all() or not mask[part].any()
            means[bool(mask[part].all())].append(float(matrix[part].mean()))
    if means[True] and means[False]:
        assert min(means[True]) >= max(means[False]) - 1e-6


@settings(max_examples=40, deadline=None)
@given(shape=matrices, kept=st.floats(0, 1))
def test_weights_that_compete_within_their_output_leave_even_rows(shape, kept):
    rows, columns, seed = shape
    matrix = torch.from_numpy(np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32))
    mask, _ = masked(Unstructured("output"), matrix, kept)
    assert int(mask.sum()) == round(kept * rows * columns)
    per_row = mask.sum(1)
    assert int(per_row.max() - per_row.min()) <= 1
    for row in range(rows):
        if 0 < per_row[row] < columns:
            assert matrix[row][mask[row]].min() > matrix[row][~mask[row]].max()


def test_what_is_pruned_already_does_not_count_for_the_mean_of_a_block():
    matrix = torch.tensor([[1.0, -torch.inf], [3.0, -torch.inf]])
    assert Blocks(2, 1).pool({"w": matrix})["w"].tolist() == [[2.0, -torch.inf]]


def model(name, shape=(3, 16, 16)):
    data = load_dataset("none") if shape == (1, 28, 28) else load_dataset("digits")
    return build_model(name, data, torch.Generator().manual_seed(0))


def test_a_removed_filter_takes_rows_columns_bias_and_normalisation_with_it():
    network = model("VGG-11-BN", (1, 28, 28))
    pattern = Filters(network)
    shapes = {name: layer.weight.shape for name, layer in prunable_layers(network).items()}
    units = {group: torch.ones_like(unit, dtype=torch.bool) for group, unit in pattern.pool(weights(network)).items()}
    units["conv2"][[3, 5]] = False
    masks = pattern.expand(units, shapes)
    assert not masks["conv2"][[3, 5]].any()
    assert not masks["conv3"][:, [3, 5]].any()
    assert int((~masks["conv2"]).sum()) == 2 * 64 * 9
    assert int((~masks["conv3"]).sum()) == 2 * 256 * 9
    companions = pattern.companions(units)
    assert {"conv2.bias", "norm2.weight", "norm2.bias"} <= companions.keys()
    assert (~companions["norm2.bias"]).nonzero().flatten().tolist() == [3, 5]
    assert "fc1.bias" not in companions


def weights(network):
    return {name: layer.weight.detach().abs() for name, layer in prunable_layers(network).items()}


def test_the_score_of_a_stream_is_the_mean_over_the_layers_that_write_it():
    network = model("ResNet-20")
    pooled = Filters(network).pool(weights(network))
    names = ["stage2.block1.conv2", "stage2.block2.conv2", "stage2.block3.conv2"]
    expected = torch.stack([network.get_submodule(name).weight.detach().abs().mean((1, 2, 3)) for name in names]).mean(
        0
    )
    torch.testing.assert_close(pooled["stage2.block1.conv2"], expected)
    assert set(Filters(network, ("stage2.block3.conv2",)).pool(weights(network))) == set(pooled) - {names[0]}


def test_patterns_are_named_as_in_claims():
    network = model("MLP-8-8")
    assert pattern_of("2:4", network) == NOfM(2, 4)
    assert pattern_of("8x1", network) == Blocks(8, 1)
    assert pattern_of("unstructured", network, "output") == Unstructured("output")
    assert isinstance(pattern_of("filter", network), Filters)
    with pytest.raises(UnknownPatternError, match="hexagons"):
        pattern_of("hexagons", network)
    with pytest.raises(UnknownWiringError):
        pattern_of("filter", torch.nn.Sequential(torch.nn.LSTM(2, 3)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 5)), min_size=1, max_size=5), st.floats(0, 1))
def test_units_are_shared_out_exactly_and_no_more_than_there_is_room_for(layers, part):
    room = {f"l{i}": space for i, (space, _) in enumerate(layers)}
    total = int(part * sum(room.values()))
    shares = shared_out(total, {f"l{i}": weight for i, (_, weight) in enumerate(layers)}, room)
    assert sum(shares.values()) == total
    assert all(0 <= shares[name] <= room[name] for name in room)


def test_units_are_shared_out_in_proportion():
    assert shared_out(12, {"a": 2.0, "b": 1.0}, {"a": 100, "b": 100}) == {"a": 8, "b": 4}
    assert shared_out(12, {"a": 2.0, "b": 1.0}, {"a": 5, "b": 100}) == {"a": 5, "b": 7}


def test_augmented_images_are_shifted_and_mirrored_originals():
    image = torch.arange(1, 3 * 6 * 5 + 1, dtype=torch.float32).reshape(3, 6, 5)
    rows = augmented(image.flatten().repeat(200, 1), (3, 6, 5), torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(image, [4] * 4)
    possible = {
        tuple((part.flip(2) if flip else part).flatten().tolist())
        for top in range(9)
        for left in range(9)
        for flip in (False, True)
        for part in [padded[:, top : top + 6, left : left + 5]]
    }
    seen = {tuple(row.tolist()) for row in rows}
    assert seen <= possible
    assert len(seen) > 80
