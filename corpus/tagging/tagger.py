"""Title and abstract into tags: relevance first, and for a core paper its facets, its names and its claims."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpus.knowledge import Knowledge
from corpus.tagging.claims import find_claims
from corpus.tagging.facets import find_facets
from corpus.tagging.lexicon import Lexicon, load_lexicon
from corpus.tagging.names import find_names
from corpus.tagging.plain import plain
from corpus.tagging.relevance import MODEL_FILE, RelevanceModel, decide, read_model
from db.records import FACETS, NAMES, Tag, Tags


@dataclass(frozen=True)
class TaggingModel:
    """What the tagger knows besides the knowledge base: the lexicon and the learned weights."""

    lexicon: Lexicon
    relevance: RelevanceModel


@cache
def load_model(path: Path = MODEL_FILE) -> TaggingModel:
    """The model shipped with the tagger, or another one trained by `corpus.tagging.train`, read once a process.

    Raises:
        RelevanceModelError: the file is no model or does not fit the lexicon.
    """
    lexicon = load_lexicon()
    return TaggingModel(lexicon, read_model(path, lexicon))


def tag(title: str, abstract: str, knowledge: Knowledge, model: TaggingModel) -> Tags:
    """What title and abstract say. Facets, names and claims are read for core papers only.

    Offsets of evidence are characters of the title or abstract as given.
    """
    plain_title, plain_abstract = plain(title), plain(abstract)
    scores = model.relevance.scores(plain_title, plain_abstract, model.lexicon)
    relevance = decide(scores)
    if relevance != "core":
        return Tags(relevance, scores)
    claims = find_claims(abstract, plain_abstract)
    found = find_facets(plain_title, plain_abstract, claims, model.lexicon)
    found += find_names(plain_title, plain_abstract, knowledge)
    return Tags(relevance, scores, tuple(_quoted(one, title, abstract) for one in found), tuple(claims))


def _quoted(one: Tag, title: str, abstract: str) -> Tag:
    """The tag with its quotation taken from the text as given."""
    source = title if one.field == "title" else abstract
    quotation = source[one.start : one.end]
    return Tag(one.facet, one.value, one.confidence, one.field, one.start, one.end, quotation, one.canonical)


def classify_object(identifier: str, tags: Tags) -> dict[str, object]:
    """The tags of one paper as a flat JSON object: relevance, scores, each facet and kind of name, claims."""
    return {
        "id": identifier,
        "relevance": tags.relevance,
        "scores": {name: round(score, 4) for name, score in tags.scores.items()},
        **{facet: tags.values(facet) for facet in (*FACETS, *NAMES)},
        "claims": [
            {"quantity": c.quantity, "value": c.value, "unit": c.unit, "direction": c.direction, "text": c.text}
            for c in tags.claims
        ],
    }
