"""Named things in title and abstract: data sets, networks, what the paper proposes and what it compares with.

Known names come from the knowledge base; unknown ones are recognised by where they stand ("on the X dataset", a size as
in "Foo-7B") and by their shape (capitals and digits inside). Names are kept as written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from corpus.knowledge import Knowledge
from corpus.tagging.baselines import find_baselines
from corpus.tagging.found import Found, NameWords, identity, load_name_words
from corpus.tagging.proposed import find_proposed
from db.records import Tag

_DATASET_WORD = re.compile(r"(?: \d+)?\s+(?:\w+\s+)?(?:data ?sets?|benchmarks?|corpus|corpora)\b")
_LIST_HEAD = re.compile(r"(?:[A-Z][\w-]+, )*[A-Z][\w-]+(?:,? and |, )$")
_SIZED_MODEL = re.compile(
    r"(?<![\w-])[A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)?[-\d.]*[- ]\d+(?:\.\d+)?[BM](?:-(?:Instruct|Chat|IT|it))?(?![\w-])"
)
_CIFAR_PAIR = re.compile(r"\bCIFAR[- ]?10(?:\s?/\s?| and -?| ?& ?-?|, ?-)(100)\b(?!-)")

Places = Mapping[str, Sequence[Found]]
"""Names by the field they stand in: title, abstract."""


def find_names(title: str, abstract: str, knowledge: Knowledge) -> list[Tag]:
    """Tags of the four kinds of names, from the plain title and abstract; offsets are into them."""
    words = load_name_words()
    fields = {"title": title, "abstract": abstract}
    datasets = {field: _datasets(text, knowledge, words) for field, text in fields.items()}
    models = {field: _models(text, knowledge) for field, text in fields.items()}
    known = _identities(datasets) | _identities(models)
    proposed = find_proposed(title, abstract, words, known)
    own = _identities(proposed)
    baselines = find_baselines(abstract, knowledge, words, own | _identities(datasets))
    return [
        *_tags("proposed", proposed, frozenset()),
        *_tags("baselines", {"abstract": baselines}, own),
        *_tags("datasets", datasets, own),
        *_tags("models", models, own),
    ]


def _identities(places: Places) -> frozenset[str]:
    return frozenset(identity(found.text) for names in places.values() for found in names)


def _tags(facet: str, places: Places, barred: Collection[str]) -> Iterator[Tag]:
    """One tag for each name, first in the abstract, then those that only the title has."""
    seen = set(barred)
    for field in ("abstract", "title"):
        for found in places.get(field, ()):
            names = {identity(found.text), identity(found.text).removesuffix("s"), found.canonical or ""} - {""}
            if names.isdisjoint(seen):
                value = " ".join(found.text.split())
                yield Tag(facet, value, found.confidence, field, found.start, found.end, found.text, found.canonical)
            seen |= names


def _datasets(text: str, knowledge: Knowledge, words: NameWords) -> list[Found]:
    found = [Found(m.start, m.end, m.text, 0.95, m.canonical) for m in knowledge.mentions("dataset", text)]
    taken = [(name.start, name.end) for name in found]
    for match in words.token.finditer(text):
        free = not any(start < match.end() and match.start() < end for start, end in taken)
        named = _DATASET_WORD.match(text, match.end())
        if free and named is not None and words.is_name(match[0]) and not words.is_compound(match[0]):
            found.extend(_listed_before(text, match, words))
            found.append(Found(match.start(), match.end(), match[0], 0.6))
    found.extend(Found(m.start(1), m.end(1), "CIFAR-100", 0.9, "CIFAR-100") for m in _CIFAR_PAIR.finditer(text))
    return sorted(found, key=lambda name: name.start)


def _listed_before(text: str, last: re.Match[str], words: NameWords) -> list[Found]:
    """The names of a list that ends with a data set's name: "Foo, Bar and Baz datasets"."""
    head = _LIST_HEAD.search(text, max(0, last.start() - 120), last.start())
    if head is None:
        return []
    return [
        Found(match.start(), match.end(), match[0], 0.5)
        for match in words.token.finditer(text, head.start(), last.start())
        if words.is_name(match[0])
    ]


def _models(text: str, knowledge: Knowledge) -> list[Found]:
    found = [
        Found(m.start, m.end, m.text, 0.95, m.canonical)
        for m in knowledge.mentions("model", text)
        if not knowledge.models[m.canonical].generic
    ]
    known = list(found)
    found.extend(
        Found(match.start(), match.end(), match[0], 0.6)
        for match in _SIZED_MODEL.finditer(text)
        if not any(name.start < match.end() and match.start() < name.end for name in known)
    )
    return sorted(found, key=lambda name: name.start)
