"""Reads and checks the YAML files of the knowledge base; a mistake in a file names the file, the entry, the field.

Entries of one's own (`own.py`) stand beside those shipped, or in their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from corpus.knowledge.base import Knowledge
from corpus.knowledge.entries import Dataset, Entry, Method, Metric, Network
from corpus.knowledge.own import NAME_FILES, own_file
from corpus.knowledge.spelling import key

_FOLDER = Path(__file__).parent

E = TypeVar("E", bound=Entry)


class KnowledgeFileError(ValueError):
    """A file of the knowledge base does not keep its schema, or two entries claim one name or spelling."""


def read_entries(path: Path, entry_type: type[E]) -> tuple[E, ...]:
    """The checked entries of one YAML file.

    Raises:
        KnowledgeFileError: the file is no list of entries, an entry breaks the schema or stands twice, or a spelling
            has two owners.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise KnowledgeFileError(f"{path.name}: not valid YAML: {error}") from error
    if not isinstance(raw, list):
        raise KnowledgeFileError(f"{path.name}: must be a list of entries, each starting with '- name:'")
    entries = tuple(_checked(path, item, entry_type) for item in raw)
    _check_names(path, entries)
    _check_spellings(path, entries)
    return entries


def _checked(path: Path, item: object, entry_type: type[E]) -> E:
    try:
        return entry_type.model_validate(item)
    except ValidationError as error:
        name = item.get("name", "?") if isinstance(item, dict) else item
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'entry'}: {e['msg']}" for e in error.errors())
        raise KnowledgeFileError(f"{path.name}, entry {name!r}: {problems}") from error


def _check_names(path: Path, entries: Iterable[Entry]) -> None:
    twice = [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]
    if twice:
        raise KnowledgeFileError(f"{path.name}: name: {', '.join(twice)} stand twice; make one entry of them")


def _check_spellings(path: Path, entries: Iterable[Entry]) -> None:
    owner: dict[tuple[str, str], str] = {}
    for entry in entries:
        for field in ("exact", "alone"):
            unknown = set(getattr(entry, field)) - set(entry.spellings)
            if unknown:
                raise KnowledgeFileError(
                    f"{path.name}, entry {entry.name!r}: {field}: {sorted(unknown)} are no spellings of it"
                )
        for spelling in entry.spellings:
            slot = (key(spelling), spelling if spelling in entry.exact else "")
            other = owner.setdefault(slot, entry.name)
            if other != entry.name:
                raise KnowledgeFileError(
                    f"{path.name}: aliases: {spelling!r} belongs to both {other!r} and {entry.name!r}; take it from one"
                )


def load_knowledge() -> Knowledge:
    """The knowledge base that is shipped, with one's own entries over it, read once a process.

    An own entry takes the place of the shipped one of its name; every other one is added.

    Raises:
        KnowledgeFileError: a file does not keep its schema.
        corpus.knowledge.own.OwnKnowledgeError: the folder of one's own holds no file of knowledge.
    """
    return _knowledge(*(own_file(name) for name in NAME_FILES))


@cache
def _knowledge(methods: Path | None, datasets: Path | None, models: Path | None, metrics: Path | None) -> Knowledge:
    return Knowledge(
        methods=_entries(methods, "methods.yaml", Method),
        datasets=_entries(datasets, "datasets.yaml", Dataset),
        models=_entries(models, "models.yaml", Network),
        metrics=_entries(metrics, "metrics.yaml", Metric),
    )


def _entries(own: Path | None, name: str, entry_type: type[E]) -> tuple[E, ...]:
    """The shipped entries of a file, with one's own over them."""
    shipped = read_entries(_FOLDER / name, entry_type)
    if own is None:
        return shipped
    together = {entry.name: entry for entry in (*shipped, *read_entries(own, entry_type))}
    _check_spellings(own, together.values())
    return tuple(together.values())
