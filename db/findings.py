"""Findings with an identity and a state: a rule that raises the same question again keeps what people said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from db.records import Finding
from db.schema import finding, finding_cell


class FindingState(StrEnum):
    """What people say of a finding: nothing yet, that it stands, that it has an innocent cause, that it is wrong."""

    NEW = "new"
    CONFIRMED = "confirmed"
    EXPLAINED = "explained"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """What changed among the findings."""

    added: int
    kept: int
    gone: int


def finding_id(rule: str, cells: Iterable[int]) -> str:
    """Identity of a finding: the hash of its rule and cells."""
    text = rule + ":" + ",".join(str(number) for number in sorted(cells))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def review_finding(
    connection: Connection, identity: str, state: FindingState, *, reviewer: str, note: str = "", at: datetime
) -> None:
    """Store what a person says of a finding (``at`` in UTC); "new" forgets it. LookupError if there is no such finding.

    The review stays when the rule raises the same question again, and when it stops and begins anew.
    """
    said = {"reviewer": reviewer, "reviewed_at": at, "note": note}
    if state == FindingState.NEW:
        said = {"reviewer": None, "reviewed_at": None, "note": ""}
    change = update(finding).where(finding.c.id == identity).values(state=state, **said)
    if connection.execute(change).rowcount == 0:
        raise LookupError(f"there is no finding {identity!r}")


def save_findings(connection: Connection, found: Iterable[Finding], now: datetime) -> FindingCounts:
    """Store the findings of one analysis of the whole corpus; those no longer raised are marked gone, never deleted."""
    known = {row.id: row.gone_at for row in connection.execute(select(finding.c.id, finding.c.gone_at))}
    seen: set[str] = set()
    added = 0
    for item in found:
        identity = finding_id(item.rule, item.cells)
        if identity in seen:
            continue
        seen.add(identity)
        values = {
            "level": item.level,
            "sentence": item.sentence,
            "size": item.size,
            "explanations": list(item.explanations),
            "tried": list(item.tried),
            "papers": list(item.papers),
            "last_seen_at": now,
            "gone_at": None,
        }
        if identity in known:
            connection.execute(update(finding).where(finding.c.id == identity).values(**values))
            continue
        added += 1
        connection.execute(
            insert(finding).values(id=identity, rule=item.rule, state=FindingState.NEW, first_seen_at=now, **values)
        )
        connection.execute(
            insert(finding_cell), [{"finding_id": identity, "cell_id": number} for number in sorted(set(item.cells))]
        )
    gone = [identity for identity, gone_at in known.items() if gone_at is None and identity not in seen]
    for identity in gone:
        connection.execute(update(finding).where(finding.c.id == identity).values(gone_at=now))
    return FindingCounts(added, len(seen) - added, len(gone))
