"""An audit says what a checkpoint's zeros are, and runs nothing of what it holds."""

import json
import pickle
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validate.audit.audit import OtherNetworkError, audit_checkpoint
from validate.audit.checkpoint import CheckpointError, read_weights
from validate.audit.patterns import find_zeros
from validate.audit.sizes import stored_bytes
from validate.safetensors import write_safetensors

RNG = np.random.default_rng(0)


def dense(*shape: int) -> Any:
    return RNG.uniform(0.5, 1.0, shape).astype(np.float32)


def two_four(rows: int, columns: int) -> Any:
    values = dense(rows, columns).reshape(rows, -1, 4)
    np.put_along_axis(values, RNG.random(values.shape).argsort(axis=2)[..., :2], 0, axis=2)
    return values.reshape(rows, columns)


def test_the_zeros_of_a_full_weight_are_none() -> None:
    zeros = find_zeros(dense(6, 8))
    assert (zeros.zeros, zeros.sparsity, zeros.patterns) == (0, 0.0, ())


def test_two_of_four_is_found_along_the_inputs_and_not_along_the_outputs() -> None:
    values = two_four(16, 32)
    assert find_zeros(values).patterns[0] == "2:4"
    values[:, :4] = dense(16, 4)
    assert "2:4" not in find_zeros(values).patterns


def test_two_of_four_of_a_convolution_counts_input_channels() -> None:
    matrix = two_four(3 * 3 * 8, 16)
    values = matrix.reshape(8, 3, 3, 16).transpose(0, 3, 1, 2)
    assert "2:4" in find_zeros(values).patterns


def test_filters_inputs_and_both() -> None:
    values = dense(8, 6, 3, 3)
    values[2] = 0
    assert find_zeros(values).patterns[0] == "filters"
    values[:, 1] = 0
    both = find_zeros(values)
    assert both.patterns[0] == "filters and inputs"
    assert (both.zero_outputs, both.zero_inputs) == (1, 1)
    values[0, 0, 0, 0] = 0
    assert find_zeros(values).patterns == ("unstructured",)


@pytest.mark.parametrize(("rows", "columns"), [(4, 1), (8, 1), (4, 4)])
def test_blocks_are_found_also_where_the_matrix_is_no_whole_number_of_them(rows: int, columns: int) -> None:
    kept = RNG.random((5, 7)) < 0.5
    values = dense(5 * rows, 7 * columns) * np.repeat(np.repeat(kept, rows, axis=0), columns, axis=1)
    values = values[: 5 * rows - 1]
    zeros = find_zeros(values)
    assert f"{rows}x{columns}" in zeros.patterns
    assert (rows, columns, int(kept.sum())) in zeros.blocks


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 1), st.integers(0, 99))
def test_sizes_and_counts_agree_with_scipy(rows: int, columns: int, share: float, seed: int) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((rows, columns)) < share, 0, 1).astype(np.float32)
    zeros = find_zeros(values)
    csr = sparse.csr_array(values)
    assert zeros.weights - zeros.zeros == csr.nnz
    bytes_ = stored_bytes(values.shape, zeros)
    assert bytes_["CSR"] == csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes
    assert bytes_["dense"] == values.nbytes


def test_a_checkpoint_is_audited_layer_by_layer(tmp_path: Path) -> None:
    half = two_four(100, 300)
    write_safetensors(tmp_path / "a.safetensors", {"fc.weight": half, "fc.bias": dense(100), "steps": np.arange(3)})
    found = audit_checkpoint(tmp_path / "a.safetensors")
    assert [(layer.name, layer.zeros.patterns) for layer in found.layers] == [("fc", ("2:4", "4:8"))]
    assert (found.sparsity, found.other_parameters) == (0.5, 103)
    assert found.multiply_adds == (30_000, 15_000)
    assert found.stored_bytes()["2:4"] == 15_000 * 4 + 15_000 // 4
    assert found.timings == ()


def test_parts_of_a_folder_are_one_checkpoint(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "1.safetensors", {"a.weight": dense(4, 4)})
    write_safetensors(tmp_path / "2.safetensors", {"b.weight": dense(4, 4)})
    assert [name for name, _ in read_weights(tmp_path)] == ["a.weight", "b.weight"]
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../secret.safetensors"}}')
    with pytest.raises(CheckpointError, match="outside of its folder"):
        list(read_weights(tmp_path))


