"""Sparse layers compute what torch's layers compute, in any model, for any input; accelerate says what it did."""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs torch: pip install 'secateur[validate]'")
from torch import nn  # noqa: E402 - after the check that torch is here

from validate.kernels import library  # noqa: E402
from validate.kernels.accelerate import accelerate, report  # noqa: E402
from validate.kernels.convolution import Convolution, Geometry, Window  # noqa: E402
from validate.kernels.convolution_plan import load_convolution_plan, plan_convolution  # noqa: E402
from validate.kernels.modules import (  # noqa: E402
    MOST_PLANS,
    SparseConv2d,
    SparseLinear,
    UnsupportedInputError,
    UnsupportedLayerError,
)
from validate.kernels.plan_file import PlanFileError  # noqa: E402
from validate.kernels.sparse import ShapeError, SparseMatrix  # noqa: E402
from validate.kernels.tiles import Packing, Tile  # noqa: E402
from validate.threads import one_thread  # noqa: E402

QUICK = 1e-4
KERNELS = [
    pytest.param("c", marks=pytest.mark.skipif(library.library() is None, reason="the C kernel was not built")),
    "scipy",
]


@pytest.fixture(autouse=True)
def _on_one_thread():
    with one_thread(), torch.no_grad():
        yield


@pytest.fixture(params=KERNELS)
def kernel(request, monkeypatch):
    monkeypatch.setenv("SECATEUR_KERNEL", request.param)
    return request.param


def prune(model: nn.Module, sparsity: float, seed: int = 0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.weight *= torch.rand(module.weight.shape, generator=generator) >= sparsity
    return model.eval()


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    assert ours.shape == theirs.shape
    if theirs.numel() == 0:
        return 0.0
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-6))


