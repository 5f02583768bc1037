"""Makes claims that can be run of a paper's results: those whose method, data set and network the engine has.

What a row of a table does not say is filled in by the completions declared in ``derivable.yaml`` and listed with each
claim. A result that gives no claim is listed with the reason. The results are rows of the view ``result``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from analysis.places import place_of
from validate.claims.schema import Claim
from validate.engine.architectures import UnknownModelError, layer_names
from validate.plan import NotTestableError, SettingIncompleteError, freeze

_DERIVABLE = Path(__file__).with_name("derivable.yaml")
_HEADER = """\
# Claims made of the results that were read from arXiv {arxiv_id}.
# They were read by a program (read: mixed), so a verdict is about what was read until someone has compared the numbers
# with the paper's tables; write `read: read_fulltext` then. What a row of a table leaves open is filled in as the line
# before each claim says; how networks were trained may stand in the paper's text, which belongs here instead.
"""


class _UnderivableError(ValueError):
    """A result gives no claim; the message says why."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What comes of one result."""

    place: str
    """Table, row and column of the number."""
    said: str
    """The result in words."""
    claim: str
    """Id of the claim that it gives; empty if none."""
    reason: str
    """What was filled in, or why there is no claim."""


@dataclass(frozen=True)
class Derivation:
    """What comes of a paper's results."""

    results: tuple[Derived, ...]
    text: str
    """A claim file; empty if no result gives a claim."""


@cache
def _derivable() -> dict[str, Any]:
    known: dict[str, Any] = yaml.safe_load(_DERIVABLE.read_text(encoding="utf-8"))
    return known


def _given(value: Any) -> bool:
    """Whether a column of a result holds anything: frames have None and NaN for nothing."""
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def _known(kind: str, name: Any) -> Any:
    known = _derivable()[f"{kind}s"]
    if not _given(name):
        raise _UnderivableError(f"its {kind} is not known")
    if name not in known:
        raise _UnderivableError(f"the engine has no {kind} {name}")
    return known[name]


def _model(name: Any) -> str:
    if not _given(name):
        raise _UnderivableError("its network is not known")
    try:
        layer_names(str(name))
    except UnknownModelError:
        raise _UnderivableError(f"the engine has no network {name}") from None
    return str(name)


def _removed(result: Mapping[str, Any], filters: bool) -> dict[str, Any]:
    """How much the arm prunes: a pattern, or a sparsity of what its pattern counts."""
    if _given(result["pattern"]):
        return {"pattern": str(result["pattern"])}
    of = result["sparsity_of"] if _given(result["sparsity_of"]) else "weights"
    counted = ("filters", "channels") if filters else ("weights", "parameters")
    if _given(result["sparsity"]):
        if of not in counted:
            raise _UnderivableError(f"its sparsity is of {of}, and the engine is told that of {counted[0]}")
        sparsity = float(result["sparsity"])
    elif _given(result["compression"]) and not filters:
        sparsity = 1 - 1 / float(result["compression"])
    else:
        raise _UnderivableError("how much is pruned was not read")
    if not 0 < sparsity < 1:
        raise _UnderivableError(f"a sparsity of {sparsity:g} prunes nothing, or everything")
    return {"sparsity": round(sparsity, 6)}


