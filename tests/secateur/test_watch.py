"""watch: what happened to the papers that one cites is told once, from libraries and drafts, with a feed and a code."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from sqlalchemy import Engine, insert, select, update

from corpus.references import NoReferencesError, read_references
from db.readings import Processing, save_extraction
from db.records import Cell, Reading, Table
from db.schema import change, claim, finding, paper, plan, verdict
from db.session import open_database
from secateur.cli import main

BEFORE, LATER = datetime(2026, 11, 22, 12, 0), datetime(2026, 11, 24, 5, 0)


@dataclass(frozen=True)
class Cited:
    """A corpus of which three papers are cited, and the library that cites them."""

    folder: Path
    engine: Engine
    ids: dict[str, int]
    """Database ids of the papers, by the keys under which they are cited."""
    arxiv_ids: dict[str, str]

    @property
    def library(self) -> Path:
        return self.folder / "refs.bib"

    def watch(self, *arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
        """Exit code, rows and stderr of one watch."""
        out, err = io.StringIO(), io.StringIO()
        words = ["--db", str(self.folder / "a.db"), "watch", *(str(word) for word in arguments)]
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(words)
        assert isinstance(left.value.code, int)
        return left.value.code, json.loads(out.getvalue() or "[]"), err.getvalue()

    def harvest_saw(self, key: str, field: str, before: str, after: str, **columns: Any) -> None:
        """A harvest found a paper different."""
        with self.engine.begin() as connection:
            row = {"paper_id": self.ids[key], "seen_at": LATER, "field": field, "before": before, "after": after}
            connection.execute(insert(change).values(**row))
            connection.execute(update(paper).where(paper.c.id == self.ids[key]).values(**columns))

    def read(self, key: str, version: int, value: float, at: datetime) -> None:
        """A reader found one number in a version."""
        table = Table(0, "tab:main", "Accuracy", (("Method", "Top-1"), ("Magnitude", str(value))), "results")
        cell = Cell(0, 1, 1, 0, str(value), "Magnitude", "Top-1")
        reading = Reading(cell, "Magnitude", "baseline", "top1_accuracy", value, "%", dataset="ImageNet")
        done = Processing(self.ids[key], version, "extract", "test", f"{key}{version}", "done", 0.1, at)
        with self.engine.begin() as connection:
            save_extraction(connection, done, [table], [reading], [])


@pytest.fixture
def cited(own_corpus: Path) -> Cited:
    engine = open_database(own_corpus / "a.db")
    with engine.begin() as connection:
        # The tests say themselves what happened.
        connection.execute(update(paper).values(withdrawn=False))
        connection.execute(update(finding).values(gone_at=BEFORE))
        rows = connection.execute(select(paper.c.id, paper.c.arxiv_id, paper.c.title).order_by(paper.c.id)).all()
        chosen = dict(zip(("eprint", "doi", "title"), rows, strict=False))
        connection.execute(update(paper).where(paper.c.id == chosen["doi"].id).values(doi="10.1000/Ab.C"))
        title = "Pruning: Residual Networks, at Échelle"
        connection.execute(update(paper).where(paper.c.id == chosen["title"].id).values(title=title))
    (own_corpus / "refs.bib").write_text(
        f"@article{{eprint, title={{Whatever}}, eprint={{{chosen['eprint'].arxiv_id}v2}}}}\n"
        "@article{doi, title={Something else}, doi={10.1000/aB.c}}\n"
        "@inproceedings{title, title={{P}runing: {Residual} networks at {\\'E}chelle}, year=2020}\n"
        "@book{absent, title={A book that nobody wrote}}\n"
        "@article{gone, title={Pruning}, eprint={9901.00001}}\n"
    )
    ids = {key: row.id for key, row in chosen.items()}
    return Cited(own_corpus, engine, ids, {key: row.arxiv_id for key, row in chosen.items()})


def test_entries_are_found_by_identifier_by_doi_and_by_title(cited: Cited) -> None:
    code, rows, _ = cited.watch(cited.library, "--entries")
    assert code == 0
    found = {row["key"]: (row["arxiv_id"], row["matched_by"]) for row in rows}
    expected = {key: (cited.arxiv_ids[key], how) for key, how in (("eprint", "arxiv"), ("doi", "doi"))}
    assert found == expected | {
        "title": (cited.arxiv_ids["title"], "title"),
        "absent": (None, ""),
        "gone": (None, ""),
    }


def test_nothing_new_is_exit_0_and_names_what_is_not_in_the_corpus(cited: Cited) -> None:
    code, rows, err = cited.watch(cited.library)
    assert (code, rows) == (0, [])
    assert err.startswith("2 of 5 entries are not in the corpus: absent, gone")


def test_versions_and_withdrawals_are_told_once(cited: Cited) -> None:
    cited.harvest_saw("eprint", "version", "1", "2", version=2)
    cited.harvest_saw("doi", "withdrawn", "False", "True", withdrawn=True, comments="An error in Lemma 2")
    code, rows, _ = cited.watch(cited.library)
    told = [(row["what"], row["arxiv_id"], row["cited_as"], row["detail"]) for row in rows]
    assert code == 1
    assert sorted(told) == sorted(
        [
            ("new version", cited.arxiv_ids["eprint"], "eprint", "v2 follows v1"),
            ("withdrawn", cited.arxiv_ids["doi"], "doi", "An error in Lemma 2"),
        ]
    )
    assert cited.watch(cited.library)[:2] == (0, [])
    cited.harvest_saw("eprint", "version", "2", "3", version=3)
    assert [row["detail"] for row in cited.watch(cited.library)[1]] == ["v3 follows v2"]


def test_what_a_night_stored_late_is_told_though_it_is_dated_before_the_last_watch(cited: Cited) -> None:
    cited.watch(cited.library)
    with cited.engine.begin() as connection:
        row = {"paper_id": cited.ids["doi"], "field": "version", "before": "1", "after": "2"}
        connection.execute(insert(change).values(seen_at=datetime(2000, 1, 1), **row))
    assert len(cited.watch(cited.library)[1]) == 1


def test_a_number_that_changed_between_versions_is_told_with_both_values(cited: Cited) -> None:
    cited.read("title", 11, 74.6, BEFORE)
    cited.watch(cited.library)
    cited.read("title", 12, 75.1, LATER)
    code, rows, _ = cited.watch(cited.library)
    assert code == 1
    assert [(row["what"], row["cited_as"], row["seen_at"]) for row in rows] == [
        ("number changed", "title", LATER.isoformat())
    ]
    assert rows[0]["detail"] == "v11 to v12, tab:main: Magnitude, ImageNet, top1_accuracy: 74.6 to 75.1 %"


def test_a_version_that_prints_the_same_numbers_is_no_change(cited: Cited) -> None:
    cited.read("title", 11, 74.6, BEFORE)
    cited.read("title", 12, 74.6, LATER)
    assert cited.watch(cited.library)[:2] == (0, [])


def test_questions_are_told_until_a_person_settles_them(cited: Cited) -> None:
    row = {"rule": "contradiction", "level": "question", "size": 1.2, "explanations": [], "tried": []}
    row |= {"first_seen_at": LATER, "last_seen_at": LATER}
    about = [[cited.arxiv_ids["eprint"], "1111.11111"], [cited.arxiv_ids["eprint"]], ["1111.11111"]]
    states = ["new", "dismissed", "new"]
    with cited.engine.begin() as connection:
        for number, (papers, state) in enumerate(zip(about, states, strict=True)):
            texts = {"id": f"f{number}", "sentence": f"differs by {number}", "state": state}
            connection.execute(insert(finding).values(papers=papers, **texts, **row))
    _, rows, _ = cited.watch(cited.library)
    assert [(one["what"], one["cited_as"], one["detail"]) for one in rows] == [("question", "eprint", "differs by 0")]


def test_a_claim_that_was_not_reproduced_is_told_and_one_that_holds_is_not(cited: Cited) -> None:
    with cited.engine.begin() as connection:
        for name, label in (("BAD", "not_reproduced"), ("GOOD", "reproduced")):
            body = {"title": f"{name} title", "body": {}, "stored_at": BEFORE, "sha256": name}
            connection.execute(insert(claim).values(id=name, arxiv_id=cited.arxiv_ids["doi"], **body))
            connection.execute(insert(plan).values(sha256=name, claim_id=name, body={}, frozen_at=BEFORE))
            said = {"part": "whole", "label": label, "seeds": 5, "detail": {}, "verdict_version": "1", "at": LATER}
            connection.execute(insert(verdict).values(plan_sha256=name, **said))
    _, rows, _ = cited.watch(cited.library)
    assert [(one["what"], one["detail"]) for one in rows] == [("not reproduced", "BAD: BAD title")]


def test_since_tells_again_and_remembers_nothing(cited: Cited) -> None:
    cited.harvest_saw("eprint", "version", "1", "2", version=2)
    for _ in range(2):
        assert len(cited.watch(cited.library, "--since", "2026-11-23")[1]) == 1
    assert cited.watch(cited.library, "--since", "2026-11-25")[:2] == (0, [])
    assert len(cited.watch(cited.library)[1]) == 1
    assert len(cited.watch(cited.library, "--since", "2026-11-23")[1]) == 1


def test_each_library_is_told_by_itself(cited: Cited) -> None:
    cited.harvest_saw("eprint", "version", "1", "2", version=2)
    other = cited.folder / "other.bib"
    other.write_text(cited.library.read_text())
    assert cited.watch(cited.library)[0] == cited.watch(other)[0] == 1


def test_the_feed_gets_an_entry_whenever_something_is_told(cited: Cited) -> None:
    feed = cited.folder / "watch.xml"
    cited.harvest_saw("eprint", "version", "1", "2", version=2)
    cited.watch(cited.library, "--feed", feed)
    cited.watch(cited.library, "--feed", feed)
    found = feedparser.parse(feed.read_bytes(), sanitize_html=False)
    assert not found.bozo
    assert len(found.entries) == 1
    assert "1 things" not in found.entries[0].title
    content = found.entries[0].content[0].value
    assert f"https://arxiv.org/abs/{cited.arxiv_ids['eprint']}" in content
    assert "v2 follows v1" in content


def test_a_file_that_is_no_feed_is_never_written_over(cited: Cited) -> None:
    before = cited.library.read_text()
    code, _, err = cited.watch(cited.library, "--feed", cited.library)
    assert (code, err.count("\n")) == (2, 1)
    assert cited.library.read_text() == before


@pytest.mark.parametrize(
    "path",
    [
        lambda folder: folder / "absent.bib",
        lambda folder: folder / "files",
        lambda folder: folder / "a.db",
    ],
)
def test_what_holds_no_references_is_one_line_and_exit_2(cited: Cited, path: Callable[[Path], Path]) -> None:
    code, rows, err = cited.watch(path(cited.folder))
    assert (code, rows, err.count("\n")) == (2, [], 1), err


def test_a_day_that_is_none_and_a_broken_memory_are_one_line(cited: Cited) -> None:
    assert cited.watch(cited.library, "--since", "lately")[0] == 2
    (cited.folder / "watched.json").write_text("[]")
    code, _, err = cited.watch(cited.library)
    assert (code, err.count("\n")) == (2, 1)
    assert "watched.json" in err


BIBITEM = r"\bibitem{one} A. Lee. Pruning. arXiv:2003.03033, 2020."
BIBLATEX = (
    r"\refsection{0}\datalist{x}\entry{one}{article}{}\field{title}{Pruning}\verb{eprint}"
    "\n\\verb 2003.03033\n\\endverb\n\\endentry\\enddatalist\\endrefsection"
)
ENTRY = "@article{one, title={Pruning}, eprint={2003.03033}}\n@article{two, title={Uncited}, eprint={2003.03034}}"


@pytest.mark.parametrize(
    ("files", "keys"),
    [
        ({"refs.bbl": rf"\begin{{thebibliography}}{{9}}{BIBITEM}\end{{thebibliography}}"}, ["one"]),
        ({"refs.bbl": BIBLATEX}, ["one"]),
        ({"refs.bib": ENTRY}, ["one", "two"]),
        (
            {"main.tex": r"\documentclass{article}\begin{document}\cite{one}\bibliography{refs}\end{document}"}
            | {"refs.bib": ENTRY},
            ["one"],
        ),
        (
            {"main.tex": r"\documentclass{article}\begin{document}None yet.\end{document}", "refs.bib": ENTRY},
            ["one", "two"],
        ),
        (
            {
                "main.tex": r"\documentclass{article}\begin{document}\begin{thebibliography}{9}"
                rf"{BIBITEM}\end{{thebibliography}}\end{{document}}"
            },
            ["one"],
        ),
    ],
)
def test_references_are_read_from_libraries_and_drafts(tmp_path: Path, files: dict[str, str], keys: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for path in [
        tmp_path,
        *([tmp_path / name for name in files] if len(files) == 1 and "main.tex" not in files else []),
    ]:
        found = read_references(path)
        assert [entry.key for entry in found] == keys
        assert found[0].arxiv_id == "2003.03033"


def test_a_folder_without_references_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(NoReferencesError, match=r"\.bib or \.bbl"):
        read_references(tmp_path)
