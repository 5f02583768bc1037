"""What a table's cells leave to the text: caption, the sentences that refer to it, its section, the whole paper.

Each look-up gives a value together with where it came from, so that a reading can say what it assumed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property

from corpus.knowledge import Knowledge
from corpus.reading import Document, DocumentTable
from corpus.results.agreement import Agreement, cited_names
from corpus.results.headers import (
    COSTS,
    GENERIC_DATASETS,
    KINDS,
    USUAL_METRICS,
    Slot,
    column_kind,
    find_slots,
    read_slots,
)
from corpus.results.meaning import Interpreter
from corpus.results.names import VARIANT, clean_name, is_dense
from corpus.results.reported_metrics import reported_metrics
from corpus.results.sparsity import NUMBER_IN_WORDS, Removal, RemovalHeader, read_removals
from corpus.results.symbols import spell_out_in
from corpus.results.words import PHRASES, PROTOCOLS, SPLITS

_MARKED_DENSE = re.compile(r"([A-Z][\w-]+) \((?:dense|unpruned|no pruning)\)", re.I)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“(])")
_CAPTION, _NEAR, _SECTION = 3000, 3000, 40_000
"""Characters of a caption, of the sentences that refer to a table and of its section that are looked at."""
_PAIR = re.compile(r"(?<![\w-])[\w-]++(?: \([\w%]+\))?\s?/\s?[\w-]+")
_OPERATING = frozenset({"params", "flops", "macs", "params_reduction", "flops_reduction", "model_size", "speedup"})
"""Metrics that captions mention to say how small a network is, more often than to say what the numbers are."""


def telling_words(name: str) -> set[str]:
    """The words of a method's name that do not stand in half of all papers on pruning."""
    return {word for word in re.findall(r"[a-z]{5,}", name.lower()) if not PHRASES["common_word"].fullmatch(word)}


def _mention_of(*labels: str) -> re.Pattern[str]:
    """What finds a reference to one of these labels in a text; nothing where there are none."""
    words = "|".join(map(re.escape, labels)) or r"(?!)"
    return re.compile(rf"(?<![\w:])(?:{words})(?![\w:])")


