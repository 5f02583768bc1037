"""What the two readings store: tags of title and abstract; tables, cells, readings and citations of a document.

Each save writes what a stage made and its ``processing`` row in the caller's transaction, so that a killed run leaves
either all of a paper's reading or none of it. Saving the same reading twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from db.labels import standing_labels
from db.records import Citation, Reading, Table, Tags, TextNumber, Unread
from db.schema import (
    MEANING,
    abstract_claim,
    cell,
    citation,
    document,
    document_table,
    label,
    paper,
    processing,
    reading,
    tag,
    text_number,
    unread,
)

UNREAD_OF_STAGE: Mapping[str, tuple[str, ...]] = {
    "tag": ("record",),
    "extract": ("document", "table", "cell"),
    "import": (),
}
"""Kinds of unread things that a stage has the last word on."""


@dataclass(frozen=True, slots=True)
class PaperText:
    """Title and abstract of a paper's newest version."""

    paper_id: int
    arxiv_id: str
    version: int
    title: str
    abstract: str

    @property
    def sha256(self) -> str:
        """Hash of what the tagger reads."""
        return hashlib.sha256(f"{self.title}\n{self.abstract}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A stored full text that awaits reading."""

    paper_id: int
    arxiv_id: str
    version: int
    sha256: str
    kind: str
    """eprint, html or pdf."""


@dataclass(frozen=True, slots=True)
class Processing:
    """That a stage has read one version of a paper, and what came of it."""

    paper_id: int
    version: int
    stage: str
    """tag, extract or import."""
    stage_version: str
    input_sha256: str
    outcome: str
    """done or unread."""
    seconds: float
    at: datetime
    reason: str = ""


def untagged(connection: Connection, stage_version: str, limit: int | None = None) -> list[PaperText]:
    """Papers that this tagger has not read since they last changed, oldest first."""
    done = (
        select(processing.c.id)
        .where(
            processing.c.paper_id == paper.c.id,
            processing.c.stage == "tag",
            processing.c.stage_version == stage_version,
            processing.c.version == paper.c.version,
            processing.c.at >= paper.c.changed_at,
        )
        .exists()
    )
    columns = (paper.c.id, paper.c.arxiv_id, paper.c.version, paper.c.title, paper.c.abstract)
    query = select(*columns).where(~done).order_by(paper.c.submitted, paper.c.id).limit(limit)
    return [PaperText(*row) for row in connection.execute(query)]


def newest_processings(*stages: str) -> Select[Any]:
    """Id of the newest processing of each paper by the stages together; imports from each source by themselves."""
    source = case((processing.c.stage == "import", processing.c.stage_version), else_="")
    rank = (
        func.row_number()
        .over(
            partition_by=(processing.c.paper_id, source), order_by=(processing.c.version.desc(), processing.c.id.desc())
        )
        .label("rank")
    )
    wanted = (processing.c.stage.in_(stages), processing.c.outcome == "done")
    ranked = select(processing.c.id, rank).where(*wanted).subquery()
    return select(ranked.c.id).where(ranked.c.rank == 1)


def newest_relevance() -> CompoundSelect[Any]:
    """Paper id and relevance: a person's answer, else that of the newest tagging."""
    rank = (
        func.row_number()
        .over(partition_by=processing.c.paper_id, order_by=(processing.c.version.desc(), processing.c.id.desc()))
        .label("rank")
    )
    ranked = select(processing.c.id, rank).where(processing.c.stage == "tag", processing.c.outcome == "done").subquery()
    answered = select(label.c.id).where(label.c.paper_id == tag.c.paper_id, label.c.facet == "relevance").exists()
    tagged = (
        select(tag.c.paper_id, tag.c.value.label("relevance"))
        .join(ranked, ranked.c.id == tag.c.processing_id)
        .where(ranked.c.rank == 1, tag.c.facet == "relevance", ~answered)
    )
    standing = standing_labels().subquery()
    labelled = select(standing.c.paper_id, standing.c.value).where(standing.c.facet == "relevance")
    return union_all(tagged, labelled)


def unextracted(connection: Connection, stage_version: str, limit: int | None = None) -> list[StoredDocument]:
    """Full texts of the newest versions of core papers that this reader has not read, oldest paper first.

    Of each paper the form that says most: its source, else its page, else its PDF.
    """
    best = _best_documents().subquery()
    done = (
        select(processing.c.id)
        .where(
            processing.c.paper_id == paper.c.id,
            processing.c.stage == "extract",
            processing.c.stage_version == stage_version,
            processing.c.version == best.c.version,
            processing.c.input_sha256 == best.c.sha256,
        )
        .exists()
    )
    relevance = newest_relevance().subquery()
    query = (
        select(paper.c.id, paper.c.arxiv_id, best.c.version, best.c.sha256, best.c.kind)
        .join(best, and_(best.c.paper_id == paper.c.id, best.c.version == paper.c.version))
        .join(relevance, relevance.c.paper_id == paper.c.id)
        .where(best.c.rank == 1, relevance.c.relevance == "core", ~done)
        .order_by(paper.c.submitted, paper.c.id)
        .limit(limit)
    )
    return [StoredDocument(*row) for row in connection.execute(query)]


def _best_documents() -> Select[Any]:
    """Stored full texts with their rank among those of the same version; an e-print may itself be a PDF."""
    is_pdf = or_(document.c.kind == "pdf", document.c.media_type.like("pdf%"))
    order = case((is_pdf, 3), (document.c.kind == "eprint", 1), else_=2)
    rank = func.row_number().over(
        partition_by=(document.c.paper_id, document.c.version), order_by=(order, document.c.id)
    )
    columns = (document.c.paper_id, document.c.version, document.c.sha256, document.c.kind)
    return select(*columns, rank.label("rank")).where(document.c.outcome == "stored")


def _begin(connection: Connection, done: Processing) -> int | None:
    """Id of a new processing row, or None if this very reading is stored already (only its time is renewed)."""
    same = and_(
        processing.c.paper_id == done.paper_id,
        processing.c.version == done.version,
        processing.c.stage == done.stage,
        processing.c.stage_version == done.stage_version,
        processing.c.input_sha256 == done.input_sha256,
    )
    known = connection.execute(select(processing.c.id).where(same)).scalar()
    if known is not None:
        connection.execute(update(processing).where(processing.c.id == known).values(at=done.at))
        return None
    return connection.execute(insert(processing).values(**asdict(done)).returning(processing.c.id)).scalar_one()


def save_tags(connection: Connection, done: Processing, tags: Tags) -> None:
    """Store what the tagger read from title and abstract, with relevance as a tag of its own."""
    processing_id = _begin(connection, done)
    if processing_id is None:
        return
    place = {"paper_id": done.paper_id, "version": done.version, "processing_id": processing_id}
    no_span = {"canonical": None, "field": "abstract", "start_char": -1, "end_char": -1, "quotation": ""}
    rows: list[dict[str, Any]] = [
        place
        | no_span
        | {"facet": "relevance", "value": tags.relevance, "confidence": tags.scores.get(tags.relevance, 0.0)}
    ]
    for found in tags.tags:
        values = asdict(found)
        rows.append(place | values | {"start_char": values.pop("start"), "end_char": values.pop("end")})
    connection.execute(insert(tag), [{k: row[k] for k in row if k in tag.c} for row in rows])
    _replace_unread(connection, done, ())
    claims = [
        place
        | {"quantity": c.quantity, "value": c.value, "unit": c.unit, "direction": c.direction, "quotation": c.text}
        | {"start_char": c.start, "end_char": c.end, "confidence": c.confidence}
        for c in tags.claims
    ]
    if claims:
        connection.execute(insert(abstract_claim), claims)


def save_extraction(
    connection: Connection,
    done: Processing,
    tables: Sequence[Table],
    readings: Sequence[Reading],
    citations: Sequence[Citation],
    left_unread: Iterable[Unread] = (),
    text_numbers: Sequence[TextNumber] = (),
) -> None:
    """Store tables, cells, what their numbers mean, the bibliography, numbers of the text, and what was not read."""
    processing_id = _begin(connection, done)
    if processing_id is None:
        return
    table_ids = _save_tables(connection, done, processing_id, tables)
    cell_ids = _save_cells(connection, table_ids, readings)
    rows = [
        _meaning(found)
        | {"cell_id": cell_ids[(found.cell.table, found.cell.row, found.cell.col, found.cell.number)]}
        | {"processing_id": processing_id}
        for found in readings
    ]
    if rows:
        connection.execute(insert(reading), rows)
    place = {"paper_id": done.paper_id, "version": done.version, "processing_id": processing_id}
    entries = []
    for entry in citations:
        values = asdict(entry)
        entries.append(place | {"cited_arxiv_id": values.pop("arxiv_id")} | values)
    if entries:
        connection.execute(insert(citation), entries)
    if text_numbers:
        numbers = [place | asdict(found) | {"tables": list(found.tables)} for found in text_numbers]
        connection.execute(insert(text_number), numbers)
    _replace_unread(connection, done, left_unread)


def save_failure(connection: Connection, done: Processing, kind: str, locator: str) -> None:
    """Store that a stage could not read a paper, with ``done.reason``; the same reader does not try it again."""
    if _begin(connection, done) is not None:
        _replace_unread(connection, done, [Unread(kind, locator, done.reason)])


def _replace_unread(connection: Connection, done: Processing, left: Iterable[Unread]) -> None:
    """Store what this reading left unread in place of what earlier ones of this stage did, older versions' too."""
    kinds = UNREAD_OF_STAGE[done.stage]
    earlier = (unread.c.paper_id == done.paper_id, unread.c.version <= done.version, unread.c.kind.in_(kinds))
    connection.execute(delete(unread).where(*earlier))
    items = list(dict.fromkeys(left))
    if not items:
        return
    name = connection.execute(select(paper.c.arxiv_id).where(paper.c.id == done.paper_id)).scalar_one()
    place = {"paper_id": done.paper_id, "version": done.version, "seen_at": done.at}
    rows = [
        place
        | {"kind": item.kind, "reason": item.reason}
        | {"locator": f"{name}v{done.version} {item.locator}".strip()}
        for item in items
    ]
    connection.execute(insert(unread), rows)


def _save_tables(
    connection: Connection, done: Processing, processing_id: int, tables: Sequence[Table]
) -> dict[int, int]:
    """Ids by the table's index; a table with the same grid at the same place keeps its row and so its cells."""
    known: dict[tuple[int, str], int] = {
        (row.position, row.grid_sha256): row.id
        for row in connection.execute(
            select(document_table.c.id, document_table.c.position, document_table.c.grid_sha256).where(
                document_table.c.paper_id == done.paper_id,
                document_table.c.version == done.version,
                document_table.c.sha256 == done.input_sha256,
            )
        )
    }
    ids: dict[int, int] = {}
    for found in tables:
        grid = [list(row) for row in found.grid]
        digest = hashlib.sha256(json.dumps(grid, ensure_ascii=False).encode()).hexdigest()
        table_id = known.get((found.index, digest))
        shown = {"label": found.label, "caption": found.caption, "kind": found.kind, "processing_id": processing_id}
        if table_id is None:
            values = {
                "paper_id": done.paper_id,
                "version": done.version,
                "sha256": done.input_sha256,
                "position": found.index,
                "grid": grid,
                "grid_sha256": digest,
            }
            row = insert(document_table).values(**values, **shown).returning(document_table.c.id)
            table_id = connection.execute(row).scalar_one()
        else:
            connection.execute(update(document_table).where(document_table.c.id == table_id).values(**shown))
        ids[found.index] = table_id
    return ids


def _save_cells(
    connection: Connection, table_ids: Mapping[int, int], readings: Sequence[Reading]
) -> dict[tuple[int, int, int, int], int]:
    """Ids by table index, row, column and number; a cell that is stored keeps its id."""
    if not readings:
        return {}
    index_of = {table_id: index for index, table_id in table_ids.items()}

    def stored() -> dict[tuple[int, int, int, int], int]:
        rows: Iterable[Row[Any]] = connection.execute(
            select(cell.c.id, cell.c.document_table_id, cell.c.row, cell.c.col, cell.c.number).where(
                or_(*(cell.c.document_table_id == table_id for table_id in table_ids.values()))
            )
        )
        return {(index_of[row.document_table_id], row.row, row.col, row.number): row.id for row in rows}

    known = stored()
    new = {}
    for found in readings:
        place = (found.cell.table, found.cell.row, found.cell.col, found.cell.number)
        if place not in known:
            new[place] = {
                "document_table_id": table_ids[found.cell.table],
                "row": found.cell.row,
                "col": found.cell.col,
                "number": found.cell.number,
                "text": found.cell.text,
                "row_text": found.cell.row_text,
                "col_text": found.cell.col_text,
            }
    if new:
        connection.execute(insert(cell), list(new.values()))
        known = stored()
    return known


def _meaning(found: Reading) -> dict[str, Any]:
    """A reading as the columns of its row."""
    simple = {name: getattr(found, name) for name in MEANING if not name.startswith("sparsity")}
    simple["modifiers"] = list(found.modifiers)
    sparsity = found.sparsity
    return simple | {
        "sparsity": sparsity.fraction if sparsity else None,
        "sparsity_printed": sparsity.printed if sparsity else None,
        "sparsity_of": sparsity.of if sparsity else None,
        "sparsity_form": sparsity.form if sparsity else None,
        "sparsity_scope": sparsity.scope if sparsity else None,
        "sparsity_low": sparsity.low if sparsity else None,
        "sparsity_high": sparsity.high if sparsity else None,
        "printed": found.printed,
        "measured": found.measured,
        "theoretical": found.theoretical,
        "bold": found.bold,
        "cited": found.cited,
        "confidence": found.confidence,
        "assumed": list(found.assumed),
        "extra": dict(found.extra),
    }
