"""An identifier is read from any common writing of it, and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.arxiv_id import ArxivId, InvalidArxivIdError, parse

months = st.integers(1, 12).map(lambda month: f"{month:02}")
new_four = st.builds("{:02}{}.{:04}".format, st.integers(8, 14), months, st.integers(1, 9999))
new_five = st.builds("{:02}{}.{:05}".format, st.integers(15, 89), months, st.integers(1, 99999))
archives = st.sampled_from(["hep-th", "cs", "math", "astro-ph", "cmp-lg", "q-bio"])
old = st.builds(
    "{}/{:02}{}{:03}".format, archives, st.integers(92, 106).map(lambda year: year % 100), months, st.integers(1, 999)
)
papers = st.one_of(new_four, new_five, old)
identifiers = st.builds(ArxivId, papers, st.none() | st.integers(1, 99))
writings = st.sampled_from(
    [
        "{}",
        " {} ",
        "arXiv:{}",
        "arxiv: {}",
        "ARXIV:{} [cs.LG]",
        "https://arxiv.org/abs/{}",
        "http://www.arxiv.org/pdf/{}.pdf",
        "arxiv.org/pdf/{}",
        "https://arxiv.org/abs/{}?context=cs#comments",
        "https://export.arxiv.org/src/{}",
        "https://arxiv.org/html/{}/",
        "https://ar5iv.labs.arxiv.org/html/{}",
        "https://ar5iv.org/abs/{}",
        "https://doi.org/10.48550/arXiv.{}",
        "10.48550/ARXIV.{}",
        "oai:arXiv.org:{}",
    ]
)


@given(identifiers, writings)
def test_every_common_writing_gives_the_same_identifier(identifier: ArxivId, writing: str) -> None:
    assert parse(writing.format(identifier)) == identifier


@given(identifiers)
def test_file_name_and_oai_identifier_lead_back(identifier: ArxivId) -> None:
    assert "/" not in identifier.file_name
    assert parse(identifier.file_name.replace("_", "/")) == identifier
    assert parse(identifier.oai) == ArxivId(identifier.paper)


@given(st.text(max_size=40))
def test_any_text_gives_a_canonical_identifier_or_the_error(text: str) -> None:
    try:
        identifier = parse(text)
    except InvalidArxivIdError:
        return
    assert parse(str(identifier)) == identifier


def test_an_old_identifier_loses_its_subject_class() -> None:
    assert parse("math.GT/0309136v2") == ArxivId("math/0309136", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "2003.0303",
        "0704.00460",
        "0703.0001",
        "2013.00001",
        "2000.00001",
        "2003.00000",
        "2003.03033v0",
        "hep-th/0704001",
        "hep-th/9106001",
        "nonsense/9901002",
        "hep-th/99010023",
        "https://example.org/abs/2003.03033",
        "2003.03033 and 2003.03034",
        "２００３.03033",
    ],
)
def test_what_arxiv_never_gave_out_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidArxivIdError, match="no arXiv identifier"):
        parse(text)