def _arm(result: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    if _given(result["modifiers"]) and list(result["modifiers"]):
        raise _UnderivableError(f"its method is changed: {', '.join(result['modifiers'])}")
    arm = dict(method["arm"])
    if not arm:
        return arm
    removed = _removed(result, arm.get("pattern") == "filter")
    if "pattern" in removed:
        arm.pop("distribution", None)
        arm.pop("compare", None)
    return {**arm, **removed}


def _value(result: Mapping[str, Any]) -> str:
    """The number as printed, without what stands around it."""
    printed = str(result["printed"]) if _given(result["printed"]) else f"{float(result['value']):g}"
    try:
        number = Decimal(printed)
    except InvalidOperation:
        number = Decimal(f"{float(result['value']):g}")
    if not math.isclose(float(number), float(result["value"]), rel_tol=1e-6):
        raise _UnderivableError(f"{printed} is printed, and {result['value']:g} was read: it needs a person")
    return str(number)


def _title(result: Mapping[str, Any]) -> str:
    value = result["printed"] if _given(result["printed"]) else result["value"]
    network = f"{result['model']} and {result['dataset']}"
    if result["role"] == "dense":
        beside = "" if result["method"] == "Dense" else f", in the row of {result['method']}"
        return f"Unpruned {network}{beside}: {result['metric']} {value}"
    how_much = ""
    if _given(result["pattern"]):
        how_much = f" at {result['pattern']}"
    elif _given(result["sparsity"]):
        how_much = f" at {100 * float(result['sparsity']):.4g} % sparsity"
    elif _given(result["compression"]):
        how_much = f" at a compression of {float(result['compression']):.4g}"
    return f"{result['method']} on {network}{how_much}: {result['metric']} {value}"


def _identity(result: Mapping[str, Any]) -> str:
    paper = str(result["arxiv_id"]).replace("/", "-").upper()
    place = f"T{int(result['table_position']) + 1}-R{int(result['row'])}-C{int(result['col'])}"
    number = f"-N{int(result['number']) + 1}" if int(result["number"]) else ""
    return f"DERIVED-{paper}-{place}{number}"


def _part(result: Mapping[str, Any], quantity: str) -> dict[str, Any]:
    part: dict[str, Any] = {
        "id": "value",
        "kind": "absolute",
        "quantity": quantity,
        "arm": "arm",
        "value": _value(result),
    }
    if quantity != "perplexity" and _given(result["unit"]) and result["unit"] != "%":
        raise _UnderivableError(f"its {result['metric']} is in {result['unit']}, and the engine's in per cent")
    if _given(result["spread"]) and result["spread_kind"] in ("std", "deviation", None):
        part["spread"] = float(result["spread"])
    return part


def _filled_in(dataset: Mapping[str, Any], arm: Mapping[str, Any], completions: Mapping[str, Any]) -> str:
    """What the result leaves open, and what stands in its place."""
    said = []
    if completions:
        said.append(f"optimiser, learning rate, batch and epochs: {len(completions)} completions")
    said += [f"{name}: {value}" for name, value in dataset.get("setting", {}).items()]
    said += [f"{name}: {arm[name]}" for name in ("schedule", "rounds", "recovery", "distribution") if name in arm]
    return "left open by the row, filled in: " + "; ".join(said)


def _body(result: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A claim as plain data, and what was filled in. Raises _UnderivableError."""
    method = _known("method", "Dense" if result["role"] == "dense" else result["method_canonical"])
    dataset = _known("dataset", result["dataset"])
    quantity = _known("metric", result["metric"])
    arm = _arm(result, method)
    completions = _derivable()["completions"][dataset["completions"]]
    body = {
        "id": _identity(result),
        "title": _title(result),
        "timing": method["timing"],
        "structure": "semi-structured" if ":" in arm.get("pattern", "") else method["structure"],
        "setting": {"dataset": dataset["name"], "model": _model(result["model"]), **dataset.get("setting", {})},
        "completions": completions,
        "arms": {"arm": arm},
        "parts": [_part(result, quantity)],
        "positive_control": _derivable()["positive_control"],
    }
    return {key: value for key, value in body.items() if value != {}}, _filled_in(dataset, arm, completions)


def _checked(body: Mapping[str, Any], source: Mapping[str, Any]) -> None:
    """Freezes the claim as validation will. Raises _UnderivableError with its reason where that is refused."""
    try:
        freeze(Claim.model_validate({"source": source, **body}), data_sha256="")
    except ValidationError as error:
        raise _UnderivableError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
    except (NotTestableError, SettingIncompleteError) as error:
        raise _UnderivableError(str(error)) from error


def _file(arxiv_id: str, source: Mapping[str, Any], bodies: Mapping[str, tuple[dict[str, Any], str]]) -> str:
    parts = [_HEADER.format(arxiv_id=arxiv_id), _yaml({"source": dict(source)}), "claims:\n"]
    for body, filled_in in bodies.values():
        parts += [f"# {body['id']}: {filled_in}\n", _yaml([body])]
    return "".join(parts)


class _WholeDumper(yaml.SafeDumper):
    """Writes what is shared out in full, so that each claim can be read by itself."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: nothing is written as a reference."""
        return True


def _yaml(content: Any) -> str:
    return yaml.dump(content, Dumper=_WholeDumper, sort_keys=False, allow_unicode=True, width=120)


def derive(arxiv_id: str, venue: str, results: Iterable[Mapping[str, Any]]) -> Derivation:
    """The claims of a paper's results, as the text of a claim file, and one line on each result.

    Args:
        arxiv_id: of the paper.
        venue: where it appeared, as the claim file will say.
        results: rows with the columns of the view ``result``.
    """
    source = {"arxiv": arxiv_id, "venue": venue, "locator": "tables, as read by Secateur", "read": "mixed"}
    bodies: dict[str, tuple[dict[str, Any], str]] = {}
    lines = []
    for result in results:
        try:
            body, filled_in = _body(result)
            _checked(body, source)
        except _UnderivableError as error:
            lines.append(Derived(place_of(result), _title(result), "", str(error)))
            continue
        bodies[body["id"]] = (body, filled_in)
        lines.append(Derived(place_of(result), _title(result), body["id"], filled_in))
    return Derivation(tuple(lines), _file(arxiv_id, source, bodies) if bodies else "")
