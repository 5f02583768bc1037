r"""The bibliography of a paper as ``Citation`` records.

Read from ``\bibitem`` entries (plain, natbib), from biblatex's ``.bbl``, or from the cited entries of a ``.bib`` file.
Forms of arXiv identifiers: https://info.arxiv.org/help/arxiv_identifier.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from itertools import pairwise

from corpus.reading.scanner import tokenize
from corpus.reading.text import to_text
from corpus.reading.tokens import Tokens, flatten
from db.records import Citation

_NEW_ID = r"\d{4}\.\d{4,5}"
_OLD_ID = r"[a-z-]{2,12}(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(
    rf"(?:arxiv(?:\.org/(?:abs|pdf)/|\s*+(?:preprint\s*+)?(?:arxiv\s*+)?(?:[:/.]\s*+)?)|abs/|CoRR,?\s*(?:abs/)?)({_NEW_ID}|{_OLD_ID})",
    re.I,
)
_URL = re.compile(rf"arxiv\.org/(?:abs|pdf)/({_NEW_ID}|{_OLD_ID})", re.I)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>{}]+)")
_ARXIV_DOI = re.compile(rf"10\.48550/arxiv\.({_NEW_ID}|{_OLD_ID})", re.I)
_YEAR = re.compile(r"(?<![\d.:/-])((?:19|20)\d{2})[a-z]?(?![\d-])(?!\.\d)")
_ENTRY = re.compile(r"@(\w+)\s*[{(]\s*([^,\s]{1,300})\s*,")
_FIELD = re.compile(r"(?<![\w-])(\w[\w-]*+)\s*+=\s*+")
_SHOWN = ("author", "title", "journal", "booktitle", "note", "howpublished", "url", "year")
_READ = frozenset([*_SHOWN, "date", "doi", "eprint"])
_PLAIN_VALUE = re.compile(r"[\w./:-]*")
_BRACE = re.compile(r"(?<!\\)[{}]")
_BIBLATEX = re.compile(
    r"\\entry\{([^}]{1,300})\}\{[^}]{0,300}\}.*?(?=\\entry\{|\\enddatalist|\\endrefsection|\Z)", re.S
)
_BIBLATEX_FIELD = re.compile(r"\\field\{(\w+)\}\{")
_BIBLATEX_VERB = re.compile(r"\\verb\{(\w+)\}\s*+\\verb ([^\n]{0,2000})\n\s*+\\endverb")
_ENTRY_LENGTH = 2000
"""Characters of an entry in which a quoted title is looked for."""
_QUOTED = re.compile(r"[“\"](.{1,500}?)[,.]?[”\"]")
_CITING = ("\\cite", "\\Cite", "\\parencite", "\\textcite", "\\autocite", "\\nocite", "\\footcite")
_BIBLATEX_FAMILY = re.compile(r"family=\{++([^}]{1,300})\}")


def read_bibliography(
    tokens: Tokens, files: Mapping[str, str], expand: Callable[[str], Tokens]
) -> tuple[Citation, ...]:
    """The entries of a paper: those printed in its source, else in its ``.bbl``, else the cited ones of its ``.bib``.

    ``files`` maps names of bibliography files to their texts; ``expand`` applies the paper's macros to source.
    """
    printed = _printed_entries(tokens)
    if printed:
        return printed
    for name, text in files.items():
        if name.endswith(".bbl"):
            found = _biblatex_entries(text) if "\\entry{" in text else _printed_entries(expand(text))
            if found:
                return found
    cited = cited_keys(tokens)
    entries: dict[str, Citation] = {}
    for name, text in files.items():
        if name.endswith(".bib"):
            for citation in bib_entries(text, None if "*" in cited else cited):
                entries.setdefault(citation.key, citation)
    return tuple(entries.values())


def cited_keys(tokens: Tokens) -> set[str]:
    """Keys that the source cites; ``*`` when it cites everything."""
    keys: set[str] = set()
    cursor = tokens.cursor()
    while (item := cursor.next_control()) is not None:
        if item.startswith(_CITING):
            _, named = cursor.arguments("soom")[0]
            keys.update(key.strip() for key in flatten(named).split(","))
    return keys


def make_citation(
    key: str, text: str, *, title: str = "", authors: str = "", year: int | None = None, doi: str = "", eprint: str = ""
) -> Citation:
    """A citation with the identifiers that its fields or its text state."""
    arxiv_id, matched_by = None, ""
    if re.fullmatch(rf"(?:arxiv:)?({_NEW_ID}|{_OLD_ID})(v\d+)?", eprint.strip(), re.I):
        arxiv_id = re.sub(r"(?i)^arxiv:|v\d+$", "", eprint.strip())
        matched_by = "eprint"
    elif match := _ARXIV_DOI.search(doi or text):
        arxiv_id, matched_by = match.group(1), "doi"
    elif match := _URL.search(text):
        arxiv_id, matched_by = match.group(1), "url"
    elif match := _ARXIV.search(text):
        arxiv_id, matched_by = match.group(1), "eprint"
    found_doi = doi or (match.group(1).rstrip(".,;)") if (match := _DOI.search(text)) else "")
    return Citation(key, text, title, authors, year or _year(text), arxiv_id, found_doi or None, matched_by)


def _year(text: str) -> int | None:
    years = [int(year) for year in _YEAR.findall(text)]
    return years[-1] if years else None


def _printed_entries(tokens: Tokens) -> tuple[Citation, ...]:
    entries: list[Citation] = []
    cursor = tokens.cursor()
    while cursor.go_to("\\begin{thebibliography}"):
        body = cursor.environment() or cursor.rest()
        cursor.leave(body)
        marks = [index for index, item in enumerate(body) if item in ("\\bibitem", "\\bibitemdeclare")]
        entries += [_printed_entry(body.part(start + 1, end)) for start, end in pairwise([*marks, len(body)])]
    return tuple(entry for entry in entries if entry.key)


def _printed_entry(tokens: Tokens) -> Citation:
    cursor = tokens.cursor()
    _, key = cursor.arguments("om")[0]
    blocks: list[list[str]] = [[]]
    for item in cursor.rest():
        if item in ("\\newblock", "\\bibinfo"):
            if item == "\\newblock":
                blocks.append([])
        else:
            blocks[-1].append(item)
    texts = [text for text in (to_text(Tokens(block)).strip(" ,") for block in blocks) if text]
    whole = " ".join(texts)
    authors, title = (texts[0], texts[1]) if len(texts) > 1 else split_entry(whole)
    return make_citation(flatten(key), whole, title=title.strip(" ."), authors=authors.strip(" ."))


def split_entry(text: str) -> tuple[str, str]:
    """Authors and title of an entry without blocks: a quoted title, else the sentence after the authors."""
    if match := _QUOTED.search(text, 0, _ENTRY_LENGTH):
        return text[: match.start()].strip(" ,."), match.group(1)
    parts = re.split(r"(?<=[a-z)\d])\.\s+", text, maxsplit=2)
    return (parts[0], parts[1]) if len(parts) > 2 else ("", text if len(parts) == 1 else parts[0])


def _biblatex_entries(text: str) -> tuple[Citation, ...]:
    entries = []
    for match in _BIBLATEX.finditer(text):
        body = match.group()
        fields = {}
        position = 0
        while (found := _BIBLATEX_FIELD.search(body, position)) is not None:
            value = _braced(body, found.end() - 1)
            fields[found.group(1)] = to_text(tokenize(value))
            position = found.end() + len(value)
        fields.update({found.group(1): " ".join(found.group(2).split()) for found in _BIBLATEX_VERB.finditer(body)})
        authors = ", ".join(_BIBLATEX_FAMILY.findall(body))
        year = fields.get("year", "")
        title = fields.get("title", "")
        shown = " ".join(
            part for part in (authors, title, fields.get("journaltitle", ""), year, fields.get("url", "")) if part
        )
        entries.append(
            make_citation(
                match.group(1),
                shown,
                title=title,
                authors=authors,
                year=_year(year),
                doi=fields.get("doi", ""),
                eprint=fields.get("eprint", ""),
            )
        )
    return tuple({entry.key: entry for entry in entries}.values())


def _braced(text: str, start: int) -> str:
    """What is in the braces that open at ``start``; all that follows when they are never closed."""
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return text[start + 1 : brace.start()]
    return text[start + 1 :]


def bib_entries(text: str, keys: Container[str] | None = None) -> list[Citation]:
    """The entries of a ``.bib`` file, those with certain keys alone if so wanted: some papers bring a whole library."""
    entries = []
    marks = list(_ENTRY.finditer(text))
    for match, end in zip(marks, [*(match.start() for match in marks[1:]), len(text)], strict=False):
        unwanted = keys is not None and match.group(2) not in keys
        if unwanted or match.group(1).lower() in ("string", "comment", "preamble"):
            continue
        fields = _bib_fields(text[match.end() : end])
        title, authors = fields.get("title", ""), fields.get("author", "")
        year = _year(fields.get("year", "") or fields.get("date", ""))
        shown = ". ".join(fields[name] for name in _SHOWN if fields.get(name))
        entries.append(
            make_citation(
                match.group(2),
                shown,
                title=title,
                authors=authors,
                year=year,
                doi=fields.get("doi", ""),
                eprint=fields.get("eprint", ""),
            )
        )
    return entries


def _bib_fields(body: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    position = 0
    while match := _FIELD.search(body, position):
        start = match.end()
        if start < len(body) and body[start] == "{":
            value = _braced(body, start)
            position = start + len(value) + 2
        elif start < len(body) and body[start] == '"':
            end = body.find('"', start + 1)
            value = body[start + 1 : end if end > 0 else len(body)]
            position = start + len(value) + 2
        else:
            plain = _PLAIN_VALUE.match(body, start)
            value = plain.group() if plain else ""
            position = start + max(1, len(value))
        name = match.group(1).lower()
        if name in _READ and name not in fields:
            fields[name] = to_text(tokenize(value))
    return fields
