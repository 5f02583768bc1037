"""Extraction from files of every form, within bounds of time and memory, and from pruning papers alone."""

import gzip
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.bounded import BoundedReader, NotReadError
from corpus.extraction import extract, extract_path
from corpus.knowledge import load_knowledge
from corpus.reading import read_html
from corpus.reading.forms import UnreadablePathError, read_paper
from corpus.reading.pdf import MAX_PAGES, read_pdf

PAPER = (
    "\\documentclass{article}\\title{Sparse}\\begin{document}%s\\begin{table}\\caption{Top-1 accuracy of ResNet-50 on "
    "ImageNet at 90\\%% sparsity}\\begin{tabular}{lc}\\hline Method & Top-1 \\\\ \\hline RigL & 73.0 \\\\ \\hline"
    "\\end{tabular}\\end{table}\\end{document}"
)
ENDLESS = {
    "a macro that doubles itself": "\\def\\a{\\a\\a}\\a",
    "two macros that call each other": "\\def\\x{\\y}\\def\\y{\\x}\\x",
    "braces that never close": "{" * 100_000,
    "braces that were never opened": "}" * 100_000,
    "arguments in arguments": "\\textbf{" * 50_000,
    "fractions in fractions": "$" + "\\frac{" * 30_000,
    "tables in tables": "\\begin{table}\\begin{tabular}{c}a" * 1_000,
    "a specification of a billion columns": "\\begin{tabular}{*{999}{*{999}{*{999}{c}}}}a\\\\\\end{tabular}",
}


def pdf_of(pages: int, lines: list[tuple[int, str]]) -> bytes:
    """A PDF whose pages all print these lines, each in its size of type."""
    shown = "".join(f"BT /F1 {size} Tf 72 {760 - 30 * n} Td ({line}) Tj ET\n" for n, (size, line) in enumerate(lines))
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    kids = " ".join(f"{5 + n} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        *[page] * pages,
    ]
    text, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return (f"{text}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}").encode("latin-1")


@pytest.fixture(scope="module")
def reader() -> Iterator[BoundedReader]:
    with BoundedReader() as reader:
        yield reader


def test_every_form_of_a_paper_is_read_from_its_path(tmp_path: Path, reader: BoundedReader) -> None:
    source = (PAPER % "We prune.").encode()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "main.tex").write_bytes(source)
    (tmp_path / "paper.tex").write_bytes(source)
    (tmp_path / "paper.gz").write_bytes(gzip.compress(source))
    (tmp_path / "page.html").write_text(
        "<h1>Sparse</h1><table><tr><th>Method</th><th>Top-1</th></tr><tr><td>RigL</td><td>73.0</td></tr></table>"
        "<p>Table 1: ResNet-50 on ImageNet at 90% sparsity</p>"
    )
    for name in ("folder", "paper.tex", "paper.gz", "page.html"):
        readings = reader.extract(tmp_path / name).readings
        assert [(r.method_canonical, r.value, r.dataset) for r in readings] == [("RigL", 73.0, "ImageNet")], name


def test_a_pdf_has_title_abstract_and_text_and_says_that_its_tables_were_not_read() -> None:
    text = "We prune filters of networks by their norms and keep the accuracy of the dense networks for free"
    lines = [
        (20, "Pruning for Free"),
        (10, "A. Author"),
        (12, "Abstract"),
        (10, text),
        (10, text),
        (12, "1 Introduction"),
    ]
    document = read_pdf(pdf_of(1, lines))
    assert document.title == "Pruning for Free"
    assert document.abstract == f"{text} {text}"
    assert "A. Author" in document.text
    assert [(item.kind, "not read" in item.reason) for item in document.unread] == [("table", True)]


def test_of_a_pdf_of_two_thousand_pages_the_first_are_read_and_the_rest_is_said() -> None:
    began = time.monotonic()
    document = read_pdf(pdf_of(2000, [(12, "Some text")] * 20))
    assert time.monotonic() - began < 5
    assert f"pages {MAX_PAGES + 1} to 2000" in [item.locator for item in document.unread]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"%PDF-1.7\n" + b"\x00\xff" * 999, pdf_of(3, [(9, "x")])[:-300]])
