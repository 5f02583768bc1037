"""What the living survey says of the corpus itself: what came of each full text, and how often people agreed."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
from sqlalchemy import Connection, select

from db.labels import standing_labels
from db.readings import newest_processings
from db.schema import document, label, paper, processing, tag

IMPORTED = "import "
"""How the labellers of papers that came with a survey's spreadsheet begin; they are no person's judgement."""


def full_texts(connection: Connection) -> pd.DataFrame:
    """One row a paper whose full text was asked for: arxiv_id, outcome, reason, read, unread_reason.

    ``outcome`` is ``stored`` if any form of any version is, else what came of asking last; ``read`` says whether a
    reading for results ended well, and ``unread_reason`` why not, where one was tried.
    """
    asked: dict[str, tuple[str, str]] = {}
    query = select(paper.c.arxiv_id, document.c.outcome, document.c.reason).join(
        paper, paper.c.id == document.c.paper_id
    )
    for name, outcome, reason in connection.execute(query.order_by(document.c.version, document.c.id)):
        if asked.get(name, ("",))[0] != "stored":
            asked[name] = (outcome, reason)
    readings: dict[str, tuple[bool, str]] = {}
    tried = (
        select(paper.c.arxiv_id, processing.c.outcome, processing.c.reason)
        .join(paper, paper.c.id == processing.c.paper_id)
        .where(processing.c.stage == "extract")
        .order_by(processing.c.id)
    )
    for name, outcome, reason in connection.execute(tried):
        done = outcome == "done" or readings.get(name, (False,))[0]
        readings[name] = (done, "" if done else reason)
    rows = [(name, *found, *readings.get(name, (False, ""))) for name, found in asked.items()]
    return pd.DataFrame(rows, columns=["arxiv_id", "outcome", "reason", "read", "unread_reason"])


def agreement(connection: Connection) -> pd.DataFrame:
    """How the tagger's values compare with those of people, by facet: facet, papers, both, person_only, machine_only.

    ``papers`` is the number of papers of which a person has answered the facet and that the tagger has read; others
    count values. Of relevance only ``core`` is counted.
    """
    standing = standing_labels().subquery()
    given = (
        select(standing.c.paper_id, standing.c.facet, standing.c.value)
        .join(label, label.c.id == standing.c.id)
        .where(standing.c.facet != "claims", ~label.c.labeller.startswith(IMPORTED))
    )
    people: dict[tuple[int, str], set[str]] = defaultdict(set)
    for paper_id, facet, value in connection.execute(given):
        people[paper_id, facet] |= {value} - {""}
    newest = newest_processings("tag").subquery()
    machine: dict[tuple[int, str], set[str]] = defaultdict(set)
    tags = select(tag.c.paper_id, tag.c.facet, tag.c.value).join(newest, newest.c.id == tag.c.processing_id)
    answered = {paper_id for paper_id, _ in people}
    read = set()
    for paper_id, facet, value in connection.execute(tags) if answered else ():
        if paper_id in answered:
            read.add(paper_id)
            machine[paper_id, facet].add(value)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (paper_id, facet), values in people.items():
        if paper_id not in read:
            continue
        found = machine.get((paper_id, facet), set())
        if facet == "relevance":
            values, found = values & {"core"}, found & {"core"}
        added = (1, len(values & found), len(values - found), len(found - values))
        counts[facet] = [old + new for old, new in zip(counts[facet], added, strict=True)]
    rows = [(facet, *numbers) for facet, numbers in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["facet", "papers", "both", "person_only", "machine_only"])
