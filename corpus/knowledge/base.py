"""The knowledge base as one object: facts of methods, data sets, networks and metrics, and their names in text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from corpus.knowledge.entries import Dataset, Entry, Kind, Method, Metric, Network
from corpus.knowledge.matching import Matcher, Mention, Spelling


class Knowledge:
    """Typed facts by canonical name, and the resolution of names as printed. Read-only."""

    __slots__ = ("_matchers", "datasets", "methods", "metrics", "models")

    methods: Mapping[str, Method]
    datasets: Mapping[str, Dataset]
    models: Mapping[str, Network]
    metrics: Mapping[str, Metric]

    def __init__(
        self,
        methods: Iterable[Method],
        datasets: Iterable[Dataset],
        models: Iterable[Network],
        metrics: Iterable[Metric],
    ) -> None:
        self.methods = MappingProxyType({entry.name: entry for entry in methods})
        self.datasets = MappingProxyType({entry.name: entry for entry in datasets})
        self.models = MappingProxyType({entry.name: entry for entry in models})
        self.metrics = MappingProxyType({entry.name: entry for entry in metrics})
        self._matchers: Mapping[Kind, Matcher] = {
            "method": _matcher(self.methods.values()),
            "dataset": _matcher(self.datasets.values()),
            "model": _matcher(self.models.values()),
            "metric": _matcher(self.metrics.values()),
        }

    def resolve(self, kind: Kind, text: str) -> str | None:
        """Canonical name of a name as printed; None when the knowledge base does not have it.

        Case, spaces, hyphens, footnote marks and citation marks such as ``[12]`` do not count.
        """
        return self._matchers[kind].resolve(text)

    def mentions(self, kind: Kind, text: str) -> list[Mention]:
        """Known names of one kind in running text, ascending, without overlaps, with exact character offsets."""
        return self._matchers[kind].mentions(text)


def _matcher(entries: Iterable[Entry]) -> Matcher:
    return Matcher(
        Spelling(spelling, entry.name, spelling in entry.exact, spelling in entry.alone)
        for entry in entries
        for spelling in entry.spellings
    )
