"""Positive controls: every criterion gives the scores of an independent formula on fixed tensors."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from validate.engine.criteria import CRITERIA, InapplicableError, Subject
from validate.engine.criteria.activations import SparseGpt
from validate.engine.criteria.curvature import OptimalBrainSurgeon
from validate.engine.criteria.gradients import Grasp
from validate.engine.models import prunable_layers
from validate.engine.models.decoder import DecoderSize, decoder
from validate.engine.patterns import NOfM, Unstructured
from validate.threads import one_thread


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread(), torch.random.fork_rng():
        torch.manual_seed(11)
        yield


def small_network():
    return nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))


def small_convolution():
    return nn.Sequential(
        nn.Unflatten(1, (2, 5, 5)), nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(75, 4)
    )


def subject_of(model, examples=20, classes=None, x=None) -> Subject:
    layers = prunable_layers(model)
    first = model[0]
    features = (
        int(np.prod(first.unflattened_size))
        if isinstance(first, nn.Unflatten)
        else next(iter(layers.values())).in_features
    )
    x = torch.randn(examples, features) if x is None else x
    classes = classes or len(list(layers.values())[-1].weight)
    y = torch.arange(len(x)) % classes
    masks = {name: torch.ones_like(layer.weight, dtype=torch.bool) for name, layer in layers.items()}
    return Subject(model, layers, masks, x, y, torch.Generator().manual_seed(3))


def gradients(subject, model=None):
    model = copy.deepcopy(model or subject.module)
    functional.cross_entropy(model(subject.x), subject.y).backward()
    return {name: layer.weight.grad for name, layer in prunable_layers(model).items()}


def assert_same(found, expected, **tolerances):
    assert found.keys() == expected.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], check_dtype=False, **tolerances)


def test_magnitude_is_the_absolute_value():
    subject = subject_of(nn.Sequential(nn.Linear(2, 2)))
    subject.layers["0"].weight.data = torch.tensor([[-3.0, 0.5], [0.0, 2.0]])
    assert CRITERIA["magnitude"].scores(subject)["0"].tolist() == [[3.0, 0.5], [0.0, 2.0]]


def test_random_scores_come_from_the_generator_and_ignore_the_weights():
    one, same = subject_of(nn.Sequential(nn.Linear(50, 40))), subject_of(nn.Sequential(nn.Linear(50, 40)))
    scores = CRITERIA["random"].scores(one)["0"]
    assert torch.equal(scores, CRITERIA["random"].scores(same)["0"])
    assert 0.45 < float(scores.mean()) < 0.55
    assert not torch.equal(scores, CRITERIA["random"].scores(same)["0"])


def test_the_l1_norm_of_a_filter_is_the_score_of_its_weights():
    subject = subject_of(small_convolution())
    scores = CRITERIA["l1-filter"].scores(subject)
    weight = subject.layers["1"].weight.detach().numpy()
    for channel in range(3):
        np.testing.assert_allclose(scores["1"][channel], np.full((2, 3, 3), np.abs(weight[channel]).sum()), rtol=1e-6)
    assert scores["4"].shape == (4, 75)


@pytest.mark.parametrize("model", [small_network, small_convolution])
def test_snip_is_the_normalised_product_of_weight_and_gradient(model):
    subject = subject_of(model())
    products = {
        name: (gradient * subject.layers[name].weight.detach()).abs() for name, gradient in gradients(subject).items()
    }
    total = sum(product.sum() for product in products.values())
    assert_same(CRITERIA["snip"].scores(subject), {name: product / total for name, product in products.items()})


def test_snip_is_the_slope_of_the_loss_by_a_gate_at_each_weight():
    subject = subject_of(small_network())
    scores = CRITERIA["snip"].scores(subject)
    slopes = {}
    for name, layer in subject.layers.items():
        original, found = layer.weight.detach().clone(), torch.zeros_like(layer.weight)
        for place in np.ndindex(*layer.weight.shape):
            losses = []
            for gate in (1.001, 0.999):
                layer.weight.data = original.clone()
                layer.weight.data[place] *= gate
                losses.append(functional.cross_entropy(subject.module(subject.x).double(), subject.y).item())
            found[place] = abs(losses[0] - losses[1])
        layer.weight.data = original
        slopes[name] = found
    total = sum(slope.sum() for slope in slopes.values())
    assert_same(scores, {name: slope / total for name, slope in slopes.items()}, rtol=0.05, atol=1e-3)


def test_taylor_is_the_squared_product_of_weight_and_gradient():
    subject = subject_of(small_network())
    expected = {name: (grad * subject.layers[name].weight.detach()) ** 2 for name, grad in gradients(subject).items()}
    assert_same(CRITERIA["taylor"].scores(subject), expected)


def test_gradients_do_not_depend_on_how_many_examples_go_together(monkeypatch):
    subject = subject_of(small_network())
    whole = CRITERIA["snip"].scores(subject)
    monkeypatch.setattr("validate.engine.criteria.subject._NUMBERS_AT_ONCE", 15)
    assert_same(CRITERIA["snip"].scores(subject), whole)
    wanda = subject_of(small_network(), x=subject.x)
    first = CRITERIA["wanda"].scores(wanda)
    monkeypatch.undo()
    again = Subject(wanda.module, wanda.layers, wanda.masks, wanda.x, wanda.y, wanda.generator)
    assert_same(CRITERIA["wanda"].scores(again), first)


def loss_by_weights(subject, sizes, temperature=1.0):
    """The loss as a function of all weights in one row."""

    def loss(flat):
        pieces = iter(flat.split([int(np.prod(size)) for size in sizes]))
        x = subject.x.double()
        for module in subject.module:
            if isinstance(module, nn.Linear):
                x = x @ next(pieces).reshape(module.weight.shape).T + module.bias.detach().double()
            else:
                x = module(x)
        return functional.cross_entropy(x / temperature, subject.y)

    return loss


def flat_weights(subject):
    return torch.cat([layer.weight.detach().double().flatten() for layer in subject.layers.values()])


def by_layer(flat, subject):
    pieces = flat.split([layer.weight.numel() for layer in subject.layers.values()])
    return {
        name: piece.reshape(layer.weight.shape)
        for piece, (name, layer) in zip(pieces, subject.layers.items(), strict=True)
    }


def test_grasp_is_the_weight_times_hessian_times_gradient():
    subject = subject_of(small_network())
    sizes = [layer.weight.shape for layer in subject.layers.values()]
    flat = flat_weights(subject)
    loss = loss_by_weights(subject, sizes, temperature=2.0)
    hessian = torch.autograd.functional.hessian(loss, flat)
    gradient = torch.autograd.functional.jacobian(loss, flat)
    expected = by_layer(flat * (hessian @ gradient), subject)
    assert_same(Grasp(temperature=2.0).scores(subject), expected, rtol=1e-3, atol=1e-6)


def test_synflow_of_a_chain_of_layers_has_its_closed_form():
    model = nn.Sequential(*(nn.Linear(a, b, bias=False) for a, b in ((4, 6), (6, 5), (5, 3))))
    subject = subject_of(model)
    w1, w2, w3 = (layer.weight.detach().double().abs() for layer in subject.layers.values())
    ones = torch.ones
    expected = {
        "0": w1 * (w2.T @ w3.T @ ones(3).double())[:, None],
        "1": w2 * torch.outer(w3.T @ ones(3).double(), w1 @ ones(4).double()),
        "2": w3 * (w2 @ w1 @ ones(4).double()),
    }
    found = CRITERIA["synflow"].scores(subject)
    assert_same(found, expected)
    flow = [float(score.sum()) for score in found.values()]
    assert flow == pytest.approx([flow[0]] * 3)


def test_synflow_is_conserved_at_every_hidden_unit():
    subject = subject_of(nn.Sequential(nn.Linear(5, 6, bias=False), nn.ReLU(), nn.Linear(6, 3, bias=False)))
    scores = CRITERIA["synflow"].scores(subject)
    torch.testing.assert_close(scores["0"].sum(1), scores["2"].sum(0))


def test_synflow_changes_nothing_and_uses_no_examples():
    model = small_convolution()
    before = copy.deepcopy(model.state_dict())
    one = CRITERIA["synflow"].scores(subject_of(model))
    other = CRITERIA["synflow"].scores(subject_of(model, x=torch.zeros(3, 50)))
    assert_same(one, other)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


@pytest.mark.parametrize("examples", [20, 50])
def test_obd_is_half_the_exact_second_derivative_times_the_weight_squared(examples):
    subject = subject_of(small_network(), examples)
    sizes = [layer.weight.shape for layer in subject.layers.values()]
    flat = flat_weights(subject)
    hessian = torch.autograd.functional.hessian(loss_by_weights(subject, sizes), flat)
    expected = by_layer(0.5 * hessian.diagonal() * flat**2, subject)
    assert_same(CRITERIA["obd"].scores(subject), expected, rtol=1e-4, atol=1e-7)


def test_obd_of_a_convolution_is_exact_too():
    subject = subject_of(small_convolution())
    layer = subject.layers["1"]
    scores = CRITERIA["obd"].scores(subject)["1"]
    rest = nn.Sequential(*subject.module[2:]).double()

    def loss(flat):
        images = subject.x.double().reshape(-1, 2, 5, 5)
        maps = functional.conv2d(images, flat.reshape(layer.weight.shape), layer.bias.detach().double(), padding=1)
        return functional.cross_entropy(rest(maps), subject.y)

    flat = layer.weight.detach().double().flatten()
    hessian = torch.autograd.functional.hessian(loss, flat)
    subject.module.float()
    expected = (0.5 * hessian.diagonal() * flat**2).reshape(layer.weight.shape)
    torch.testing.assert_close(scores, expected, check_dtype=False, rtol=1e-4, atol=1e-7)


def exact_hessian(subject, damping):
    sizes = [layer.weight.shape for layer in subject.layers.values()]
    flat = flat_weights(subject)
    hessian = torch.autograd.functional.hessian(loss_by_weights(subject, sizes), flat)
    return flat, hessian + damping * torch.eye(len(flat), dtype=torch.float64)


def test_obs_is_the_weight_squared_over_twice_the_inverse_hessians_diagonal():
    subject = subject_of(nn.Sequential(nn.Linear(5, 3)), examples=40)
    flat, hessian = exact_hessian(subject, 0.01)
    expected = by_layer(flat**2 / (2 * torch.linalg.inv(hessian).diagonal()), subject)
    assert_same(OptimalBrainSurgeon(damping=0.01).scores(subject), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("count", [1, 6])
def test_obs_moves_the_other_weights_to_the_least_rise_of_the_parabola(count):
    subject = subject_of(nn.Sequential(nn.Linear(5, 3)), examples=40)
    flat, hessian = exact_hessian(subject, 0.01)
    removed = torch.zeros(15, dtype=torch.bool)
    removed[[2, 3, 7, 9, 11, 14][:count]] = True
    # Lagrange: H δ = Aᵀ λ under A δ = -w, solved as one linear system.
    picks = torch.eye(15, dtype=torch.float64)[removed]
    system = torch.cat(
        [torch.cat([hessian, picks.T], 1), torch.cat([picks, torch.zeros(count, count, dtype=torch.float64)], 1)]
    )
    right = torch.cat([torch.zeros(15, dtype=torch.float64), -flat[removed]])
    expected = (flat + torch.linalg.solve(system, right)[:15]).reshape(3, 5)
    masks = {"0": ~removed.reshape(3, 5)}
    with torch.no_grad():
        OptimalBrainSurgeon(damping=0.01).compensate(subject, masks, None)
    torch.testing.assert_close(subject.layers["0"].weight.detach(), expected.float(), rtol=1e-4, atol=1e-5)


def test_obs_leaves_out_what_is_pruned_already():
    subject = subject_of(nn.Sequential(nn.Linear(5, 3)), examples=40)
    subject.masks["0"][:, 1] = False
    subject.layers["0"].weight.data[:, 1] = 0
    flat, hessian = exact_hessian(subject, 0.01)
    alive = subject.masks["0"].flatten()
    inverse = torch.linalg.inv(hessian[alive][:, alive])
    found = OptimalBrainSurgeon(damping=0.01).scores(subject)["0"].flatten()
    torch.testing.assert_close(
        found[alive], (flat[alive] ** 2 / (2 * inverse.diagonal())).float(), rtol=1e-4, atol=1e-6
    )
    assert not found[~alive].any()


def test_obs_refuses_a_network_that_is_too_large():
    with pytest.raises(InapplicableError, match="SparseGPT"):
        CRITERIA["obs"].scores(subject_of(nn.Sequential(nn.Linear(700, 10))))


def test_wanda_is_the_weight_times_the_norm_of_its_input():
    subject = subject_of(small_network())
    hidden = torch.relu(subject.module[0](subject.x)).detach()
    expected = {
        "0": torch.stack([subject.layers["0"].weight[:, j].abs() * subject.x[:, j].norm() for j in range(5)], 1),
        "2": torch.stack([subject.layers["2"].weight[:, j].abs() * hidden[:, j].norm() for j in range(6)], 1),
    }
    assert_same(CRITERIA["wanda"].scores(subject), {name: score.detach() for name, score in expected.items()})


def test_wanda_of_a_convolution_sees_each_pixel_that_a_weight_meets():
    subject = subject_of(small_convolution())
    image = functional.pad(subject.x.reshape(-1, 2, 5, 5), (1, 1, 1, 1))
    weight = subject.layers["1"].weight.detach()
    expected = torch.zeros_like(weight)
    for channel, row, column in np.ndindex(2, 3, 3):
        met = image[:, channel, row : row + 5, column : column + 5]
        expected[:, channel, row, column] = weight[:, channel, row, column].abs() * met.norm()
    torch.testing.assert_close(CRITERIA["wanda"].scores(subject)["1"], expected)


def damped_hessian(x, damping=0.01):
    gram = (x.double().T @ x.double()) / len(x)
    return gram + damping * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.float64)


def test_sparsegpt_scores_are_those_of_obs_for_the_columns_that_are_left():
    subject = subject_of(nn.Sequential(nn.Linear(8, 4)), examples=60)
    hessian, weight = damped_hessian(subject.x), subject.layers["0"].weight.detach().double()
    expected = torch.stack([weight[:, j] ** 2 / torch.linalg.inv(hessian[j:, j:])[0, 0] for j in range(8)], 1)
    torch.testing.assert_close(CRITERIA["sparsegpt"].scores(subject)["0"], expected.float(), rtol=1e-4, atol=1e-6)


def swept_by_hand(weight, hessian, masks):
    """Columns one after the other, each with the inverse of the Hessian of those that are left."""
    weight = weight.clone()
    for j in range(weight.shape[1]):
        inverse = torch.linalg.inv(hessian[j:, j:])
        for row in range(len(weight)):
            if not masks[row, j]:
                weight[row, j:] -= weight[row, j] / inverse[0, 0] * inverse[0]
                weight[row, j] = 0
    return weight


@pytest.mark.parametrize("block", [3, 128])
def test_sparsegpt_with_given_masks_is_the_sweep_by_hand(block):
    subject = subject_of(nn.Sequential(nn.Linear(8, 4)), examples=60)
    masks = {"0": torch.rand(4, 8) < 0.5}
    expected = swept_by_hand(subject.layers["0"].weight.detach().double(), damped_hessian(subject.x), masks["0"])
    with torch.no_grad():
        SparseGpt(block=block).compensate(subject, masks, None)
    torch.testing.assert_close(subject.layers["0"].weight.detach(), expected.float(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pattern", [Unstructured(), NOfM(2, 4)])
def test_sparsegpt_chooses_anew_in_each_block_of_columns(pattern):
    subject = subject_of(nn.Sequential(nn.Linear(8, 6)), examples=60)
    weight, hessian = subject.layers["0"].weight.detach().double(), damped_hessian(subject.x)
    expected_mask = torch.ones(6, 8, dtype=torch.bool)
    for begin in (0, 4):
        # The weights that the block finds when the blocks before it have been swept.
        found = swept_by_hand(weight, hessian, expected_mask)
        scores = torch.stack(
            [found[:, j] ** 2 / torch.linalg.inv(hessian[j:, j:])[0, 0] for j in range(begin, begin + 4)], 1
        )
        if isinstance(pattern, NOfM):
            expected_mask[:, begin : begin + 4] = scores >= scores.sort(1).values[:, 2:3]
        else:
            expected_mask[:, begin : begin + 4] = scores >= scores.flatten().sort().values[12]
    start = {
        "0": pattern.expand({"0": pattern.select(pattern.pool({"0": weight.abs()})["0"], 24)}, {"0": weight.shape})["0"]
    }
    with torch.no_grad():
        masks = SparseGpt(block=4).compensate(subject, start, pattern.select_columns)
    assert torch.equal(masks["0"], expected_mask)
    expected = swept_by_hand(weight, hessian, expected_mask)
    torch.testing.assert_close(subject.layers["0"].weight.detach(), expected.float(), rtol=1e-4, atol=1e-5)


def test_sparsegpt_loses_less_of_the_output_than_magnitude_and_is_finite_with_dead_inputs():
    x = torch.randn(200, 30) @ torch.randn(30, 30)
    x[:, 4] = 0
    errors = {}
    for name in ("magnitude", "sparsegpt"):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(30, 20))
        expected = model(x).detach()
        subject = subject_of(model, x=x)
        with torch.no_grad():
            scores = CRITERIA[name].scores(subject)["0"]
            mask = {"0": Unstructured().select(scores, 300)}
            mask = CRITERIA[name].compensate(subject, mask, Unstructured().select_columns)
            model[0].weight.mul_(mask["0"])
            errors[name] = float((model(x) - expected).norm() / expected.norm())
        assert int(mask["0"].sum()) == 300
    assert errors["sparsegpt"] < 0.9 * errors["magnitude"]


@pytest.mark.parametrize("name", ["snip", "taylor", "wanda", "sparsegpt", "obd", "obs", "grasp"])
def test_a_criterion_that_looks_at_examples_refuses_to_score_without(name):
    with pytest.raises(InapplicableError, match="examples"):
        CRITERIA[name].scores(subject_of(small_network(), x=torch.empty(0, 5), classes=3))


@pytest.mark.parametrize("name", ["synflow", "obd", "obs"])
def test_a_criterion_that_language_models_can_not_use_says_so(name):
    size = DecoderSize("llama", 1, width=8, heads=2, key_heads=2, inner=16, vocabulary=11, positions=6)
    model = decoder(size)
    ids = torch.randint(11, (3, 6))
    layers = prunable_layers(model)
    masks = {name: torch.ones_like(layer.weight, dtype=torch.bool) for name, layer in layers.items()}
    with pytest.raises(InapplicableError):
        CRITERIA[name].scores(Subject(model, layers, masks, ids, ids, torch.Generator()))


def test_scoring_leaves_a_network_in_training_as_it_was():
    model = nn.Sequential(
        nn.Unflatten(1, (2, 5, 5)), nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(27, 4)
    )
    before = copy.deepcopy(model.state_dict())
    for name, criterion in CRITERIA.items():
        criterion.scores(subject_of(model))
        assert model.training, name
        assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items()), name
        assert all(parameter.grad is None for parameter in model.parameters()), name
