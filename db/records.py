"""The words of Secateur as frozen dataclasses: what one room hands to the next, and what the database stores.

They live in the lowest room so that every room may import them. Nothing here knows SQL, files or networks.
The vocabulary of the facets is ``VOCABULARY``; a value outside it is a programming error and raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

RELEVANCE = ("core", "related", "no")

VOCABULARY: Mapping[str, tuple[str, ...]] = {
    "relevance": RELEVANCE,
    "structure": (
        "unstructured",
        "semi-structured",
        "block",
        "filter-channel",
        "head",
        "layer",
        "expert",
        "activation",
        "token",
    ),
    "timing": ("before", "during", "after"),
    "criterion": (
        "magnitude",
        "gradient",
        "hessian",
        "activation",
        "reconstruction",
        "regularization",
        "learned-mask",
        "search",
        "random",
        "similarity",
        "other",
    ),
    "recovery": ("fine-tuning", "rewinding", "distillation", "reconstruction", "none"),
    "architecture": ("cnn", "vit", "llm", "vlm", "rnn", "gnn", "diffusion", "snn", "moe", "mlp", "asr", "other"),
    "contribution": ("method", "theory", "empirical", "survey", "benchmark", "system", "hardware", "application"),
    "metrics": ("accuracy", "perplexity", "sparsity", "flops", "speedup", "memory", "energy", "training-cost"),
}
"""Facets with a closed vocabulary and their values."""

FACETS = ("structure", "timing", "criterion", "recovery", "architecture", "contribution", "metrics")
"""Facets of a core paper, in the order in which they are printed."""

NAMES = ("proposed", "baselines", "datasets", "models")
"""Facets whose values are names as written in the paper."""

ROLES = ("proposed", "baseline", "dense")
TABLE_KINDS = ("results", "ablation", "hyperparameters", "statistics", "other")


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a paper as arXiv lists it."""

    number: int
    submitted: datetime
    """UTC."""
    size: str = ""
    """As printed by arXiv, such as ``1124kb``."""
    source_type: str = ""
    """arXiv's flags: A ancillary, S encrypted, D pdftex, I withdrawn, H html, P ps, X docx; empty for TeX and PDF."""


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """Metadata of one paper (a work) with all its versions, as one harvest saw it."""

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    """The first is the primary category."""
    versions: tuple[VersionRecord, ...]
    """Ascending by number, at least one."""
    submitter: str = ""
    comments: str = ""
    journal_ref: str = ""
    report_number: str = ""
    doi: str = ""
    license: str = ""
    datestamp: date | None = None
    """Day of arXiv's last change to the record (OAI-PMH), not of any submission."""
    withdrawn: bool = False
    synthetic: bool = False
    """True for papers of the demo's invented literature."""

    def __post_init__(self) -> None:
        if not self.versions:
            raise ValueError(f"{self.arxiv_id}: a paper needs at least one version")
        if not self.categories:
            raise ValueError(f"{self.arxiv_id}: a paper needs at least one category")

    @property
    def submitted(self) -> datetime:
        """Date of version 1 (UTC), by which growth is counted."""
        return self.versions[0].submitted

    @property
    def updated(self) -> datetime:
        """Date of the newest version (UTC)."""
        return self.versions[-1].submitted

    @property
    def version(self) -> int:
        """Number of the newest version."""
        return self.versions[-1].number


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, with the reason; it is stored and counted, never dropped in silence."""

    kind: str
    """record, document, table, cell, claim."""
    locator: str
    """Which one: an OAI identifier, a table's label, a file's name."""
    reason: str


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """The outcome of asking for one form of one version's full text."""

    kind: str
    """eprint, html or pdf."""
    outcome: str
    """stored, withdrawn, no_source, encrypted, pdf_only, too_large, failed."""
    url: str
    fetched_at: datetime
    sha256: str | None = None
    """Key into the file store; None unless something was stored."""
    bytes: int = 0
    media_type: str = ""
    """Sniffed from the bytes: tar+gzip, tex+gzip, tex, html, pdf."""
    etag: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """One value of one facet, with the characters it was read from."""

    facet: str
    value: str
    confidence: float
    """0..1."""
    field: str = "abstract"
    """Where the evidence stands: title, abstract, table, citation."""
    start: int = -1
    end: int = -1
    """Character offsets into the field, -1 when the evidence is no single stretch."""
    quotation: str = ""
    canonical: str | None = None
    """Canonical name in the knowledge base, for names."""

    def __post_init__(self) -> None:
        allowed = VOCABULARY.get(self.facet)
        if allowed is not None and self.value not in allowed:
            raise ValueError(f"{self.value!r} is no value of the facet {self.facet}")
        if allowed is None and self.facet not in NAMES:
            raise ValueError(f"{self.facet!r} is no facet")


