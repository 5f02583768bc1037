"""A person's review of a finding: it is published or never shown, and outlives the next night."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest

from analysis.report.shown import STATES_SHOWN
from db import views
from db.findings import FindingState, finding_id, review_finding, save_findings
from db.past import rewind
from db.records import Finding
from db.session import open_database

NOW = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
"""Later than anything that the corpus was read at."""
RULE = "contradiction"


def planted(cells: tuple[int, ...], size: float) -> Finding:
    return Finding(RULE, cells, "finding", f"differs by {size}", size, papers=("1812.90007",))


@pytest.fixture
def raised(own_corpus: Path) -> Callable[[], None]:
    """Raises two findings, as every night does."""

    def raise_them() -> None:
        engine = open_database(own_corpus / "a.db")
        with engine.begin() as connection:
            save_findings(connection, [planted((1, 2), 1.5), planted((2, 3), 0.5)], NOW)
        engine.dispose()

    raise_them()
    return raise_them


LARGER, SMALLER = finding_id(RULE, (1, 2)), finding_id(RULE, (2, 3))


def test_findings_are_listed_by_what_was_said_of_them(on_own_corpus, raised) -> None:
    assert [row["id"] for row in json.loads(on_own_corpus("review").out)] == [LARGER, SMALLER]
    said = on_own_corpus("review", SMALLER, "--as", "explained", "--note", "other test set", "--reviewer", "A. Reader")
    (row,) = json.loads(said.out)
    assert (row["id"], row["state"], row["reviewer"], row["note"]) == (
        SMALLER,
        "explained",
        "A. Reader",
        "other test set",
    )
    assert [row["id"] for row in json.loads(on_own_corpus("review").out)] == [LARGER]
    assert [row["id"] for row in json.loads(on_own_corpus("review", "--as", "explained").out)] == [SMALLER]
    raised()
    assert [row["id"] for row in json.loads(on_own_corpus("review").out)] == [LARGER]
    on_own_corpus("review", SMALLER, "--as", "new")
    again = {row["id"]: row for row in json.loads(on_own_corpus("review").out)}
    assert (again[SMALLER]["reviewer"], again[SMALLER]["note"]) == (None, "")


@pytest.mark.slow
def test_what_is_reviewed_is_published_and_what_is_dismissed_never_is(on_own_corpus, own_corpus: Path) -> None:
    kept, wrong = on_own_corpus("review").json()[:2]
    on_own_corpus("review", kept["id"], "--as", "confirmed", "--note", "a planted note")
    on_own_corpus("review", wrong["id"], "--as", "dismissed")
    assert on_own_corpus("report", "-o", str(own_corpus / "site")).code == 0
    page = (own_corpus / "site" / "baselines.html").read_text(encoding="utf-8")
    assert page.count('class="finding level-') == 1
    assert escape(kept["sentence"]) in page
    assert "a planted note" in page
    assert not any("dismissed" in states for states in STATES_SHOWN.values())


def test_the_corpus_as_it_was_knows_no_later_review(own_corpus: Path, raised) -> None:
    engine = open_database(own_corpus / "a.db")
    with engine.connect() as connection:
        later = NOW + timedelta(hours=2)
        review_finding(connection, LARGER, FindingState.CONFIRMED, reviewer="A. Reader", at=later)
        rewind(connection, later)
        assert views.findings(connection).set_index("id").loc[LARGER, "state"] == "confirmed"
        rewind(connection, NOW + timedelta(hours=1))
        row = views.findings(connection).set_index("id").loc[LARGER]
        assert (row["state"], row["reviewer"]) == ("new", None)
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "--as", "confirmed"), "there is no finding 'nothing'"),
        ((LARGER,), "say what they are with --as"),
        ((LARGER, "nothing", "--as", "confirmed"), "nothing was stored"),
    ],
)
def test_a_wrong_review_stores_nothing_and_says_why(on_own_corpus, raised, arguments, said) -> None:
    answer = on_own_corpus("review", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert json.loads(on_own_corpus("review", "--as", "confirmed").out) == []
