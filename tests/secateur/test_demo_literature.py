"""The demo's invented literature: what is planted really stands in the folder, and nothing else looks like an error."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import re
import tarfile
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from secateur.demo.abstracts import MARK
from secateur.demo.arrivals import NoSuchSpanError, months_before
from secateur.demo.literature import FolderInUseError, write_literature
from secateur.demo.truth import Truth, TruthFileError

UNTIL = date(2026, 11, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("literature")
    write_literature(path, seed=1, until=UNTIL)
    return path


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return Truth.load(folder / "truth.json")


@pytest.fixture(scope="module")
def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    versions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        versions[row["paper_id"]].append(row)
    return versions


def sources(folder: Path, arxiv_id: str) -> dict[str, str]:
    """Files of an e-print by name."""
    single, archive = folder / "src" / f"{arxiv_id}.gz", folder / "src" / f"{arxiv_id}.tar.gz"
    if single.exists():
        return {"main.tex": gzip.decompress(single.read_bytes()).decode()}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.read_bytes()))) as unpacked:
        return {name: unpacked.extractfile(name).read().decode() for name in unpacked.getnames()}  # type: ignore[union-attr]  # all members are files


@pytest.fixture(scope="module")
def readable(folder: Path, truth: Truth) -> dict[str, str]:
    """All source of each readable paper in one text."""
    names = [paper.arxiv_id for paper in truth.papers if not paper.withdrawn and paper.unread is None]
    return {name: "\n".join(sources(folder, name).values()) for name in names}


def fingerprint(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def table_rows(source: str, label: str) -> list[str]:
    """Rows of the tabular in the float of a label, rules left out."""
    floats = re.findall(r"\\begin\{table\*?\}.*?\\end\{table\*?\}", source, re.S)
    (found,) = [each for each in floats if f"\\label{{{label}}}" in each]
    body = re.search(r"\\begin\{tabular\}\{[^\n]*\}\n(.*)\\end\{tabular\}", found, re.S)
    assert body is not None
    return [line for line in body.group(1).splitlines() if line.endswith("\\\\")]


def test_one_seed_gives_one_folder_to_the_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_literature(tmp_path / name, seed=5, papers=120, until=UNTIL)
    write_literature(tmp_path / "other", seed=6, papers=120, until=UNTIL)
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "two")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "other")


def test_writing_again_replaces_an_earlier_literature_and_nothing_else(tmp_path: Path) -> None:
    write_literature(tmp_path / "demo", seed=5, papers=60, until=UNTIL)
    write_literature(tmp_path / "fresh", seed=6, papers=60, until=UNTIL)
    write_literature(tmp_path / "demo", seed=6, papers=60, until=UNTIL)
    assert fingerprint(tmp_path / "demo") == fingerprint(tmp_path / "fresh")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderInUseError, match="name another folder"):
        write_literature(tmp_path / "mine", until=UNTIL)


def test_truth_survives_a_round_trip(truth: Truth, tmp_path: Path) -> None:
    truth.write(tmp_path / "truth.json")
    assert Truth.load(tmp_path / "truth.json") == truth
    (tmp_path / "old.json").write_text('{"format": 0}')
    with pytest.raises(TruthFileError, match=r"old\.json"):
        Truth.load(tmp_path / "old.json")


def test_identifiers_are_unique_fit_their_dates_and_are_no_real_papers(truth: Truth) -> None:
    names = [paper.arxiv_id for paper in truth.papers]
    assert len(names) == len(set(names)) == 360
    for paper in truth.papers:
        month, number = paper.arxiv_id.split(".")
        day = date.fromisoformat(paper.submitted)
        assert month == f"{day:%y%m}"
        assert len(number) == (5 if day.year >= 2015 else 4)
        assert number[0] == "9"  # arXiv has stayed far below 90,000 papers a month


def test_the_span_ends_with_the_last_complete_month() -> None:
    months = months_before(date(2026, 11, 22), 12)
    assert (months[0], months[-1], len(months)) == (date(2014, 11, 1), date(2026, 10, 1), 144)
    assert months_before(date(2026, 1, 1), 1)[-1] == date(2025, 12, 1)
    with pytest.raises(NoSuchSpanError, match="2007-04"):
        months_before(date(2010, 1, 1), 12)


def test_metadata_rows_have_the_columns_of_arxivs_own_table(
    rows: dict[str, list[dict[str, Any]]], shared: Path
) -> None:
    real = shared / "data" / "arxiv" / "db" / "arxiv_metadata_rows_from_oaipmh_testdb.jsonl"
    with real.open(encoding="utf-8") as lines:
        columns = list(json.loads(next(lines)))
    assert all(list(row) == columns for versions in rows.values() for row in versions)


def test_versions_are_numbered_dated_and_one_is_current(rows: dict[str, list[dict[str, Any]]], truth: Truth) -> None:
    assert set(rows) == {paper.arxiv_id for paper in truth.papers}
    for paper in truth.papers:
        versions = rows[paper.arxiv_id]
        created = [datetime.fromisoformat(row["created"]) for row in versions]
        assert [row["version"] for row in versions] == list(range(1, paper.versions + 1))
        assert created == sorted(created)
        assert created[0].date().isoformat() == paper.submitted
        assert created[-1].date() < UNTIL
        assert [row["is_current"] for row in versions] == [0] * (len(versions) - 1) + [1]
    assert any(len(versions) > 1 for versions in rows.values())


def test_every_record_says_that_it_is_synthetic(
    rows: dict[str, list[dict[str, Any]]], readable: dict[str, str]
) -> None:
    for versions in rows.values():
        for row in versions:
            assert row["report_num"] == "SYNTHETIC"
            assert "Synthetic paper" in row["comments"]
            assert row["title"].endswith(MARK)
    assert all("synthetic" in source and MARK in source for source in readable.values())


def test_titles_are_unique(truth: Truth) -> None:
    assert max(Counter(paper.title for paper in truth.papers).values()) == 1


def test_the_planted_counts_are_those_of_the_core_papers_and_grow_at_the_planted_rate(truth: Truth) -> None:
    core = Counter(paper.submitted[:7] for paper in truth.papers if paper.relevance == "core")
    assert tuple(core[month] for month in truth.growth.months) == truth.growth.counts
    assert truth.growth.rate == pytest.approx(math.log(2) / truth.growth.doubling_years)
    import statsmodels.api as sm

    years = np.arange(len(truth.growth.counts)) / 12
    fit = sm.GLM(np.array(truth.growth.counts), sm.add_constant(years), family=sm.families.Poisson()).fit()
    assert 0.7 < fit.params[1] / truth.growth.rate < 1.3


def test_shares_of_relevance_are_about_as_asked(truth: Truth) -> None:
    shares = Counter(paper.relevance for paper in truth.papers)
    assert 0.5 < shares["core"] / len(truth.papers) < 0.72
    assert 0.2 < shares["related"] / (shares["related"] + shares["no"]) < 0.55


def test_nothing_is_compared_with_a_later_paper(truth: Truth) -> None:
    submitted = {paper.arxiv_id: paper.submitted for paper in truth.papers}
    assert truth.comparisons
    assert all(submitted[pair.cited] <= submitted[pair.citing] for pair in truth.comparisons)


def test_compared_papers_stand_in_the_bibliography_with_their_identifier(
    truth: Truth, readable: dict[str, str]
) -> None:
    for pair in truth.comparisons:
        assert pair.cited in readable[pair.citing]


def test_sources_are_balanced(readable: dict[str, str]) -> None:
    for name, source in readable.items():
        assert Counter(re.findall(r"\\begin\{(\w+\*?)\}", source)) == Counter(
            re.findall(r"\\end\{(\w+\*?)\}", source)
        ), name
        plain = re.sub(r"\\[{}]", "", source)
        assert plain.count("{") == plain.count("}"), name
        assert "{name}" not in source


def test_citations_and_labels_resolve(readable: dict[str, str]) -> None:
    for name, source in readable.items():
        keys = {key for group in re.findall(r"\\citep?\{([^}]*)\}", source) for key in group.split(",")}
        assert keys <= set(re.findall(r"\\bibitem(?:\[[^\]]*\])?\{([^}]*)\}", source)), name
        assert set(re.findall(r"\\ref\{([^}]*)\}", source)) <= set(re.findall(r"\\label\{([^}]*)\}", source)), name


def test_rows_have_as_many_cells_as_the_table_has_columns(truth: Truth, readable: dict[str, str]) -> None:
    for name, label in {(result.arxiv_id, result.table) for result in truth.results}:
        widths = set()
        for row in table_rows(readable[name], label):
            spans = [int(span) for span in re.findall(r"\\multicolumn\{(\d+)\}", row)]
            widths.add(row.count("&") + 1 + sum(spans) - len(spans))
        assert len(widths) == 1, (name, label)


def test_every_planted_number_stands_in_its_row(truth: Truth, readable: dict[str, str]) -> None:
    cache: dict[tuple[str, str], list[str]] = {}
    for result in truth.results:
        place = (result.arxiv_id, result.table)
        if place not in cache:
            cache[place] = table_rows(readable[result.arxiv_id], result.table)
        shown = {f"{sign * result.value:.{digits}f}" for digits in (1, 2) for sign in (1, -1)}
        assert any(number in cache[place][result.row] for number in shown), result


def test_contradictions_stand_far_from_what_several_papers_agree_on(truth: Truth) -> None:
    assert len(truth.contradictions) >= 4
    values = defaultdict(set)
    for result in truth.results:
        values[result.arxiv_id, result.method_canonical, result.dataset, result.model].add(result.value)
    for item in truth.contradictions:
        least = 0.2 * item.agreed if item.metric == "perplexity" else 2.0
        assert abs(item.value - item.agreed) > least
        assert len(item.others) >= 2
        assert item.arxiv_id not in item.others
        for other in item.others:
            assert item.agreed in values[other, item.method, item.dataset, item.model]


def test_nothing_unplanted_contradicts(truth: Truth) -> None:
    """Numbers for one thing agree within half a point, or two per cent of a perplexity, unless they were moved."""
    moved = {(item.arxiv_id, item.table, item.row, item.col) for item in truth.contradictions}
    printed = defaultdict(list)
    for result in truth.results:
        stated = result.sparsity if result.pattern is None else result.pattern
        if (result.arxiv_id, result.table, result.row, result.col) not in moved and stated is not None:
            key = (result.method_canonical, result.dataset, result.model, result.metric, stated, result.protocol)
            printed[key].append(result.value)
    for key, values in printed.items():
        least = 0.02 * min(values) if key[3] == "perplexity" else 0.5
        assert max(values) - min(values) <= least + 0.05, key


def test_slips_are_beyond_rounding_and_stand_in_their_rows(truth: Truth, readable: dict[str, str]) -> None:
    assert {slip.kind for slip in truth.slips} == {"difference", "ratio"}
    for slip in truth.slips:
        row = table_rows(readable[slip.arxiv_id], slip.table)[slip.row]
        if slip.kind == "difference":
            assert abs(abs(slip.printed) - abs(slip.expected)) > 0.8
            assert f"{abs(slip.printed):.2f}" in row
        else:
            assert not 0.7 < slip.printed / slip.expected < 1.4
            assert f"{slip.printed:g}$\\times$" in row


def test_look_alikes_of_each_kind_are_planted_apart_from_errors(truth: Truth) -> None:
    assert {"rounding", "error-rate", "kept-share", "sequence-length"} == {item.kind for item in truth.look_alikes}
    errors = {item.arxiv_id for item in (*truth.contradictions, *truth.slips)}
    assert all(item.arxiv_id not in errors for item in truth.look_alikes if item.kind == "rounding")


def test_withdrawn_papers_end_with_a_withdrawn_version_without_source(
    folder: Path, rows: dict[str, list[dict[str, Any]]], truth: Truth
) -> None:
    withdrawn = [paper.arxiv_id for paper in truth.papers if paper.withdrawn]
    assert withdrawn
    for name in withdrawn:
        assert [row["is_withdrawn"] for row in rows[name]] == [0] * (len(rows[name]) - 1) + [1]
        assert rows[name][-1]["source_format"] == "withdrawn"
        assert not list((folder / "src").glob(f"{name}.*"))


def test_unreadable_sources_are_unreadable_as_planted(
    folder: Path, rows: dict[str, list[dict[str, Any]]], truth: Truth
) -> None:
    reasons = defaultdict(list)
    for paper in truth.papers:
        reasons[paper.unread].append(paper.arxiv_id)
    for name in reasons["encrypted"]:
        assert rows[name][-1]["source_flags"] == "S"
        assert not list((folder / "src").glob(f"{name}.*"))
    for name in reasons["pdf-only"]:
        assert rows[name][-1]["source_format"] == "pdf"
        assert (folder / "src" / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
    for name in reasons["broken-archive"]:
        (path,) = (folder / "src").glob(f"{name}.*gz")
        with pytest.raises(EOFError):
            gzip.decompress(path.read_bytes())
    for name in reasons["no-root-file"]:
        assert not any(file.endswith(".tex") for file in sources(folder, name))
    for name in reasons["broken-table"]:
        source = sources(folder, name)["main.tex"]
        assert source.count("\\begin{tabular}") == source.count("\\end{tabular}") + 1
    assert all(reasons[kind] for kind in ("encrypted", "pdf-only", "broken-archive", "no-root-file", "broken-table"))
    assert not {result.arxiv_id for result in truth.results} - set(reasons[None])


def test_a_year_before_language_models_has_none_of_them(tmp_path: Path) -> None:
    truth = write_literature(tmp_path, seed=2, papers=80, years=6, until=date(2020, 1, 1))
    assert truth.papers[-1].submitted < "2020-01-01"
    assert not {"llm", "kv-cache", "interpretability"} & {paper.track for paper in truth.papers}
    assert not any("LLaMA" in result.model for result in truth.results)