def test_what_is_no_pdf_is_not_read_with_the_reason_or_read_as_far_as_it_goes(data: bytes) -> None:
    assert read_pdf(data).unread


@pytest.mark.parametrize("name", ENDLESS)
def test_source_without_end_stops_nothing(name: str, tmp_path: Path, reader: BoundedReader) -> None:
    path = tmp_path / "main.tex"
    path.write_text(PAPER % ENDLESS[name])
    began = time.monotonic()
    try:
        reader.extract(path)
    except NotReadError as error:
        assert str(error).startswith("it ")  # noqa: PT017 - not every machine gets there within the bounds
    assert time.monotonic() - began < 8


def test_binary_junk_is_not_read_with_the_reason(tmp_path: Path, reader: BoundedReader) -> None:
    path = tmp_path / "paper.tar.gz"
    path.write_bytes(b"\x1f\x8b\x08" + random.Random(3).randbytes(100_000))
    with pytest.raises(NotReadError, match="damaged"):
        reader.extract(path)
    path.write_bytes(random.Random(4).randbytes(100_000))
    with pytest.raises(NotReadError, match="only TeX, tar, HTML"):
        reader.extract(path)


def test_a_paper_that_takes_too_long_or_too_much_is_given_up_and_the_next_one_is_read(tmp_path: Path) -> None:
    slow, large, good = (tmp_path / name for name in ("slow.tex", "large.tex", "good.tex"))
    slow.write_text(PAPER % ("\\section{a}" * 700_000))
    large.write_text(PAPER % ("ab " * 1_500_000))
    good.write_text(PAPER % "We prune.")
    with BoundedReader(seconds=0.4) as reader, pytest.raises(NotReadError, match=r"longer than 0\.4 s"):
        reader.extract(slow)
    with BoundedReader(seconds=30.0, max_bytes=30 * 2**20) as reader:
        with pytest.raises(NotReadError, match="more than 30 MB"):
            reader.extract(large)
        assert len(reader.extract(good).readings) == 1


def test_a_crash_of_the_reading_process_loses_that_paper_alone(tmp_path: Path) -> None:
    good = tmp_path / "good.tex"
    good.write_text(PAPER % "We prune.")
    with BoundedReader() as reader:
        assert len(reader.extract(good).readings) == 1
        assert reader._process is not None
        os.kill(reader._process.pid or 0, signal.SIGSEGV)
        with pytest.raises(NotReadError, match="crashed"):
            reader.extract(good)
        assert len(reader.extract(good).readings) == 1


def test_paths_without_a_paper_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePathError, match="no such file"):
        read_paper(tmp_path / "nothing")
    with pytest.raises(UnreadablePathError, match=r"no \.tex file"):
        read_paper(tmp_path)


def test_tables_of_papers_on_other_subjects_are_no_pruning_results() -> None:
    body = "<p>%s</p>" % ("We detect lanes in pictures with a new head. " * 60)
    table = "<table><tr><th>Method</th><th>Top-1</th></tr><tr><td>LaneNet</td><td>73.0</td></tr></table>"
    page = read_html(
        f"<h1>Detecting lanes</h1><h2>Abstract</h2>{body}<h2>Results</h2>{table}<p>Table 1: On ImageNet</p>"
    )
    found = extract(page, load_knowledge())
    assert (len(found.tables), found.readings) == (1, ())
    assert "no number was taken" in found.unread[-1].reason


def test_of_real_papers_only_those_on_pruning_have_results(shared: Path) -> None:
    knowledge = load_knowledge()
    paths = sorted((shared / "data" / "html_papers").glob("*.html"))
    found = {path.name.partition("-")[0] for path in paths if extract_path(path, knowledge).readings}
    assert len(paths) > 10
    assert found == {"TrimLLM", "QUIK"}