def test_masks_of_torch_are_multiplied_in(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from torch.nn.utils import prune

    layer = torch.nn.Linear(40, 10)
    prune.l1_unstructured(layer, "weight", 0.75)
    torch.save({"state_dict": layer.state_dict(), "epoch": 3}, tmp_path / "a.pt")
    found = audit_checkpoint(tmp_path / "a.pt")
    assert [layer.name for layer in found.layers] == ["weight"]
    assert found.sparsity == 0.75


@pytest.mark.parametrize("mask", ["fc.weight_mask", "fc.mask"])
@pytest.mark.parametrize("shape", [(20, 30), (20, 1), (1, 30)])
def test_a_mask_beside_an_unpruned_weight_is_multiplied_in(tmp_path: Path, mask: str, shape: tuple[int, int]) -> None:
    weight, kept = dense(20, 30), RNG.random(shape) < 0.5
    tensors = {mask: kept, "fc.weight": weight, "attention.mask": np.ones((9, 9), np.float32)}
    write_safetensors(tmp_path / "a.safetensors", tensors)
    ((name, values),) = read_weights(tmp_path / "a.safetensors")
    assert name == "fc.weight"
    np.testing.assert_array_equal(values, weight * kept)


@pytest.mark.parametrize("name", ["fc.weight", "fc.weight_orig"])
def test_a_mask_of_another_shape_is_refused(tmp_path: Path, name: str) -> None:
    write_safetensors(tmp_path / "a.safetensors", {name: dense(64, 64), "fc.weight_mask": dense(16, 16)})
    with pytest.raises(CheckpointError, match="another shape: 16x16, not 64x64"):
        list(read_weights(tmp_path / "a.safetensors"))


@pytest.mark.parametrize("name", ["q.qweight", "q.weight_packed", "q.bitmask", "q.weight.quant_map"])
def test_packed_weights_are_not_taken_for_layers_of_their_scales(tmp_path: Path, name: str) -> None:
    write_safetensors(tmp_path / "a.safetensors", {"q.scales": dense(4, 64), name: np.zeros((8, 64), np.int32)})
    with pytest.raises(CheckpointError, match=f"{name} belongs to a weight that is packed"):
        list(read_weights(tmp_path / "a.safetensors"))


@pytest.mark.parametrize("location", ["cuda:0", "mps"])
def test_a_checkpoint_of_another_device_is_read_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _: location)
    torch.save({"epoch": 9, "state_dict": {"module.fc.weight": torch.eye(16)}}, tmp_path / "a.pth.tar")
    monkeypatch.undo()
    found = audit_checkpoint(tmp_path / "a.pth.tar")
    assert ([layer.name for layer in found.layers], found.sparsity) == (["fc"], 15 / 16)


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("was-run"),)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(CheckpointError, match="nothing of it was run"):
        audit_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("body", [b"", b"\xff" * 8, (5).to_bytes(8, "little") + b"[1,2]", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_what_is_no_checkpoint_is_refused_in_one_line(tmp_path: Path, body: bytes, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(body)
    with pytest.raises(CheckpointError) as error:
        audit_checkpoint(file)
    assert "\n" not in str(error.value)


def _saved(tmp_path: Path, kind: str) -> Path:
    torch = pytest.importorskip("torch")
    tensors = {
        "expanded": lambda: torch.zeros(1).expand(1_000_000, 1_000_000),
        "sparse": lambda: torch.sparse_coo_tensor([[0], [0]], [1.0], (1 << 24, 1 << 24), check_invariants=True),
        "meta": lambda: torch.empty(30, 20, device="meta"),
        "float8": lambda: torch.eye(16).to(torch.float8_e4m3fn),
        "bfloat16": lambda: torch.eye(16).to(torch.bfloat16),
        "transposed": lambda: torch.eye(16, requires_grad=True).t(),
    }
    torch.save({"weight": tensors[kind]()}, tmp_path / "a.pt")
    return tmp_path / "a.pt"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("expanded", "fewer values are stored"), ("sparse", "too large"), ("meta", "a shape and no values")],
)
def test_a_shape_without_its_values_is_refused(tmp_path: Path, kind: str, said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        audit_checkpoint(_saved(tmp_path, kind))


@pytest.mark.parametrize("kind", ["float8", "bfloat16", "transposed"])
def test_types_and_layouts_that_numpy_has_not_are_read(tmp_path: Path, kind: str) -> None:
    assert audit_checkpoint(_saved(tmp_path, kind)).sparsity == 15 / 16


@pytest.mark.parametrize("entry", ["data.pkl", "data/0"])
def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, entry: str) -> None:
    file = _saved(tmp_path, "bfloat16")
    with zipfile.ZipFile(file) as opened:
        stored = {name: opened.read(name) for name in opened.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in stored.items():
            packed.writestr(name, body + bytes(30_000_000) if name.endswith(entry) else body)
    assert file.stat().st_size < 100_000
    with pytest.raises(CheckpointError, match="unpacks to"):
        list(read_weights(file))


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]},
        {"dtype": "F32", "shape": [1 << 60, 1 << 60], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [2, 2], "data_offsets": [-16, 0]},
        {"dtype": "F32", "shape": [0, 1 << 62], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [2, 2], "data_offsets": [1 << 70, (1 << 70) + 16]},
    ],
)
def test_a_tensor_outside_of_its_file_is_refused(tmp_path: Path, entry: dict[str, Any]) -> None:
    header = json.dumps({"weight": entry}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(CheckpointError, match="weight"):
        audit_checkpoint(tmp_path / "a.safetensors")


@pytest.mark.slow
def test_a_large_checkpoint_is_read_a_layer_at_a_time(tmp_path: Path) -> None:
    """Twelve layers of 64 MB: the peak is that of a few copies of one, not of all."""
    weights = {f"{number}.weight": two_four(4096, 4096) for number in range(12)}
    write_safetensors(tmp_path / "a.safetensors", weights)
    program = (
        "import sys; from pathlib import Path; from validate.audit.audit import audit_checkpoint\n"
        "from secateur.bench.memory import peak_megabytes; before = peak_megabytes()\n"
        "print(audit_checkpoint(Path(sys.argv[1])).sparsity, peak_megabytes() - before)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.safetensors")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert float(said[0]) == 0.5
    assert float(said[1]) < 600


def test_a_named_network_gives_the_multiply_adds_of_convolutions(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    shapes = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 400), "fc2": (84, 120), "fc3": (10, 84)}
    weights = {f"{name}.weight": dense(*shape) for name, shape in shapes.items()}
    write_safetensors(tmp_path / "lenet.safetensors", weights)
    assert audit_checkpoint(tmp_path / "lenet.safetensors").multiply_adds is None
    with pytest.raises(OtherNetworkError, match="no LeNet-300-100"):
        audit_checkpoint(tmp_path / "lenet.safetensors", network="LeNet-300-100")
    found = audit_checkpoint(tmp_path / "lenet.safetensors", network="LeNet-5")
    assert [layer.uses for layer in found.layers] == [28 * 28, 10 * 10, 1, 1, 1]


