"""The query language of arXiv's API: reading a ``search_query`` and scoring a paper by it.

After the API manual (info.arxiv.org/help/api/user-manual.html) and github.com/arXiv/arxiv-search: fields ti, au, abs,
co, jr, cat, rn, id, all; AND, OR, ANDNOT, parentheses, phrases; ranges of submittedDate.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from ingest.authors import split_authors
from ingest.replica.records import Paper
from ingest.tex import to_unicode

FIELDS = {
    "ti": "ti",
    "title": "ti",
    "au": "au",
    "abs": "abs",
    "co": "co",
    "jr": "jr",
    "cat": "cat",
    "rn": "rn",
    "id": "id",
    "doi": "doi",
    "all": "all",
}
DATE_FIELDS = ("submittedDate", "lastUpdatedDate")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<paren>[()])
      | (?P<operator>ANDNOT|AND|OR)(?=[\s()]|$)
      | (?:(?P<field>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)"|\[(?P<range>[^\]]*)\]|(?P<word>[^\s()"\[\]]+))
    )""",
    re.VERBOSE,
)
_RANGE = re.compile(r"\s*(\d{4,})\s+TO\s+(\d{4,})\s*")
_WORD = re.compile(r"\w+")
_TITLE_WEIGHT = 3.0


class QueryError(ValueError):
    """A search_query cannot be read."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand in a field one after the other."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """A range of first submission, both ends included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """Two queries and the operator between them."""

    operator: str
    """AND, OR, ANDNOT."""
    left: Query
    right: Query


Query = Term | Dates | Joined


def parse_query(text: str) -> Query:
    """Read a search_query.

    Raises:
        QueryError: a field is unknown, a parenthesis or a date is wrong, or an operand is missing.
    """
    tokens = _tokens(text)
    query, rest = _parse_or(tokens, 0)
    if rest != len(tokens):
        raise QueryError(f"unexpected {tokens[rest]} in {text!r}")
    return query


def query_score(query: Query, paper: Paper) -> float:
    """How well a paper fits a query; 0 when it does not."""
    if isinstance(query, Dates):
        return 1.0 if query.start <= paper.versions[0].created <= query.end else 0.0
    if isinstance(query, Term):
        return _term_score(query, paper)
    left, right = query_score(query.left, paper), query_score(query.right, paper)
    if query.operator == "OR":
        return left + right
    if query.operator == "AND":
        return left + right if left and right else 0.0
    return 0.0 if right else left


def _tokens(text: str) -> list[str | Term | Dates]:
    tokens: list[str | Term | Dates] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"cannot read {text[position:]!r}")
        position = match.end()
        tokens.append(match["paren"] or match["operator"] or _operand(match))
    return tokens


def _operand(match: re.Match[str]) -> Term | Dates:
    field = match["field"] or "all"
    if field in DATE_FIELDS:
        return _dates(match["range"] or match["word"] or "")
    if field not in FIELDS:
        raise QueryError(f"unknown field {field}")
    if match["range"] is not None:
        raise QueryError(f"the field {field} takes no range")
    value = match["phrase"] if match["phrase"] is not None else match["word"]
    if FIELDS[field] in ("cat", "id", "doi"):
        return Term(FIELDS[field], (value.strip().lower(),))
    return Term(FIELDS[field], _words(value.replace("_", " ")))


def _dates(text: str) -> Dates:
    match = _RANGE.fullmatch(text)
    if not match:
        raise QueryError(f"a range of dates is written [YYYYMMDDHHMM TO YYYYMMDDHHMM], not {text!r}")
    return Dates(_moment(match[1], "000101010000"), _moment(match[2], "000112312359"))


def _moment(digits: str, filling: str) -> datetime:
    digits = digits[:12]
    if len(digits) % 2:
        raise QueryError(f"{digits} is no date")
    full = digits + filling[len(digits) :]
    for day in (full[6:8], "30", "29", "28"):
        try:
            return datetime.strptime(full[:6] + day + full[8:], "%Y%m%d%H%M")
        except ValueError:
            if len(digits) > 6:
                break
    raise QueryError(f"{digits} is no date")


def _parse_or(tokens: list[str | Term | Dates], at: int) -> tuple[Query, int]:
    left, at = _parse_and(tokens, at)
    while at < len(tokens) and tokens[at] != ")":
        if tokens[at] == "OR":
            at += 1
        right, at = _parse_and(tokens, at)
        left = Joined("OR", left, right)
    return left, at


def _parse_and(tokens: list[str | Term | Dates], at: int) -> tuple[Query, int]:
    left, at = _parse_operand(tokens, at)
    while at < len(tokens) and tokens[at] in ("AND", "ANDNOT"):
        operator = str(tokens[at])
        right, at = _parse_operand(tokens, at + 1)
        left = Joined(operator, left, right)
    return left, at


def _parse_operand(tokens: list[str | Term | Dates], at: int) -> tuple[Query, int]:
    if at >= len(tokens):
        raise QueryError("a search term is missing at the end")
    operand = tokens[at]
    if operand == "(":
        query, at = _parse_or(tokens, at + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise QueryError("a parenthesis is not closed")
        return query, at + 1
    if isinstance(operand, str):
        raise QueryError(f"a search term is missing before {operand}")
    return operand, at + 1


def _words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", to_unicode(text))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return tuple(_WORD.findall(plain.casefold()))


def _term_score(term: Term, paper: Paper) -> float:
    current = paper.current
    if term.field == "cat":
        return float(term.words[0] in [category.lower() for category in current.categories])
    if term.field in ("id", "doi"):
        return float(term.words[0] == (current.paper_id if term.field == "id" else current.doi).lower())
    texts = {
        "ti": [current.title],
        "au": list(split_authors(current.authors)),
        "abs": [current.abstract],
        "co": [current.comments],
        "jr": [current.journal_ref],
        "rn": [current.report_num],
    }
    fields = texts if term.field == "all" else {term.field: texts[term.field]}
    return sum(
        (_TITLE_WEIGHT if name == "ti" else 1.0) * _occurrences(term.words, _words(text))
        for name, values in fields.items()
        for text in values
    )


def _occurrences(words: tuple[str, ...], text: tuple[str, ...]) -> int:
    if not words:
        return 0
    return sum(text[start : start + len(words)] == words for start in range(len(text) - len(words) + 1))