class Paper:
    """Facts of one paper that its tables share."""

    def __init__(self, document: Document, knowledge: Knowledge, interpreter: Interpreter) -> None:
        self.document = document
        self.knowledge = knowledge
        self.interpreter = interpreter
        self.pairs: dict[str, str] = {}
        """Data set of a network, as far as earlier tables of the paper say."""
        self._networks: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Networks of earlier results by data set and by metric, where headers, stubs or captions name them."""
        self._datasets_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Data sets of earlier results by metric."""
        text = document.text
        self.datasets = Counter(interpreter.subjects.named["dataset"])
        self.models = Counter(interpreter.subjects.named["model"])
        for table in document.tables:
            cells = {cell.origin: cell.text for row in table.cells for cell in row if cell.text}
            words = " | ".join(text for text in (table.table.caption, *cells.values()) if not text[:1].isdigit())
            self.models.update(mention.canonical for mention in knowledge.mentions("model", words))
            self.datasets.update(mention.canonical for mention in knowledge.mentions("dataset", words))
        self._referring: defaultdict[str, list[str]] = defaultdict(list)
        for paragraph in document.paragraphs():
            for label in dict.fromkeys(paragraph.references):
                self._referring[label].append(paragraph.text)
        self.mentions_of_tables = _mention_of(*(table.table.label for table in document.tables))
        self._named_in_section: dict[tuple[str, int], tuple[str, ...]] = {}
        self._removals_in_section: dict[int, list[Removal]] = {}
        self.reported_metrics = reported_metrics(document, interpreter.subjects)
        """The metric that the text says is reported on a data set."""
        self.agreement = Agreement(document, interpreter.names)
        """The numbers that the tables print for each method."""
        self.cited_names = cited_names(document)
        """Names that the tables cite."""
        self.row_names = tuple(self._row_names())
        """Names of methods that stand in the first columns of the paper's tables."""
        self.defines_compression = PHRASES["defines_compression"].search(text) is not None
        """True where the text says that its compression ratios are of parameters or weights."""
        self.dense_names = frozenset(self._dense_names())
        """Names that some table marks as dense (``FedAvg (dense)``), which are dense without the mark, too."""
        self.theoretical = PHRASES["theoretical"].search(text) is not None
        self.deviation = (
            "stderr"
            if PHRASES["standard_error"].search(text)
            else "std"
            if PHRASES["deviation"].search(text)
            else "unknown"
        )

    def _dense_names(self) -> Iterator[str]:
        for cell in (cell for table in self.document.tables for row in table.cells for cell in row[:2]):
            match = _MARKED_DENSE.fullmatch(cell.text)
            if match and self.interpreter.names.resolve(match.group(1)) in (None, "Dense"):
                yield match.group(1)

    def _row_names(self) -> Iterator[str]:
        seen: set[str] = set()
        for table in self.document.tables:
            header = table.cells[0][0].text if table.cells and table.cells[0] else ""
            if column_kind(header) != "method":
                continue
            for row in table.cells[table.header_rows :]:
                name = clean_name(row[0].text)
                setting = KINDS["hyperparameter_rows"].search(name)
                other = is_dense(name) or setting or self.interpreter.is_network(name) or VARIANT.match(name)
                if name and name not in seen and not other:
                    seen.add(name)
                    yield name

    def referring(self, label: str) -> list[str]:
        """The paragraphs that refer to a label."""
        return self._referring.get(label, [])

    def named_in_section(self, kind: str, index: int) -> tuple[str, ...]:
        """Data sets or networks (by ``kind``) that the text of a section names, in order."""
        key = kind, index
        if key not in self._named_in_section:
            text = self.document.sections[index].text
            named = self.interpreter.datasets(text) if kind == "dataset" else self.interpreter.models(text)
            self._named_in_section[key] = named
        return self._named_in_section[key]

    def removals_in_section(self, index: int) -> list[Removal]:
        """What a section states of how much was removed."""
        if index not in self._removals_in_section:
            section = self.document.sections[index]
            self._removals_in_section[index] = read_removals(f"{section.title}. {section.text[:_SECTION]}")
        return self._removals_in_section[index]

    def particular_dataset(self, name: str) -> str:
        """The data set that a collective name (``WikiText``) stands for in this paper."""
        meant = GENERIC_DATASETS.get(name)
        if meant is None:
            return name
        return max(meant, key=lambda dataset: (self.datasets[dataset], -meant.index(dataset)))

    def usual_dataset(self, metric: str) -> str | None:
        """The most named data set of the paper on which this metric is usual; for costs the most named of all."""
        families = {
            "accuracy": "accuracy",
            "top1_accuracy": "accuracy",
            "top5_accuracy": "accuracy",
            "error_rate": "accuracy",
        }
        wanted = families.get(metric, metric)
        for name, _ in self.datasets.most_common():
            usual = USUAL_METRICS.get(name, "")
            if metric in COSTS or not usual or families.get(usual, usual) == wanted:
                return name
        return None

    def network(self) -> str | None:
        """The most named network of the paper, in the size it is most named in."""
        named = self.models.most_common()
        particular = [name for name, _ in named if not self.knowledge.models[name].generic]
        for name in (*particular, *(name for name, _ in named)):
            return self.network_of_family(name) or name
        return None

    def remember(self, metric: str, dataset: str, model: str) -> None:
        """Keep what a result is of, for tables that do not say it; nothing of it may be assumed."""
        self._networks[dataset][model] += 1
        self._networks[metric][model] += 1
        self._datasets_of[metric][dataset] += 1

    def network_on(self, *keys: str | None) -> str | None:
        """The network of most earlier results on the first data set, or else of the first metric, that has any."""
        counts = next((self._networks[key] for key in keys if key and key in self._networks), None)
        return counts.most_common(1)[0][0] if counts else None

    def dataset_of(self, metric: str) -> str | None:
        """The data set of most earlier results of a metric."""
        return self._datasets_of[metric].most_common(1)[0][0] if metric in self._datasets_of else None

    def network_of_family(self, name: str) -> str | None:
        """The most mentioned network of a family's name (``VGG``), None when the paper names none in a size."""
        entry = self.knowledge.models.get(name)
        if entry is None or entry.parameters is not None:
            return None
        sized = [
            (count, model)
            for model, count in self.models.items()
            if model != name
            and self.knowledge.models[model].family == entry.family
            and model != entry.family
            and (name == entry.family or model.startswith(name))
        ]
        return max(sized)[1] if sized else self.knowledge.resolve("model", f"{name}-V1")