def test_latency_is_of_the_sparsest_layer_of_each_shape(tmp_path: Path) -> None:
    sparser = two_four(32, 64)
    sparser[:8] = 0
    weights = {"a": two_four(32, 64), "b": sparser, "c": dense(16, 32)}
    write_safetensors(tmp_path / "a.safetensors", weights)
    found = audit_checkpoint(tmp_path / "a.safetensors", latency_at=datetime(2026, 1, 1))
    assert [(row.layer, row.batch, row.arm) for row in found.timings] == [
        ("b", batch, arm) for batch in (1, 64) for arm in ("dense", "sparse")
    ]
    assert all(row.seconds > 0 for row in found.timings)


def test_names_of_wrappers_and_what_is_no_parameter_are_left_out(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    stored = {
        "_orig_mod.module.fc.weight": torch.ones(4, 8),
        "_orig_mod.module.bn.weight": torch.ones(4),
        "_orig_mod.module.bn.running_mean": torch.ones(4),
        "_orig_mod.module.block.attn_mask": torch.zeros(2, 4, 4),
        "_orig_mod.module.h.0.attn.bias": torch.zeros(1, 1, 6, 6),
        "_orig_mod.module.q.weight": torch.ones(4, 4, dtype=torch.int8),
    }
    torch.save(stored, tmp_path / "a.pt")
    found = audit_checkpoint(tmp_path / "a.pt")
    assert [layer.name for layer in found.layers] == ["fc", "q"]
    assert found.other_parameters == 4


def test_tied_weights_are_counted_once_and_embeddings_multiply_nothing(tmp_path: Path) -> None:
    table = dense(20, 8)
    names = {"model.embed_tokens.weight": table, "model.fc.weight": dense(20, 8), "lm_head.weight": table}
    write_safetensors(tmp_path / "a.safetensors", names)
    found = audit_checkpoint(tmp_path / "a.safetensors")
    assert {layer.name: layer.tied_to for layer in found.layers} == {
        "model.embed_tokens": "",
        "model.fc": "",
        "lm_head": "model.embed_tokens",
    }
    assert (found.weights, found.multiply_adds) == (320, (320, 320))
    assert found.stored_bytes()["dense"] == 320 * 4
    write_safetensors(
        tmp_path / "b.safetensors", {"a.weight": np.zeros((4, 4), np.float32), "b.weight": np.zeros((4, 4))}
    )
    assert audit_checkpoint(tmp_path / "b.safetensors").weights == 32


def test_parts_in_the_format_of_torch_are_one_checkpoint(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    parts = {name: f"pytorch_model-0000{number}-of-00002.bin" for number, name in enumerate(("a", "b"), start=1)}
    for name, file in parts.items():
        torch.save({f"{name}.weight": torch.ones(3, 4)}, tmp_path / file)
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {f"{name}.weight": file for name, file in parts.items()}}))
    assert audit_checkpoint(tmp_path).weights == audit_checkpoint(index).weights == 24
