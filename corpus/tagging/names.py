"""Named things in title and abstract: what the paper proposes, what it compares with, its data sets and networks.

Known names come from the knowledge base; unknown ones are recognised by where they stand ("we propose X", "X: a title",
"outperforms X and Y", "on the X dataset") and by their shape (capitals and digits inside). Names are kept as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpus.knowledge import Knowledge
from corpus.tagging.acronyms import Definition, definitions
from corpus.tagging.name_words import NameWords, load_name_words
from corpus.tagging.plain import sentences
from db.records import Tag

_TOKEN = re.compile(r"(?<![\w-])(?:[A-Z]|[a-z]{1,2}[A-Z]|\d[A-Z])[\w]*(?:[-+./@]\w+)*[+#]*(?![\w-])")
_TITLE_PREFIX = re.compile(r"^\W*([^:]{2,60}?)\s*(?::| - |: )\s*\S")
_COMPARISON = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beat(?:s|ing)?|superior to|superiority (?:over|to)|better than|compar\w+ (?:to|with|against)"
    r"|comparison (?:to|with)|over|than|against|versus|vs\.?|baselines?|improv\w+ (?:over|upon)|alternatives?|competitors?)\b"
)
_END_OF_LIST = re.compile(
    r"\b(?:on|in|across|while|when|by|at|under|for|where|using|without|achiev\w+|with(?! ))\b|[;.](?:\s|$)"
)
_DATASET_WORD = re.compile(r"\s+(?:\w+\s+)?(?:data ?sets?|benchmarks?|corpus|corpora|dataset)\b")
_SIZED_MODEL = re.compile(
    r"(?<![\w-])[A-Z][A-Za-z]*(?: ?[A-Z]?[A-Za-z]*)?[-\d.]*[- ]\d+(?:\.\d+)?[BM](?:-(?:Instruct|Chat|IT|it))?(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a field, with its place."""

    start: int
    end: int
    text: str
    confidence: float
    canonical: str | None = None


def find_names(title: str, abstract: str, knowledge: Knowledge) -> list[Tag]:
    """Tags of the four kinds of names, from the plain title and abstract; offsets are into them."""
    datasets = {"title": _datasets(title, knowledge), "abstract": _datasets(abstract, knowledge)}
    models = {"title": _models(title, knowledge), "abstract": _models(abstract, knowledge)}
    other = {_norm(found.text) for group in (datasets, models) for names in group.values() for found in names}
    proposed = _proposed(title, abstract, other)
    own = {_norm(found.text) for names in proposed.values() for found in names}
    baselines = _baselines(abstract, knowledge, own, {_norm(f.text) for names in datasets.values() for f in names})
    tags: list[Tag] = []
    for facet, by_field in (
        ("proposed", proposed),
        ("baselines", {"abstract": baselines}),
        ("datasets", datasets),
        ("models", models),
    ):
        barred = own if facet in {"datasets", "models"} else frozenset[str]()
        tags.extend(_tags(facet, by_field, barred))
    return tags