class Surroundings:
    """The texts around one table, from the nearest to the farthest."""

    def __init__(self, paper: Paper, table: DocumentTable, title: str, stub_heads: tuple[str, ...]) -> None:
        self.paper = paper
        self.table = table
        self.stub_heads = stub_heads
        """Headers of the stub columns, one of which may name the metric of the whole table."""
        self.corner = stub_heads[0] if stub_heads else ""
        """Header of the first stub column, which often names a network or a sparsity of the whole table."""
        self.caption = " ".join(part for part in (title, table.table.caption) if part)[:_CAPTION]
        self.near = " ".join(self._referring())[:_NEAR]
        sections = paper.document.sections
        self.section = sections[table.section] if 0 <= table.section < len(sections) else None
        self._evaluations: dict[tuple[str | bool, ...], tuple[str | None, str | None]] = {}

    def _referring(self) -> Iterator[str]:
        """Sentences that refer to the table with those beside them, or the paragraph before one without label.

        A sentence beside them that refers to another table speaks of that one.
        """
        label = self.table.table.label
        mention = _mention_of(label)
        others = self.paper.mentions_of_tables
        for paragraph in self.paper.referring(label):
            sentences = _SENTENCE.split(paragraph)
            for index, sentence in enumerate(sentences):
                if mention.search(sentence):
                    said = sentences[max(0, index - 1) : index + 2]
                    yield mention.sub("", " ".join(s for s in said if s is sentence or not others.search(s)))
        if not self.table.table.caption:
            yield self.table.before

    def _named(self, kind: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(where, names) of data sets or networks, from the nearest text to the farthest."""
        interpreter = self.paper.interpreter
        read = interpreter.datasets if kind == "dataset" else interpreter.models
        yield "caption", read(self.corner)
        yield "caption", read(self.caption)
        if self.table.parent_caption:
            yield "caption", read(self.table.parent_caption)
        yield "text", read(self.near)
        if self.section is not None:
            yield "section", read(self.section.title)
            yield "section", self.paper.named_in_section(kind, self.table.section)

    def datasets(self) -> tuple[tuple[str, ...], str]:
        """Data sets of the nearest text that names any."""
        for where, names in self._named("dataset"):
            found = tuple(name for name in names if name != "average")
            if found:
                return found, where
        return (), ""

    def datasets_beside(self, words: str) -> tuple[str, ...]:
        """Data sets of the part of a referring sentence that shares a word with a row (``recurrent ones``)."""
        wanted = set(re.findall(r"[a-z]{4,}", words.lower()))
        for clause in re.split(r"[.;:]\s", self.near):
            if wanted & set(re.findall(r"[a-z]{4,}", clause.lower())):
                named = tuple(name for name in self.paper.interpreter.datasets(clause) if name != "average")
                if len(named) == 1:
                    return named
        return ()

    def caption_datasets(self) -> tuple[str, ...]:
        """Data sets named in the caption."""
        found: list[str] = []
        for text in (self.caption, self.table.parent_caption):
            found += [name for name in self.paper.interpreter.datasets(text) if name != "average"]
        return tuple(dict.fromkeys(found))

    def models(self) -> tuple[tuple[str, ...], str]:
        """Networks of the nearest text that names any; kinds of networks (``LSTM``) only where none is particular."""
        kinds: tuple[tuple[str, ...], str] = (), ""
        for where, names in self._named("model"):
            found = names
            if where != "caption":
                found = tuple(name for name in names if not self.paper.interpreter.subjects.is_generic(name))
            if found:
                return found, where
            kinds = kinds if kinds[0] else (names, where)
        return kinds

    def removal(self) -> tuple[Removal, str]:
        """What caption or referring sentences state of how much was removed, when they state one thing only."""
        if match := re.search(r"(?<![\d.])(\d+(?:\.\d+)?%)$", self.corner):
            return read_removals(f"{match.group(1)} sparsity")[0], "caption"
        for where, text in (("caption", self.caption), ("caption", self.table.parent_caption), ("text", self.near)):
            found = read_removals(spell_out_in(text, self.paper.interpreter.symbols))
            weights = [item for item in found if item.sparsity is None or item.sparsity.of != "multiply-adds"]
            fractions = {
                (item.sparsity.fraction if item.sparsity else None, item.pattern, item.compression) for item in weights
            }
            if len(fractions) == 1:
                return weights[0], where
            if fractions:
                return Removal(), ""
            bare = PHRASES["bare_sparsity"].findall(text)
            if where == "caption" and len(set(bare)) == 1:
                return read_removals(f"{bare[0]} sparsity")[0], where
        if self.section is not None and self.section.level > 1:
            found = [item for item in self.paper.removals_in_section(self.table.section) if item.sparsity]
            if len(found) == 1 and found[0].sparsity and found[0].sparsity.of != "multiply-adds":
                return found[0], "section"
        return Removal(), ""

    def bracketed(self, header: str) -> RemovalHeader | None:
        """What the number in brackets of each cell states, by ``Accuracy (sparsity)`` in header or caption."""
        for text in (header, self.caption):
            for match in re.finditer(r"\(([^()]{3,30})\)", text):
                found = self.paper.interpreter.removal_header(match.group(1))
                if found is not None and not NUMBER_IN_WORDS.search(match.group(1)):
                    return found
        return None

    def pair(self) -> tuple[Slot, ...]:
        """The two metrics of a caption like ``PSNR/SSIM``, which each cell then holds; empty without such words."""
        for match in _PAIR.finditer(self.caption):
            slots = read_slots(match.group())
            if len(slots) == 2 and slots[0] != slots[1] and not {slot.metric for slot in slots} & COSTS:
                return slots
        return ()

    def names_metric(self) -> bool:
        """True where the caption itself names a metric."""
        return bool(find_slots(f"{self.caption} {self.table.parent_caption}"))

    def slots(self) -> tuple[Slot, ...]:
        """The metrics that the caption names, else those of the referring sentences, in their order."""
        for text in (self.caption, self.table.parent_caption, *self.stub_heads, self.near):
            found = [slot for slot in find_slots(text) if slot.metric not in (*_OPERATING, "accuracy_change")]
            found = found or [slot for slot in find_slots(text[:40]) if slot.metric != "accuracy_change"]
            if found:
                return tuple(found)
        return ()

    def compresses(self) -> bool:
        """True where a bare multiple is a ratio of compression, as caption or referring text say, else the paper."""
        near = (self.caption, self.table.parent_caption, self.near)
        return any(PHRASES["compressing"].search(text) for text in near) or (
            self.paper.defines_compression and not any(PHRASES["other_multiples"].search(text) for text in near)
        )

    def is_on_learning_rates(self) -> bool:
        """True where ``Rate`` is the learning rate, as the caption says."""
        return PHRASES["learning_rate"].search(self.caption) is not None

    def form(self) -> str:
        """Whether a bare percentage beside results is a share kept or removed, as caption or referring text say."""
        kept = PHRASES["kept"].search(self.caption) or PHRASES["share_kept"].search(self.near)
        return "kept" if kept else "removed"

    def is_mean(self) -> bool:
        """True where the caption says that its numbers are means over tasks."""
        return PHRASES["mean_over_tasks"].search(self.caption) is not None

    @cached_property
    def measured(self) -> bool:
        """True where the text around the table speaks of timing."""
        text = f"{self.caption} {self.near} {self.section.text if self.section else ''}"
        return PHRASES["measured"].search(text) is not None

    def implemented_by(self, role: str, cited: bool) -> str:
        """Who ran a baseline: copied or re-run where caption, notes or nearby text say so, else unknown."""
        copied, rerun = self._origin_of_numbers
        if role != "baseline":
            return "unknown"
        if copied and (cited or not rerun):
            return "copied"
        return "re-run" if rerun else "unknown"

    @cached_property
    def _origin_of_numbers(self) -> tuple[bool, bool]:
        """Whether captions, notes and nearby text speak of copied and of re-run baselines."""
        text = f"{self.caption} {' '.join(self.table.notes)} {self.near}"
        return PHRASES["copied"].search(text) is not None, PHRASES["rerun"].search(text) is not None

    def evaluation(self, slot: Slot, *headers: str) -> tuple[str | None, str | None]:
        """Split and protocol (shots, sequence length, resolution), where headers, caption or nearby text state them."""
        key: tuple[str | bool, ...] = (slot.part, slot.metric == "perplexity", *headers)
        if key not in self._evaluations:
            near = " ".join((slot.part, *headers, self.caption, self.near))
            split = next((name for name, pattern in SPLITS.items() if pattern.search(near)), None)
            self._evaluations[key] = split, self._protocol(near, of_text=slot.metric == "perplexity")
        return self._evaluations[key]

    def _protocol(self, near: str, *, of_text: bool) -> str | None:
        for name in ("sequence length",) if of_text else ("shots", "normalised", "resolution"):
            match = PROTOCOLS[name].search(near)
            if match is None and of_text and self.section is not None:
                match = PROTOCOLS[name].search(self.section.text)
            if match:
                return " ".join(match.group().split())
        return None

    def spread_kind(self) -> str:
        """std, stderr or unknown, as the caption says, else the paper."""
        if PHRASES["standard_error"].search(self.caption):
            return "stderr"
        if PHRASES["deviation"].search(self.caption):
            return "std"
        return self.paper.deviation