@dataclass(frozen=True, slots=True)
class AbstractClaim:
    """A numeric result that an abstract states about its own method."""

    quantity: str
    """One of VOCABULARY['metrics']."""
    value: float
    unit: str
    direction: str
    """removed, kept, gain, loss, level."""
    text: str
    """The shortest quotation that contains it."""
    start: int = -1
    end: int = -1
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Tags:
    """What title and abstract say of a paper."""

    relevance: str
    scores: Mapping[str, float]
    """Score of each relevance class, adding up to 1."""
    tags: tuple[Tag, ...] = ()
    claims: tuple[AbstractClaim, ...] = ()

    def values(self, facet: str) -> list[str]:
        """Values of one facet, in order, each once."""
        return list(dict.fromkeys(tag.value for tag in self.tags if tag.facet == facet))


@dataclass(frozen=True, slots=True)
class Table:
    """A table as an expanded grid of strings; text of a spanned cell is repeated in every cell it spans."""

    index: int
    """Order of tabulars in the document, from 0."""
    label: str
    """The table's label, else ``#index``."""
    caption: str
    grid: tuple[tuple[str, ...], ...]
    kind: str = "other"
    """One of TABLE_KINDS."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number's place: immutable evidence."""

    table: int
    """Index of the table."""
    row: int
    col: int
    number: int
    """Which number in the cell, from 0."""
    text: str
    """The cell's whole text."""
    row_text: str = ""
    """Stub cells of the row, joined by `` | ``: with caption and col_text the anchor of an override."""
    col_text: str = ""
    """Header cells of the column, joined by `` | ``."""


@dataclass(frozen=True, slots=True)
class Sparsity:
    """A stated sparsity, as printed and as normalised. Compare only within one ``of`` and ``scope``."""

    fraction: float
    """Fraction removed, 0..1."""
    printed: str = ""
    of: str = "weights"
    """weights, filters, channels, layers, activations, multiply-adds, bytes, latency."""
    form: str = "removed"
    """How it was printed: removed, kept, ratio, pattern."""
    scope: str = "unknown"
    """all, prunable, without-first, without-last, without-embedding, unknown."""
    low: float | None = None
    high: float | None = None
    """Interval of rounding of the fraction."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one number means: the machine's reading of a cell."""

    cell: Cell
    method: str
    """As printed, without citation and footnote marks."""
    role: str
    metric: str
    value: float
    unit: str
    method_canonical: str | None = None
    modifiers: tuple[str, ...] = ()
    implemented_by: str = "unknown"
    """copied, re-run, unknown."""
    cited: str | None = None
    """Key of the bibliography entry that the row cites."""
    dataset: str | None = None
    split: str | None = None
    protocol: str | None = None
    model: str | None = None
    spread: float | None = None
    spread_kind: str | None = None
    """std, stderr, interval, unknown."""
    sparsity: Sparsity | None = None
    compression: float | None = None
    """Original size / new size."""
    pattern: str | None = None
    """N:M."""
    printed: str = ""
    """The number as printed, when the sign or form was changed."""
    measured: bool = False
    theoretical: bool = False
    bold: bool = False
    """Whether the cell is printed in bold."""
    confidence: float = 1.0
    assumed: tuple[str, ...] = ()
    """What was assumed where the paper does not say."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """variant, stage, phase, device, batch, submetric."""


@dataclass(frozen=True, slots=True)
class TextNumber:
    """A number of the running text that says how good a network is, with the sentence that it stands in."""

    section: str
    """Title of the section."""
    sentence: str
    printed: str
    value: float
    unit: str
    """``%``, or empty."""
    tables: tuple[str, ...]
    """Labels of the tables that the sentence refers to, or else its paragraph."""
    refers: bool
    """Whether the sentence itself refers to them."""
    in_tables: bool
    """Whether a cell of the paper's tables prints this number, or what it leaves of 100, to its digits."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One entry of a paper's bibliography."""

    key: str
    text: str
    title: str = ""
    authors: str = ""
    year: int | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    matched_by: str = ""
    """How arxiv_id was found: eprint, doi, url, title; empty when it was not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A question raised by a rule about cells, with the innocent explanations that were tried."""

    rule: str
    """Such as ``contradiction`` or ``printed-difference``."""
    cells: tuple[int, ...]
    """Database ids of the cells concerned, ascending."""
    level: str
    """question, or finding where no innocent explanation fits."""
    sentence: str
    """Worded as ``differs by x; possible causes``."""
    size: float
    """How far apart, in the unit of the metric."""
    explanations: tuple[str, ...] = ()
    """Innocent explanations that may fit."""
    tried: tuple[str, ...] = ()
    """All that were tried."""
    papers: tuple[str, ...] = ()
    """arXiv ids concerned."""