@settings(max_examples=60, deadline=None)
@given(
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.one_of(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.sampled_from(["same", "valid"])),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    images=st.integers(0, 5),
    channels=st.tuples(st.integers(1, 5), st.integers(1, 9)),
    sparsity=st.sampled_from([0.3, 0.8, 1.0]),
    threads=st.integers(1, 2),
)
@pytest.mark.parametrize("kernel_name", KERNELS)
def test_any_convolution_agrees_with_torch(
    kernel_name, kernel, stride, padding, dilation, size, images, channels, sparsity, threads
):
    if padding == "same":
        stride = (1, 1)
    border = (0, 0) if isinstance(padding, str) else padding
    if padding != "same" and any(
        edge + 2 * zeros < (taps - 1) * step + 1
        for edge, zeros, taps, step in zip(size, border, kernel, dilation, strict=True)
    ):
        return
    layer = prune(
        nn.Conv2d(*channels, kernel, stride=stride, padding=padding, dilation=dilation, bias=sum(size) % 2 == 0),
        sparsity,
    )
    x = torch.randn(images, channels[0], *size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECATEUR_KERNEL", kernel_name)
        ours = SparseConv2d(layer, threads=threads, seconds=QUICK)(x)
    assert relative_error(ours, layer(x)) < 1e-4


@settings(max_examples=60, deadline=None)
@given(
    features=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    leading=st.lists(st.integers(0, 6), max_size=3),
    sparsity=st.sampled_from([0.3, 0.9, 1.0]),
    biased=st.booleans(),
)
@pytest.mark.parametrize("kernel_name", KERNELS)
def test_any_linear_layer_agrees_with_torch(kernel_name, features, leading, sparsity, biased):
    layer = prune(nn.Linear(*features, bias=biased), sparsity)
    x = torch.randn(*leading, features[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECATEUR_KERNEL", kernel_name)
        ours = SparseLinear(layer, seconds=QUICK)(x)
    assert relative_error(ours, layer(x)) < 1e-4


@pytest.mark.usefixtures("kernel")
def test_inputs_of_any_memory_layout_are_taken():
    linear = prune(nn.Linear(30, 20), 0.8)
    sparse = SparseLinear(linear, seconds=QUICK)
    for x in (torch.randn(30, 7).T, torch.randn(7, 60)[:, ::2], torch.randn(1, 30).expand(7, 30)):
        assert relative_error(sparse(x), linear(x)) < 1e-4
    layer = prune(nn.Conv2d(4, 6, 3, padding=1), 0.8)
    images = torch.randn(2, 4, 9, 9).to(memory_format=torch.channels_last)
    assert relative_error(SparseConv2d(layer, seconds=QUICK)(images), layer(images)) < 1e-4
    assert relative_error(SparseConv2d(layer, seconds=QUICK)(images[0]), layer(images[0])) < 1e-4


@pytest.mark.parametrize("out_features", [1, 40])
def test_a_pruned_weight_of_a_layer_contributes_nothing_to_nan(kernel, out_features):
    linear = nn.Linear(20, out_features, bias=False)
    linear.weight[:, 3] = 0
    x = torch.randn(5, 20)
    expected = linear(x)
    x[:, 3] = torch.nan
    assert relative_error(SparseLinear(linear, seconds=QUICK)(x), expected) < 1e-4
    layer = nn.Conv2d(3, out_features, 3, bias=False)
    layer.weight[:, 1] = 0
    images = torch.randn(2, 3, 8, 8)
    expected = layer(images)
    images[:, 1] = torch.inf
    assert relative_error(SparseConv2d(layer, seconds=QUICK)(images), expected) < 1e-4


class Branching(nn.Module):
    """A model with convolutions, a shared layer, grouped convolutions and attention, none of it in sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.depthwise = nn.Conv2d(16, 16, 3, groups=16, padding=1)
        self.point = nn.Conv2d(16, 32, 1)
        self.encoder = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
        self.shared = nn.Linear(32, 32)
        self.again = self.shared
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.point(self.depthwise(self.stem(x)))
        tokens = self.encoder(x.flatten(2).transpose(1, 2))
        return self.head(self.again(torch.relu(self.shared(tokens))).mean(dim=1))


@pytest.mark.usefixtures("kernel")
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_an_encoder_that_packs_a_padded_batch_gives_the_same_outputs():
    torch.manual_seed(0)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2)
    model = prune(encoder, 0.9)
    x, padding = torch.randn(3, 7, 32), torch.arange(7) >= torch.tensor([[7], [4], [1]])
    expected = model(x, src_key_padding_mask=padding)
    fast = accelerate(model, seconds=QUICK)
    assert relative_error(fast(x, src_key_padding_mask=padding), expected) < 1e-4
    assert len(fast.layers[0].linear1.plans) == 1


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("shape", [(4, 11), (4, 13), (13,), (0, 11), (0,), (1,)])
def test_an_input_with_another_number_of_features_is_refused(shape):
    fast = accelerate(prune(nn.Sequential(nn.Linear(12, 20)), 0.5), seconds=QUICK)
    fast(torch.randn(4, 12))
    with pytest.raises(ShapeError, match="takes 12 features"):
        fast(torch.randn(shape))


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("shape", [(1, 7, 9, 9), (7, 9, 9), (8, 9), (1, 1, 8, 9, 9)])
def test_images_with_another_number_of_channels_are_refused(shape):
    fast = accelerate(prune(nn.Sequential(nn.Conv2d(8, 6, 3)), 0.5), seconds=QUICK)
    with pytest.raises(ShapeError, match="takes images of 8 channels"):
        fast(torch.randn(shape))


@pytest.mark.usefixtures("kernel")
def test_a_whole_model_gives_the_same_outputs_and_stays_as_it_was():
    torch.manual_seed(0)
    model = prune(Branching(), 0.9)
    before = copy.deepcopy(model.state_dict())
    x = torch.randn(2, 3, 8, 8)
    assert relative_error(accelerate(model, x, seconds=QUICK)(x), model(x)) < 1e-4
    fast = accelerate(model, seconds=QUICK)
    assert relative_error(fast(x), model(x)) < 1e-4
    assert isinstance(fast.stem[0], SparseConv2d)
    assert isinstance(fast.point, SparseConv2d)
    assert fast.shared is fast.again
    assert isinstance(fast.encoder.linear1, SparseLinear)
    assert isinstance(fast.depthwise, nn.Conv2d)
    assert isinstance(fast.encoder.self_attn.out_proj, nn.Linear)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert isinstance(model.head, nn.Linear)


def test_the_report_names_layers_sizes_and_what_runs(kernel):
    model = prune(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)), 0.9)
    fast = accelerate(model, (torch.randn(2, 3, 8, 8),), seconds=QUICK)
    rows = report(fast)
    assert [(row.name, row.size) for row in rows] == [("0", "2x8x8"), ("2", "2")]
    for row in rows:
        assert row.choice.kernel == kernel
        assert row.sparsity == pytest.approx(0.9, abs=0.1)
        assert ("scipy" in str(row.choice)) == (kernel == "scipy")


def test_layers_for_which_dense_is_faster_stay_torchs_own_and_are_reported():
    torch.manual_seed(0)
    model = prune(nn.Sequential(nn.Linear(2000, 2000), nn.Linear(2000, 2000)), 0.5)
    model[0].weight *= torch.rand_like(model[0].weight) < 0.02
    fast = accelerate(model, torch.randn(1, 2000))
    rows = report(fast)
    assert [row.name for row in rows] == ["0", "1"]
    assert isinstance(fast[0], SparseLinear)
    assert isinstance(fast[1], nn.Linear) == rows[1].choice.is_dense


def test_layers_that_are_hardly_pruned_stay():
    model = prune(nn.Sequential(nn.Linear(50, 50), nn.Linear(50, 50)), 0.1)
    assert report(accelerate(model, torch.randn(2, 50))) == []


@pytest.mark.usefixtures("kernel")
def test_a_layer_meets_more_batch_sizes_than_it_plans_for():
    linear = prune(nn.Linear(20, 10), 0.8)
    sparse = SparseLinear(linear, seconds=QUICK)
    for n in range(1, MOST_PLANS + 5):
        x = torch.randn(n, 20)
        assert relative_error(sparse(x), linear(x)) < 1e-4
    assert len(sparse.plans) == MOST_PLANS


@pytest.mark.usefixtures("kernel")
def test_an_accelerated_model_can_be_copied_and_pickled():
    model = prune(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)), 0.9)
    x = torch.randn(2, 3, 8, 8)
    fast = accelerate(model, x, seconds=QUICK)
    for other in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert torch.equal(other(x), fast(x))


def test_what_the_kernels_do_not_compute_is_refused():
    with pytest.raises(UnsupportedLayerError, match="4 and 'zeros'"):
        SparseConv2d(nn.Conv2d(4, 4, 3, groups=4))
    with pytest.raises(UnsupportedLayerError, match="'reflect'"):
        SparseConv2d(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"))
    with pytest.raises(UnsupportedInputError, match="float64"):
        SparseLinear(nn.Linear(3, 3))(torch.zeros(1, 3, dtype=torch.float64))


@pytest.mark.usefixtures("kernel")
def test_a_saved_convolution_plan_computes_the_same(tmp_path):
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((5, 3, 3, 3)) * (rng.random((5, 3, 3, 3)) < 0.3)
    made = plan_convolution(weight, (2, 9, 9), Window((3, 3), (2, 2), (1, 1), (1, 1)), bias=np.ones(5), seconds=QUICK)
    made.save(tmp_path / "plan.npz")
    x = rng.standard_normal((2, 3, 9, 9)).astype(np.float32)
    loaded = load_convolution_plan(tmp_path / "plan.npz")
    assert loaded.geometry == made.geometry
    assert np.array_equal(loaded.multiply(x), made.multiply(x))
    with pytest.raises(ShapeError, match="3 x 9 x 9"):
        loaded.multiply(x[:, :2])


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"channels": 4}, "27 weights"),
        ({"height": -4}, "does not fit"),
        ({"window": {"kernel": [5, 5]}}, "27 weights"),
        ({"window": {"kernel": [3, 3], "stride": [0, 1]}}, "27 weights"),
        ({"window": {"kernel": [3, 3], "colour": [1, 1]}}, "colour"),
    ],
)
def test_a_saved_convolution_that_does_not_fit_its_weights_is_refused(tmp_path, told, message):
    path = tmp_path / "plan.npz"
    plan_convolution(np.ones((5, 3, 3, 3)), (2, 9, 9), Window((3, 3)), seconds=QUICK, dense=False).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    about["told"].update(told)
    np.savez(path, **{**arrays, "about": np.array(json.dumps(about))})
    with pytest.raises(PlanFileError, match=message):
        load_convolution_plan(path)


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="does not fit"):
        plan_convolution(np.ones((1, 1, 5, 5)), (1, 3, 3), Window((5, 5)))
    with pytest.raises(ShapeError, match="shape"):
        plan_convolution(np.ones((1, 1, 5, 4)), (1, 9, 9), Window((5, 5)))


def test_a_pointwise_convolution_of_a_single_pixel_agrees_with_torch():
    layer = torch.nn.Conv2d(6, 4, 1)
    with torch.no_grad():
        layer.weight.mul_(torch.rand(layer.weight.shape) < 0.5)
    x = torch.randn(1, 6, 1, 1)
    for _ in range(3):
        torch.testing.assert_close(SparseConv2d(layer, seconds=QUICK)(x), layer(x), rtol=1e-4, atol=1e-5)


class _ReadsWeights(nn.Module):
    """As models do that ask a layer for its type, or tie an output to an embedding."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(256, 512), nn.Linear(512, 256, bias=False)

    def forward(self, x):
        hidden = self.first(x.to(self.first.weight.dtype))
        return self.second(hidden) @ self.second.weight + self.first.bias


def test_a_model_that_reads_the_weights_of_its_layers_gives_the_same_outputs():
    model, x = prune(_ReadsWeights(), 0.97), torch.randn(32, 256)
    fast = accelerate(model, x, seconds=QUICK)
    assert isinstance(fast.first, SparseLinear)
    assert relative_error(fast(x), model(x)) < 1e-4
    assert fast.second.bias is None
    assert torch.equal(pickle.loads(pickle.dumps(fast)).first.weight, model.first.weight)
    layer = nn.Conv2d(4, 8, 3, padding=1)
    ours = SparseConv2d(layer)
    assert torch.equal(ours.weight, layer.weight)
    assert torch.equal(ours.bias, layer.bias)
    assert (ours.kernel_size, ours.stride, ours.padding) == ((3, 3), (1, 1), (1, 1))


def test_of_a_compiled_model_the_original_is_accelerated():
    model, x = prune(nn.Sequential(nn.Linear(256, 512), nn.ReLU()), 0.97), torch.randn(32, 256)
    fast = accelerate(torch.compile(model), x, seconds=QUICK)
    assert isinstance(fast[0], SparseLinear)
    assert relative_error(fast(x), model(x)) < 1e-4


@pytest.mark.parametrize("window", [Window((1, 1)), Window((3, 3), (1, 1), (1, 1), (1, 1))])
def test_an_image_whose_floats_32_bits_do_not_count_is_refused(window):
    packed = SparseMatrix.from_dense(np.ones((1, 3000 * window.kernel[0] ** 2), np.float32))
    with pytest.raises(ShapeError, match="3000 x 1000 x 1000 is too large"):
        Convolution(Packing(packed, None).product(Tile("rows")), Geometry(window, 3000, 1000, 1000))


def test_rows_that_lie_farther_apart_than_32_bits_count_are_not_read_in_place():
    matrix = SparseMatrix.from_dense(np.eye(3, dtype=np.float32))
    product = Packing(matrix, None).product(Tile("rows", direct=True))
    far = np.lib.stride_tricks.as_strided(np.empty(0, np.float32), (3, 16), (2**32, 4))
    assert product._layout(far, direct=True).offset is None
    assert product._layout(np.empty((3, 16), np.float32), direct=True).offset is not None
