"""What a piece of a table's surroundings says: a header cell, a stub, a group row, a caption.

``Interpreter`` turns text into a ``Meaning``; meanings are joined from the outside (caption) to the inside (cell).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from corpus.knowledge import Knowledge
from corpus.results.headers import Slot, read_slots, unit_in, which_net
from corpus.results.names import Names, clean_name, is_dense
from corpus.results.sparsity import NOTHING, Removal, RemovalHeader, read_header, read_pattern, read_removals
from corpus.results.subjects import Subjects
from corpus.results.symbols import spell_out
from corpus.results.words import PHRASES

_SIZE = re.compile(r"^((?:\d(?:\.\d)?-)?\d+(?:\.\d+)?)\s*([BbMm])\b(?:\s*(?:model|params|parameters))?$")
_IN_BRACKETS = re.compile(r"\s*\(([^()]+)\)$")
_QUALIFIED = re.compile(r"[↑↓%]|\s*\([^()]*\)")
"""What headers add to the name of a metric: arrows and units."""
_CAPITALS = re.compile(r"[A-Za-z]{0,3}-?[A-Z]{2,6}(?:[-@]?\w{1,3})?")
_TOKENS = re.compile(r"\s*\(\d+(?:\.\d+)?\s*[TB]\)$")
"""The number of tokens that a language model was trained on, behind its name."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Attributes that a text states; empty fields where it is silent."""

    slots: tuple[Slot, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    size: str = ""
    """A bare size such as ``7B``, with or without the version (``2-7B``), to be joined with a family."""
    removal: Removal = NOTHING
    base: bool = False
    """The unpruned network beside a pruned one."""
    pruned: bool = False
    stage: str = ""
    device: str = ""
    batch: str = ""
    method: str = ""
    """Surface name of a method."""
    cites: tuple[str, ...] = ()
    rest: str = ""
    """Words that mean none of these."""
    variant: tuple[str, ...] = ()

    def over(self, outer: Meaning) -> Meaning:
        """This meaning, with what it leaves open taken from an outer one."""
        changes = {}
        for name in ("slots", "datasets", "models", "size", "stage", "device", "batch", "method", "rest"):
            if not getattr(self, name):
                changes[name] = getattr(outer, name)
        removal = self.removal
        if not removal:
            removal = outer.removal
        return replace(
            self,
            removal=removal,
            base=self.base or outer.base,
            pruned=self.pruned or outer.pruned,
            cites=self.cites or outer.cites,
            variant=(*outer.variant, *self.variant),
            **changes,
        )


class Interpreter:
    """Reads texts of one paper's tables."""

    def __init__(
        self, knowledge: Knowledge, names: Names, subjects: Subjects, symbols: Mapping[str, str] | None = None
    ) -> None:
        self.knowledge = knowledge
        self.names = names
        self.subjects = subjects
        self.symbols = symbols or {}
        self.datasets = subjects.datasets
        self.models = subjects.models
        self._cache: dict[tuple[str, tuple[str, ...]], Meaning] = {}

    def read(self, text: str, cites: tuple[str, ...] = ()) -> Meaning:
        """The meaning of a header cell, a stub or a group row."""
        key = (text, cites)
        if key not in self._cache:
            self._cache[key] = self._read(text, cites)
        return self._cache[key]

    def _read(self, text: str, cites: tuple[str, ...]) -> Meaning:
        cleaned = clean_name(text)
        if not cleaned:
            return Meaning(cites=cites)
        if match := _SIZE.match(cleaned):
            return Meaning(size=match.group(1) + match.group(2), cites=cites)
        slots = read_slots(cleaned) or self._known_metric(cleaned)
        datasets = self.datasets(cleaned)
        models = self.models(cleaned)
        if len(models) > 1 and (joined := self.subjects.joined_models(cleaned)):
            models = (joined,)
        removal = self._removal(spell_out(cleaned, self.symbols))
        base, pruned, stage = which_net(cleaned)
        stage = stage or next((slot.stage for slot in slots if slot.stage), "")
        device = match.group(1) if (match := PHRASES["device"].search(cleaned)) else ""
        batch = match.group(1) if (match := PHRASES["batch"].search(cleaned)) else ""
        method = self._method(cleaned, () if slots or datasets or models else cites)
        return Meaning(
            slots=slots,
            datasets=datasets,
            models=models,
            removal=removal,
            base=base and not slots and not models and not _names_method(method),
            pruned=pruned,
            stage=stage,
            device=device,
            batch=batch,
            method=method,
            cites=cites,
            rest=cleaned,
        )

    def _known_metric(self, text: str) -> tuple[Slot, ...]:
        """The slot of a header that is the name of a metric of quality in the knowledge base."""
        entry = self.knowledge.metrics.get(self.knowledge.resolve("metric", _QUALIFIED.sub("", text).strip()) or "")
        if entry is None or entry.quantity != "accuracy":
            return ()
        return (Slot(entry.name, unit_in(text) or entry.unit, part=text),)

    def removal_header(self, text: str) -> RemovalHeader | None:
        """The meaning of a header whose numbers state how much was removed, by words or by a symbol of the paper."""
        return read_header(spell_out(text, self.symbols))

    def _removal(self, text: str) -> Removal:
        pattern = read_pattern(text)
        if pattern is not None:
            return pattern
        found = read_removals(text)
        return found[0] if found else Removal()

    def _method(self, text: str, cites: tuple[str, ...]) -> str:
        """The whole text when it names a method, empty when it does not."""
        if self.names.is_proposed(text) or is_dense(text):
            return text
        if read_header(text) is not None and len(text.split()) <= 3 and self.knowledge.resolve("method", text) is None:
            return ""
        canonical = self.names.resolve(text, cites)
        entry = self.knowledge.methods.get(canonical or "")
        if entry is not None and entry.control and which_net(text)[2]:
            return ""
        return text if canonical is not None else ""

    def is_network(self, text: str) -> bool:
        """True for a name that is a network and nothing else, which in a column of methods means the dense one."""
        text = _TOKENS.sub("", text)
        backbone = _IN_BRACKETS.search(text)
        if backbone and self.knowledge.resolve("model", backbone.group(1)) is not None:
            text = text[: backbone.start()]
        is_whole = bool(self.models(text)) and not self.subjects.without_models(text)
        return is_whole and self.names.resolve(text) in (None, "Dense")

    def is_dataset(self, text: str) -> bool:
        """True for the name of a data set and nothing else."""
        return self.knowledge.resolve("dataset", text) is not None


def unknown_metric(text: str, interpreter: Interpreter) -> str:
    """The name of a metric that nobody knows, by a header in capitals that means nothing else (``NLL``); else nothing.

    It is kept as written, in lower case as the known ones.
    """
    meaning = interpreter.read(text)
    known = meaning.slots or meaning.datasets or meaning.models or meaning.method or meaning.removal or meaning.size
    other = known or meaning.base or meaning.pruned or meaning.stage or interpreter.removal_header(text) is not None
    name = _QUALIFIED.sub("", text).strip()
    return "" if other or _CAPITALS.fullmatch(name) is None else name.lower().replace("-", "_")


def _names_method(method: str) -> bool:
    return bool(method) and not is_dense(method)
