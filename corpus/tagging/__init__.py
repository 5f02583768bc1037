"""What title and abstract of a paper say: relevance, facets, names, claims, each with its evidence."""

from corpus.tagging.tagger import TaggingModel, classify_object, load_model, tag

TAGGER_VERSION = "8"
"""Raised whenever the same text may get other tags; papers tagged by an older one are tagged again."""

__all__ = ["TAGGER_VERSION", "TaggingModel", "classify_object", "load_model", "tag"]
