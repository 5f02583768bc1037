"""A person's corrections of results: stored beside the readings, met again by the words around a number.

An override is anchored on caption, row text and column text, so that it holds for every later reading and version in
which these words stand. The view ``result`` (schema.py) shows the newest override of a cell over the newest reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text

from db.schema import MEANING, override, paper

READ_CELLS_SQL = f"""
SELECT p.arxiv_id, t.label, t.position, t.caption, c.row, c.col, c.number, c.text, c.row_text, c.col_text,
       {", ".join(f"r.{name}" for name in MEANING)}
FROM processing n
JOIN reading r ON r.processing_id = n.id
JOIN cell c ON c.id = r.cell_id
JOIN document_table t ON t.id = c.document_table_id
JOIN paper p ON p.id = n.paper_id
WHERE p.arxiv_id = :arxiv_id AND n.stage IN ('extract', 'import') AND n.outcome = 'done'
  AND NOT EXISTS (
    SELECT 1 FROM processing w
    WHERE w.paper_id = n.paper_id AND w.outcome = 'done' AND w.stage = n.stage
      AND (w.stage = 'extract' OR w.stage_version = n.stage_version)
      AND (w.version > n.version OR (w.version = n.version AND w.id > n.id)))
ORDER BY t.position, c.row, c.col, c.number
"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The words by which an override finds its number."""

    arxiv_id: str
    caption: str
    row_text: str
    col_text: str
    number: int = 0
    """Which number in the cell, from 0."""
    text: str = ""
    """The cell's text when it was corrected; it decides only between cells with the same words."""


@dataclass(frozen=True, slots=True)
class Override:
    """One correction: the fields that a reading got wrong, or that the number is no result."""

    anchor: Anchor
    values: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the reading (`db.schema.MEANING`) and what they should be."""
    rejected: bool = False
    author: str = ""
    note: str = ""
    at: datetime = datetime.min


@dataclass(frozen=True, slots=True)
class ReadCell:
    """A number of the newest reading: where it stands, and what the machine took it to mean."""

    anchor: Anchor
    table_label: str
    table_position: int
    row: int
    col: int
    reading: Mapping[str, Any]


class UnknownFieldError(ValueError):
    """A correction names something that a reading does not state."""


def read_cells(connection: Connection, arxiv_id: str) -> list[ReadCell]:
    """The numbers of a paper's newest reading without any override, in their order in the paper."""
    statement = text(READ_CELLS_SQL).columns(**{name: override.c[name].type for name in MEANING})
    return [
        ReadCell(
            Anchor(row.arxiv_id, row.caption, row.row_text, row.col_text, row.number, row.text),
            row.label,
            row.position,
            row.row,
            row.col,
            {name: getattr(row, name) for name in MEANING},
        )
        for row in connection.execute(statement, {"arxiv_id": arxiv_id})
    ]


def meets(anchor: Anchor, cells: list[ReadCell]) -> list[ReadCell]:
    """The cells that an override with this anchor corrects, by the rule of the view ``result``."""
    near = [cell for cell in cells if _words(cell.anchor) == _words(anchor)]
    return near if len(near) == 1 else [cell for cell in near if cell.anchor.text == anchor.text]


def _words(anchor: Anchor) -> tuple[str, str, str, str, int]:
    return anchor.arxiv_id, anchor.caption, anchor.row_text, anchor.col_text, anchor.number


def save_override(connection: Connection, correction: Override) -> bool:
    """Store a correction as the newest of its anchor; False if the newest says the same already.

    Raises UnknownFieldError for a field that no reading has, LookupError for a paper that is not in the corpus.
    """
    unknown = sorted(set(correction.values) - set(MEANING))
    if unknown:
        raise UnknownFieldError(f"{unknown[0]!r} is no field of a result; one of {', '.join(MEANING)}")
    known = standing_override(connection, correction.anchor)
    if known is not None and (known.values, known.rejected, known.note) == (
        correction.values,
        correction.rejected,
        correction.note,
    ):
        return False
    anchor = asdict(correction.anchor)
    paper_id = connection.execute(select(paper.c.id).where(paper.c.arxiv_id == anchor.pop("arxiv_id"))).scalar()
    if paper_id is None:
        raise LookupError(f"{correction.anchor.arxiv_id} is not in the corpus")
    about = {name: getattr(correction, name) for name in ("rejected", "author", "note", "at")}
    connection.execute(insert(override).values(paper_id=paper_id, **anchor, **correction.values, **about))
    return True


def standing_override(connection: Connection, anchor: Anchor) -> Override | None:
    """The newest correction that the view ``result`` shows at the anchor's number."""
    standing = _standing(connection, anchor)
    return standing[max(standing)] if standing else None


def remove_overrides(connection: Connection, anchor: Anchor) -> int:
    """Forget every correction that stands at the anchor's number; how many there were."""
    ids = list(_standing(connection, anchor))
    return connection.execute(delete(override).where(override.c.id.in_(ids))).rowcount if ids else 0


def _standing(connection: Connection, anchor: Anchor) -> dict[int, Override]:
    """Corrections by id that meet the same cell of the newest reading, or have the same anchor where none was read."""
    cells = read_cells(connection, anchor.arxiv_id)
    here = meets(anchor, cells)
    return {
        number: item
        for number, item in _stored(connection, anchor.arxiv_id)
        if item.anchor == anchor or (here and meets(item.anchor, cells) == here)
    }


def all_overrides(connection: Connection, arxiv_id: str | None = None) -> list[Override]:
    """Every correction, the oldest first, of one paper or of all."""
    return [item for _, item in _stored(connection, arxiv_id)]


def _stored(connection: Connection, arxiv_id: str | None) -> list[tuple[int, Override]]:
    query = select(override, paper.c.arxiv_id).join(paper, paper.c.id == override.c.paper_id).order_by(override.c.id)
    if arxiv_id is not None:
        query = query.where(paper.c.arxiv_id == bindparam("arxiv_id", arxiv_id))
    return [
        (
            row.id,
            Override(
                Anchor(row.arxiv_id, row.caption, row.row_text, row.col_text, row.number, row.text),
                {name: getattr(row, name) for name in MEANING if getattr(row, name) is not None},
                row.rejected,
                row.author,
                row.note,
                row.at,
            ),
        )
        for row in connection.execute(query)
    ]