def _norm(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _tags(facet: str, by_field: dict[str, list[Found]], barred: Iterable[str]) -> Iterator[Tag]:
    """One tag for each name; the abstract's place is preferred, as its spelling is the fuller one."""
    seen = set(barred)
    for field in ("abstract", "title"):
        for found in by_field.get(field, ()):
            if _norm(found.text) in seen:
                continue
            seen.add(_norm(found.text))
            yield Tag(facet, found.text, found.confidence, field, found.start, found.end, found.text, found.canonical)


def distinctive(token: str) -> bool:
    """True for tokens that look like a made name: a capital after the first letter, or a capital with a digit or +."""
    return bool(re.search(r".[A-Z]", token) or (re.search(r"[A-Z]", token) and re.search(r"\d|\+|#", token)))


def _is_name(token: str, words: NameWords) -> bool:
    bare = token.removesuffix("s") if token[:-1].isupper() else token
    return distinctive(token) and bare.casefold() not in words.common and token.casefold() not in words.common


def _proposed(title: str, abstract: str, other: set[str]) -> dict[str, list[Found]]:
    words = load_name_words()
    in_title = list(_title_name(title, abstract, words))
    in_abstract: list[Found] = []
    for start, end in sentences(abstract):
        for cue in words.proposing.finditer(abstract, start, end):
            in_abstract.extend(_after_cue(abstract, cue.end(), end, words))
    known = {_norm(found.text) for found in (*in_title, *in_abstract)}
    for definition in definitions(abstract):
        if _norm(definition.short) in known or _norm(definition.long) in known:
            in_abstract.extend(_both(abstract, definition))
    return {
        "title": [found for found in in_title if _norm(found.text) not in other],
        "abstract": [found for found in in_abstract if _norm(found.text) not in other],
    }


def _both(text: str, definition: Definition) -> Iterator[Found]:
    for start, end in ((definition.long_start, definition.long_end), (definition.short_start, definition.short_end)):
        yield Found(start, end, text[start:end], 0.9)


def _title_name(title: str, abstract: str, words: NameWords) -> Iterator[Found]:
    """The name before a title's colon: of a made shape, or a phrase that the abstract writes with the same capitals."""
    match = _TITLE_PREFIX.match(title)
    if match is None:
        return
    prefix = match[1].strip()
    if " " not in prefix:
        if _is_name(prefix, words) or re.search(rf"(?<!\w){re.escape(prefix)}(?!\w)", abstract):
            if prefix.casefold() not in words.common:
                yield Found(match.start(1), match.start(1) + len(prefix), prefix, 0.95)
    elif len(prefix.split()) <= 5 and prefix in abstract and prefix[0].isupper():
        yield Found(match.start(1), match.start(1) + len(prefix), prefix, 0.9)


def _after_cue(text: str, start: int, end: int, words: NameWords) -> Iterator[Found]:
    """The first name after "we propose", if only a description without a preposition stands between."""
    for match in _TOKEN.finditer(text, start, end):
        between = text[start : match.start()]
        if words.barrier.search(between):
            return
        phrase_end = _phrase_end(text, match.end(), end)
        phrase = text[match.start() : phrase_end]
        if " " in phrase and len(phrase.split()) >= 2 and not words.generic.search(phrase):
            yield Found(match.start(), phrase_end, phrase, 0.75)
            return
        if _is_name(match[0], words):
            yield Found(match.start(), match.end(), match[0], 0.85)
            return


def _phrase_end(text: str, start: int, end: int) -> int:
    """End of a run of capitalised words (small linking words allowed inside)."""
    pattern = re.compile(r"(?: (?:and|of|for|the|via|with|in|to|by|based|on|from|then))* [A-Z][\w]*(?:-\w+)*")
    position = start
    while (match := pattern.match(text, position, end)) is not None:
        position = match.end()
    return position


def _datasets(text: str, knowledge: Knowledge) -> list[Found]:
    words = load_name_words()
    found = [Found(m.start, m.end, m.text, 0.95, m.canonical) for m in knowledge.mentions("dataset", text)]
    taken = {found_.start for found_ in found}
    for match in _TOKEN.finditer(text):
        if _DATASET_WORD.match(text, match.end()) and _is_name(match[0], words) and match.start() not in taken:
            found.append(Found(match.start(), match.end(), match[0], 0.6))
    return sorted(found, key=lambda f: f.start)


def _models(text: str, knowledge: Knowledge) -> list[Found]:
    found = [
        Found(m.start, m.end, m.text, 0.95, m.canonical)
        for m in knowledge.mentions("model", text)
        if not knowledge.models[m.canonical].generic
    ]
    for match in _SIZED_MODEL.finditer(text):
        if not any(f.start < match.end() and match.start() < f.end for f in found):
            found.append(Found(match.start(), match.end(), match[0], 0.6))
    return sorted(found, key=lambda f: f.start)


def _baselines(abstract: str, knowledge: Knowledge, own: set[str], datasets: set[str]) -> list[Found]:
    words = load_name_words()
    mentions = {
        m.start: m for m in knowledge.mentions("method", abstract) if not knowledge.methods[m.canonical].control
    }
    found: dict[int, Found] = {}
    for start, end in sentences(abstract):
        for cue in _COMPARISON.finditer(abstract, start, end):
            stop = _END_OF_LIST.search(abstract, cue.end(), end)
            last = stop.start() if stop else end
            for place, mention in mentions.items():
                if cue.end() <= place < last:
                    found[place] = Found(mention.start, mention.end, mention.text, 0.8, mention.canonical)
            for match in _TOKEN.finditer(abstract, cue.end(), last):
                if match.start() not in found and _is_name(match[0], words):
                    found[match.start()] = Found(match.start(), match.end(), match[0], 0.5)
    return [f for _, f in sorted(found.items()) if _norm(f.text) not in own and _norm(f.text) not in datasets]
