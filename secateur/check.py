"""One paper, or an author's own draft, and all that the corpus has to say of it, on one sheet.

What it claims; what of its own numbers does not fit together; each baseline that it quotes beside what other papers
print; baselines of its contemporaries that it leaves out; how it reports; which claims can be run again, and verdicts.
Needs no torch. The analyses are those of `analysis`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from analysis.arithmetic import arithmetic_findings
from analysis.baselines import describe_key
from analysis.comparable import KEY, comparable
from analysis.comparisons import comparison_graph, missing_comparisons
from analysis.contradictions import contradictions
from analysis.frames import records
from analysis.places import place_of
from analysis.rigor import ITEMS, rigor_by_paper
from secateur.beside import DRAFT, Frames, beside, corpus_frames, draft_frames
from validate.claims import Claim, load_claims, load_registry
from validate.cost import Trained, cost_of, first_look_rates
from validate.derive import derive
from validate.plan import NotTestableError, SettingIncompleteError, freeze

Rows = tuple[Mapping[str, Any], ...]


class NoSuchPaperError(LookupError):
    """The corpus does not hold a paper."""


@dataclass(frozen=True)
class Sheet:
    """What a check found; rows are flat and ready to print."""

    paper: str
    """Identifier; ``draft`` for a draft."""
    title: str
    synthetic: bool = False
    """Whether it is of an invented literature, and not on arXiv."""
    claims: Rows = ()
    """Of the abstract: quantity, value, unit, direction, quotation."""
    questions: Rows = ()
    """Arithmetic that does not fit together: rule, level, sentence, where, tried."""
    quoted: Rows = ()
    """Baselines: what, where, printed, others (range), papers, own (in the method's own paper), says."""
    missing: Rows = ()
    """Baselines that most neighbours use: missing, title, using (of how many neighbours)."""
    rigor: Rows = ()
    """asks, answer, value, evidence."""
    runnable: Rows = ()
    """Claims that can be run here: claim, from, title; runs, epochs and minutes of one core to a first look."""
    verdicts: Rows = ()
    """VERDICT_COLUMNS, and where they were run for this sheet RUN_COLUMNS."""
    notes: tuple[str, ...] = ()
    """What limits this check."""
    claim_file: str = ""
    """The derived claims as YAML, for ``--run``."""
    registered: tuple[Claim, ...] = field(default=())
    """The registry's claims of this paper."""

    @property
    def compared(self) -> Rows:
        """The quoted numbers that another paper prints, too: those that ask for an answer first."""
        order = {DIFFERS: 0, EXPLAINED: 1, WITHIN: 2}
        return tuple(
            sorted((row for row in self.quoted if row["says"] != ALONE), key=lambda row: order.get(row["says"], 3))
        )

    @property
    def found(self) -> int:
        """How many things ask for an answer: questions, quoted numbers that others contradict, missing comparisons."""
        return len(self.questions) + sum(row["says"] == DIFFERS for row in self.quoted) + len(self.missing)


SAME, OWN, DIFFERS, EXPLAINED, WITHIN, ALONE = (
    "as others print it",
    "as its own paper prints it",
    "differs beyond seeds and rounding",
    "differs; a cause is known",
    "within what seeds and rounding explain",
    "no other paper prints it",
)
"""What can be said of a quoted number."""


def check_paper(engine: Engine, arxiv_id: str) -> Sheet:
    """The sheet of a paper of the corpus. Raises NoSuchPaperError."""
    frames = corpus_frames(engine)
    if not (frames.papers["arxiv_id"] == arxiv_id).any():
        raise NoSuchPaperError(
            f"{arxiv_id} is not in the corpus; `secateur harvest` brings it if its set is harvested, and a draft is "
            "checked by its folder"
        )
    return _sheet(frames, arxiv_id, ())


def check_draft(engine: Engine | None, path: Path, now: datetime) -> Sheet:
    """The sheet of a draft: a LaTeX folder, an e-print, or HTML; beside a corpus where there is one.

    Raises secateur.beside.UnreadDraftError if nothing of a paper is in it.
    """
    draft, unread = draft_frames(path, now)
    notes = [f"not read: {one}" for one in unread]
    frames = draft if engine is None else beside(corpus_frames(engine), draft)
    if (frames.papers["arxiv_id"] == DRAFT).all():
        notes.append("the corpus is empty: baselines and comparisons could not be looked at")
    return _sheet(frames, DRAFT, tuple(notes))


def _sheet(frames: Frames, paper: str, notes: tuple[str, ...]) -> Sheet:
    record = frames.papers[frames.papers["arxiv_id"] == paper]
    results = frames.results[frames.results["arxiv_id"] == paper]
    cells = {int(row["cell_id"]): place_of(row) for row in records(results)}
    claims = frames.claims[frames.claims["arxiv_id"] == paper]
    texts = frames.text_numbers[frames.text_numbers["arxiv_id"] == paper]
    registered, runnable, claim_file = _runnable(paper, record, results)
    if results.empty:
        notes = (*notes, "no result was read from its tables, so its numbers could not be looked at")
    return Sheet(
        paper=paper,
        title=str(record["title"].iloc[0]),
        synthetic=bool(record["synthetic"].iloc[0]),
        claims=tuple(records(claims.drop(columns=["arxiv_id", "confidence"]))),
        questions=tuple(_questions(results, texts, cells)),
        quoted=tuple(_quoted(frames.results, results, paper, cells)),
        missing=tuple(_missing(frames, paper)),
        rigor=tuple(_rigor(record, results, cells)),
        runnable=runnable,
        verdicts=tuple(_verdicts(frames.verdicts, paper)),
        notes=notes,
        claim_file=claim_file,
        registered=registered,
    )


def _questions(results: pd.DataFrame, texts: pd.DataFrame, cells: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for one in arithmetic_findings(results, texts):
        yield {
            "level": one.level,
            "rule": one.rule,
            "sentence": one.sentence,
            "where": "; ".join(cells[cell] for cell in one.cells if cell in cells),
            "tried": list(one.tried),
        }


def _quoted(
    everything: pd.DataFrame, own: pd.DataFrame, paper: str, cells: Mapping[int, str]
) -> Iterator[dict[str, Any]]:
    """Each baseline's number of this paper against the numbers of all others for the same key."""
    asked = own.dropna(subset=["dataset", "model"])
    near = everything["dataset"].isin(asked["dataset"]) & everything["model"].isin(asked["model"])
    compared = comparable(everything[near])
    if compared.empty:
        return
    disputed = contradictions(everything[near], compared=compared)
    apart = {
        cell: row
        for row in records(disputed)
        for cell in (row["gap_low_cell"], row["gap_high_cell"])
        if paper in (row["gap_low_paper"], row["gap_high_paper"])
    }
    for _, rows in compared[compared["role"] != "dense"].groupby(list(KEY), sort=False):
        here = rows[(rows["arxiv_id"] == paper) & (rows["role"] == "baseline")]
        others = rows[rows["arxiv_id"] != paper]
        for row in records(here.drop_duplicates("amount")):
            yield _quotation(row, others, apart.get(row["cell_id"]), cells)


def _quotation(
    row: Mapping[str, Any], others: pd.DataFrame, dispute: Mapping[str, Any] | None, cells: Mapping[int, str]
) -> dict[str, Any]:
    source = others[others["role"] == "proposed"]
    amounts = sorted(others["amount"])
    return {
        "what": describe_key(dict(row)),
        "metric": row["metric"],
        "printed": row["amount"],
        "unit": row["unit"],
        "others": "" if not amounts else f"{amounts[0]:g}" if amounts[0] == amounts[-1] else _range(amounts),
        "papers": others["arxiv_id"].nunique(),
        "own": None if source.empty else float(source["amount"].median()),
        "own_paper": "" if source.empty else str(source["arxiv_id"].iloc[0]),
        "says": _says(row, others, source, dispute),
        "causes": [] if dispute is None else list(dispute["causes"]),
        "where": cells.get(int(row["cell_id"]), ""),
    }


def _range(amounts: list[float]) -> str:
    return f"{amounts[0]:g} to {amounts[-1]:g}"


def _says(row: Mapping[str, Any], others: pd.DataFrame, source: pd.DataFrame, dispute: Mapping[str, Any] | None) -> str:
    if others.empty:
        return ALONE
    if dispute is not None:
        return EXPLAINED if dispute["explained"] else DIFFERS
    if (source["amount"] == row["amount"]).any():
        return OWN
    return SAME if (others["amount"] == row["amount"]).any() else WITHIN


def _missing(frames: Frames, paper: str) -> Iterator[dict[str, Any]]:
    graph = comparison_graph(frames.papers, frames.tags, frames.results, frames.citations, stated=frames.stated)
    every = missing_comparisons(graph)
    for row in records(every[every["arxiv_id"] == paper]):
        yield {
            "missing": row["missing"],
            "title": row["missing_title"],
            "using": f"{row['using']} of {row['neighbours']} neighbours",
        }


def _rigor(record: pd.DataFrame, results: pd.DataFrame, cells: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for row in records(rigor_by_paper(record, results)):
        evidence = [cells[cell] for cell in row["cells"] if cell in cells]
        yield {
            "asks": ITEMS[row["item"]],
            "answer": row["answer"],
            "value": row["value"],
            "evidence": row["quotation"] or "; ".join(evidence[:2]),
        }


def _runnable(paper: str, record: pd.DataFrame, results: pd.DataFrame) -> tuple[tuple[Claim, ...], Rows, str]:
    """The registry's claims of a paper, then those that its results give, with what the first look costs."""
    registered = tuple(claim for claim in load_registry().values() if claim.source.arxiv == paper)
    rates = first_look_rates()
    rows = [_cost(claim, "registry", rates) for claim in registered]
    venue = "draft" if paper == DRAFT else f"arXiv {record['submitted'].iloc[0]:%Y}"
    # A draft has no identifier yet; its claims bear one that no paper can have.
    made = derive("0000.00000" if paper == DRAFT else paper, venue, records(results))
    places = {one.claim: one.place for one in made.results if one.claim}
    rows += [_cost(claim, places[claim.id], rates) for claim in claims_of(made.text)]
    return registered, tuple(rows), made.text


def claims_of(text: str) -> list[Claim]:
    """The claims of the text of a claim file; none of an empty one."""
    if not text:
        return []
    with TemporaryDirectory(prefix="secateur-claims-") as folder:
        file = Path(folder) / "derived.yaml"
        file.write_text(text, encoding="utf-8")
        return load_claims(file)


def _cost(claim: Claim, origin: str, rates: Mapping[Trained, float]) -> dict[str, Any]:
    row: dict[str, Any] = {"claim": claim.id, "from": origin, "title": claim.title}
    try:
        plan = freeze(claim, data_sha256="")
    except (NotTestableError, SettingIncompleteError) as error:
        return row | {"runs": None, "epochs": None, "minutes": None, "needs": "", "why_not": str(error)}
    cost = cost_of(plan, rates)
    minutes = None if cost.seconds is None else max(1, round(cost.seconds / 60))
    return row | {
        "runs": cost.runs,
        "epochs": cost.epochs,
        "minutes": minutes,
        "needs": ", ".join(cost.needs),
        "why_not": "",
    }


VERDICT_COLUMNS = ("claim_id", "part", "label", "cause", "seeds", "estimate", "low", "high")
RUN_COLUMNS = ("accuracy", "theoretical_ratio", "measured_ratio_batch_1", "measured_ratio_batch_64")
"""What a report has beside its verdict."""


def _verdicts(verdicts: pd.DataFrame, paper: str) -> Iterator[dict[str, Any]]:
    for row in records(verdicts[verdicts["arxiv_id"] == paper]):
        yield {name: row.get(name) for name in (*VERDICT_COLUMNS, *RUN_COLUMNS)}


def verdicts_of_run(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """The sheet's verdicts from the rows of reports (`validate.report.ValidationReport.rows`)."""
    return tuple(
        {
            "claim_id": row["claim"],
            "part": f"{row['part']} [{row['completion']}]" if row["completion"] else row["part"],
            **{name: row[name] for name in (*VERDICT_COLUMNS[2:], *RUN_COLUMNS)},
        }
        for row in rows
    )
