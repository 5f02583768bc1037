"""The truth about a finished literature, read off its papers and tables.

Nothing is computed twice: results, comparisons, planted errors and look-alikes all come from the tables' placed cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from secateur.demo.papers import Paper
from secateur.demo.studies import Measurement
from secateur.demo.tables import TableDraft
from secateur.demo.truth import Comparison, Contradiction, Growth, LookAlike, Slip, TruePaper, TrueResult, Truth


def true_literature(
    seed: int, until: date, growth: Growth, papers: list[Paper], tables: Mapping[str, list[TableDraft]]
) -> Truth:
    """Everything that was planted, as the finished papers and tables have it."""
    placed = [
        (paper, result, number)
        for paper in papers
        for table in _read_tables(paper, tables.get(paper.arrival.arxiv_id, []))
        for result, number in table.placed(paper.arrival.arxiv_id)
    ]
    results = tuple(result for _, result, _ in placed)
    compared = {
        Comparison(paper.arrival.arxiv_id, number.method.arxiv_id)
        for paper, _, number in placed
        if number is not None and number.method is not None and number.method.synthetic
        if number.method.arxiv_id is not None and number.method.arxiv_id != paper.arrival.arxiv_id
    }
    return Truth(
        seed=seed,
        until=until.isoformat(),
        growth=growth,
        papers=tuple(_true_paper(paper) for paper in papers),
        results=results,
        comparisons=tuple(sorted(compared, key=lambda pair: (pair.citing, pair.cited))),
        contradictions=tuple(_contradictions(placed)),
        slips=tuple(_slips(placed)),
        look_alikes=tuple(_look_alikes(papers, placed, tables)),
    )


def _true_paper(paper: Paper) -> TruePaper:
    return TruePaper(
        arxiv_id=paper.arrival.arxiv_id,
        title=paper.matter.title,
        submitted=paper.arrival.day.isoformat(),
        versions=len(paper.arrival.versions),
        relevance=paper.relevance,
        track=paper.topic,
        proposed=paper.study.own.name if paper.study and paper.study.own else None,
        structure=paper.facets.structure if paper.facets else (),
        timing=paper.facets.timing if paper.facets else (),
        criterion=paper.facets.criterion if paper.facets else (),
        withdrawn=paper.withdrawn,
        unread=paper.unread,
    )


Placed = list[tuple[Paper, TrueResult, Measurement | None]]


def _same_thing(result: TrueResult) -> tuple[Any, ...]:
    return (
        result.method_canonical,
        result.dataset,
        result.model,
        result.metric,
        result.sparsity,
        result.pattern,
        result.protocol,
    )


def _contradictions(placed: Placed) -> Iterator[Contradiction]:
    printed: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for _, result, _ in placed:
        printed[(*_same_thing(result), result.value)].add(result.arxiv_id)
    for _, result, number in placed:
        if number is not None and number.mark == "contradiction" and number.agreed is not None:
            yield Contradiction(
                arxiv_id=result.arxiv_id,
                table=result.table,
                row=result.row,
                col=result.col,
                method=result.method_canonical,
                dataset=result.dataset,
                model=result.model,
                metric=result.metric,
                value=result.value,
                agreed=number.agreed,
                others=tuple(sorted(printed[(*_same_thing(result), number.agreed)])),
            )


def _slips(placed: Placed) -> Iterator[Slip]:
    for _, result, number in placed:
        if number is None or number.level is None:
            continue
        if number.mark == "difference" and number.base is not None and number.change is not None:
            expected = round(number.value - number.base, 2)
            yield Slip("difference", result.arxiv_id, result.table, result.row, number.change, expected)
        elif number.mark == "ratio" and number.ratio is not None:
            expected = round(1 / (1 - number.level.removed), 1)
            yield Slip("ratio", result.arxiv_id, result.table, result.row, number.ratio, expected)


def _look_alikes(
    papers: Collection[Paper], placed: Placed, tables: Mapping[str, list[TableDraft]]
) -> Iterator[LookAlike]:
    for _, result, number in placed:
        if number is not None and number.mark == "rounding":
            yield LookAlike("rounding", result.arxiv_id, result.table, result.row)
    kinds = {"error": "error-rate", "kept": "kept-share"}
    for paper in papers:
        if paper.study is None:
            continue
        drafts = tables[paper.arrival.arxiv_id]
        readable = {table.label for table in _read_tables(paper, drafts)}
        for sheet, table in zip(paper.study.sheets, drafts, strict=True):
            kind = "sequence-length" if sheet.long_context else kinds.get(sheet.idiom)
            if kind is not None and table.label in readable:
                yield LookAlike(kind, paper.arrival.arxiv_id, table.label)


def _read_tables(paper: Paper, tables: list[TableDraft]) -> list[TableDraft]:
    """The tables that a reader can be expected to read."""
    return [] if paper.withdrawn or paper.unread is not None else tables
