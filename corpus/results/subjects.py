"""Which data sets and networks a piece of text names, beyond the spellings of the knowledge base.

Known besides: short forms of headers (``metrics.yaml``), abbreviations that the paper itself explains (``Penn Treebank
(PT)``, ``C10 = CIFAR-10``), and sizes of a known family that no entry has (``Falcon-180B``), which are kept as written.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from corpus.knowledge import Knowledge
from corpus.knowledge.entries import Kind
from corpus.reading import Document
from corpus.results.headers import DATASET_WORDS, MODEL_WORDS, tidy

_NETWORK = re.compile(r"(?<![\w-])[A-Z][A-Za-z]*(?:Net|Former|former)[A-Za-z]*[- ]?[VvBb]?\d+(?:[-.x/]\d+)*(?![\w%])")
_OTHER_KINDS: tuple[Kind, ...] = ("dataset", "method", "metric")
_CUT_OFF = re.compile(r"[A-Z][A-Za-z]{2,9}\.")
_MULTIPLIER = re.compile(r"-(\d+(?:\.\d+)?[x×])(?!\w)")
_SHORT_IN_BRACKETS = re.compile(r"\s*\((?:or\s+)?([A-Z][A-Za-z\d-]{0,7})\)")
_EXPLAINED = re.compile(
    r"(?<![\w-])([A-Z][A-Za-z\d-]{0,7})\s*(?:[:=]|stands for|denotes|is short for|means|refers to)\s*([\w -]{3,40})"
)
_VARIANT = re.compile(r"-(?:[a-zA-Z]|\d{1,4}[a-zA-Z]?)(?![\w-])")
"""What tells the networks of one kind apart (``LSTM-s``, ``MLP-3``)."""
_BACKBONE = re.compile(r"-R(?:N|esNet)?-?(?:18|34|50|101|152)(?![\w-])")
"""What tells detectors by their backbone (``DETR-R50``)."""
_SIZE = r"(?:-|\s)?(\d+(?:\.\d+)?[BbMm])(?![\w.]|-bit)|-?(\d{2,4})(?![\w.%-]|\s*%)"


class Subjects:
    """Data sets and networks of one paper."""

    def __init__(self, document: Document, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        text = document.text
        self.named: dict[Kind, Counter[str]] = {}
        """How often the running text names each, by kind."""
        self._datasets: dict[str, tuple[str, ...]] = {}
        self._models: dict[str, tuple[str, ...]] = {}
        self._short: dict[str, dict[str, str]] = {"dataset": {}, "model": {}}
        for kind in self._kinds():
            mentions = knowledge.mentions(kind, text)
            self.named[kind] = Counter(mention.canonical for mention in mentions)
            for mention in mentions:
                if match := _SHORT_IN_BRACKETS.match(text, mention.end):
                    self._add_short(kind, match.group(1), mention.text, mention.canonical)
        for table in document.tables:
            for words in (table.table.caption, table.parent_caption, *table.notes):
                self._read_caption(words)
        families = sorted(
            (entry.name for entry in knowledge.models.values() if entry.name == entry.family and not entry.generic),
            key=len,
            reverse=True,
        )
        self._sized = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, families))})(?:{_SIZE})")

    @staticmethod
    def _kinds() -> tuple[Kind, Kind]:
        return "dataset", "model"

    def _read_caption(self, text: str) -> None:
        for kind in self._kinds():
            for mention in self._knowledge.mentions(kind, text):
                if match := _SHORT_IN_BRACKETS.match(text, mention.end):
                    self._add_short(kind, match.group(1), mention.text, mention.canonical)
            for match in _EXPLAINED.finditer(text):
                meant = self._knowledge.mentions(kind, match.group(2))
                if meant and meant[0].start == 0:
                    self._add_short(kind, match.group(1), meant[0].text, meant[0].canonical)

    def _add_short(self, kind: Kind, short: str, written: str, canonical: str) -> None:
        """Keep an abbreviation whose characters stand in the name in their order, and that means nothing else."""
        rest = iter(written.lower())
        if not all(character in rest for character in short.lower() if character.isalnum()):
            return
        if all(self._knowledge.resolve(other, short) is None for other in ("dataset", "model", "method", "metric")):
            self._short[kind].setdefault(short, canonical)

    def datasets(self, text: str) -> tuple[str, ...]:
        """Data sets that a text names, in order; ``average`` for a mean over tasks."""
        if text not in self._datasets:
            self._datasets[text] = self._read_datasets(text)
        return self._datasets[text]

    def _read_datasets(self, text: str) -> tuple[str, ...]:
        if text.strip() in self._short["dataset"]:
            return (self._short["dataset"][text.strip()],)
        if shortened := self._shortened(text.strip()):
            return (shortened,)
        lowered = tidy(re.sub(r"[↑↓]", "", text))
        for name, pattern in DATASET_WORDS.items():
            if pattern.search(lowered) and (name == "average" or len(lowered) < 40):
                mentioned = [mention.canonical for mention in self._knowledge.mentions("dataset", text)]
                if name == "average":
                    if not mentioned and len(lowered.split()) <= 4:
                        return ("average",)
                elif len(mentioned) <= 1 or name not in ("MNLI-m",):
                    return (name,)
        found = [mention.canonical for mention in self._knowledge.mentions("dataset", text)]
        return tuple(dict.fromkeys(found))

    def _shortened(self, text: str) -> str | None:
        """The data set of a header that is cut off by a full stop (``Lamb.``), which the paper names if it can."""
        if not _CUT_OFF.fullmatch(text):
            return None
        beginning = text[:-1].lower()
        fitting = [
            entry.name
            for entry in self._knowledge.datasets.values()
            if any(spelling.lower().startswith(beginning) for spelling in entry.spellings)
        ]
        named = [name for name in fitting if self.named["dataset"][name]]
        return (named or fitting)[0] if len(named) == 1 or len(fitting) == 1 else None

    def models(self, text: str) -> tuple[str, ...]:
        """Networks that a text names, in order; a size that is not known keeps the name as written."""
        if text not in self._models:
            self._models[text] = self._read_models(text)
        return self._models[text]

    def _read_models(self, text: str) -> tuple[str, ...]:
        if text.strip() in self._short["model"]:
            return (self._short["model"][text.strip()],)
        return tuple(dict.fromkeys(name for _, _, name in self._places_of_models(_MULTIPLIER.sub(r" \1", text))))

    def _places_of_models(self, text: str) -> list[tuple[int, int, str]]:
        found = []
        for mention in self._knowledge.mentions("model", text):
            suffix = (_VARIANT if self.is_generic(mention.canonical) else _BACKBONE).match(text, mention.end)
            end = suffix.end() if suffix else mention.end
            found.append((mention.start, end, text[mention.start : end] if suffix else mention.canonical))
        sized = list(self._unknown_sizes(text, found))
        starts = {start for start, _, _ in sized}
        found = [mention for mention in found if mention[0] not in starts] + sized
        found += [] if found else self._unknown_networks(text)
        if not found and len(text) <= 12:
            for pattern, name in MODEL_WORDS:
                if match := pattern.fullmatch(text.strip()):
                    resolved = self._knowledge.resolve("model", match.expand(name))
                    found += [(0, len(text), resolved)] if resolved else []
        return sorted(found)

    def _unknown_sizes(self, text: str, known: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
        starts = [start for start, _, _ in known]
        for match in self._sized.finditer(text):
            before = bisect_left(starts, match.end(1)) - 1
            family = (*match.span(1), match.group(1))
            if before < 0 or known[before][1] <= match.start() or (known[before] == family and match[0][-1] == "B"):
                size = (match.group(2) or match.group(3)).upper()
                yield match.start(), match.end(), f"{match.group(1)}-{size}"

    def _unknown_networks(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Names like ``PreResNet-101`` that nothing else is called by."""
        for match in _NETWORK.finditer(text):
            stem = re.split(r"[- ]?[VvBb]?\d", match.group())[0]
            names = ((kind, name) for kind in _OTHER_KINDS for name in (match.group(), stem))
            if all(self._knowledge.resolve(kind, name) is None for kind, name in names):
                yield match.start(), match.end(), match.group()

    def without_models(self, text: str) -> str:
        """A text without the networks it names."""
        for start, end, _ in reversed(self._places_of_models(text)):
            text = text[:start] + text[end:]
        return text.strip(" -–,()")

    def joined_models(self, text: str) -> str:
        """The part of a text that names several networks with strokes between (``AlexNet / VGG-16``), or nothing."""
        places = self._places_of_models(text)
        between = [text[first[1] : second[0]].strip() for first, second in pairwise(places)]
        return text[places[0][0] :].strip() if between and set(between) == {"/"} else ""

    def is_generic(self, model: str) -> bool:
        """True for a name of a kind of network (``Transformer``), not of one network."""
        entry = self._knowledge.models.get(model)
        return entry is not None and entry.generic

    def join_size(self, family: str, size: str) -> str | None:
        """The network of a family and a size (``LLaMA-2``, ``7B``); as written where the family has no such entry."""
        entry = self._knowledge.models.get(family)
        if entry is not None and "-" in size:
            family, size = entry.family.split("-")[0], size.removeprefix("1-")
        for name in (f"{family}-{size}", f"{family} {size}"):
            if known := self._knowledge.resolve("model", name):
                return known
        unsized = entry is not None and entry.name == entry.family and not entry.generic
        return f"{family}-{size.upper()}" if unsized else None
