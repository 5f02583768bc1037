"""The digest of one night: what is new since the night before, and how each step of the run went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analysis.report import SiteSummary
from analysis.report.shown import STATES_SHOWN
from analysis.report.text import file_name
from db.findings import FindingCounts
from db.nights import News
from ingest.fulltext import FetchSummary
from ingest.harvest import HarvestSummary
from secateur.feed import Item
from secateur.stages import StageSummary


@dataclass(frozen=True, slots=True)
class Digest:
    """What one night brought."""

    started_at: datetime
    finished_at: datetime
    since: datetime
    """End of the night before, which the news count from; a night that was killed leaves its news to the next."""
    news: News
    harvested: HarvestSummary | None
    """None if arXiv gave no harvest."""
    reconciled: HarvestSummary | None
    """What the weekly comparison fetched."""
    tagged: StageSummary
    fetched: FetchSummary | None
    extracted: StageSummary
    findings: FindingCounts
    site: SiteSummary
    failures: tuple[str, ...]
    """Steps that failed, with the reason."""

    def title(self) -> str:
        """The night in one line."""
        news = self.news
        return (
            f"{self.finished_at:%Y-%m-%d}: {news.new} new, {news.changed} changed, {news.withdrawn} withdrawn, "
            f"{len(news.relevant)} relevant, {self.extracted.read} read, {self._failed()} failed, "
            f"{len(news.contradictions)} new contradictions"
        )

    def lines(self) -> list[str]:
        """The digest in a few plain lines."""
        said = [f"nightly {self.started_at:%Y-%m-%d %H:%M} to {self.finished_at:%H:%M} UTC"]
        if self.harvested:
            harvested = self.harvested
            said.append(
                f"harvested {harvested.records} records: {harvested.added} new, {harvested.changed} changed, "
                f"{harvested.unread} unread"
            )
        if self.reconciled and self.reconciled.records:
            said.append(f"fetched {self.reconciled.records} records that earlier harvests had missed")
        said.append(f"tagged {self.tagged.read} papers ({self.tagged.unread} unread)")
        if self.fetched:
            outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.fetched.outcomes.items()))
            said.append(f"fetched {outcomes or 'nothing'}")
        said.append(
            f"read {self.extracted.read} e-prints ({self.extracted.unread} unread): {self.extracted.found} results"
        )
        said.append(f"findings: {self.findings.added} new, {self.findings.kept} as before, {self.findings.gone} gone")
        said.append(f"survey: {self.site.pages} pages in {self.site.folder}")
        said.append(f"since the last night, {self.title()}")
        said.extend(f"failed: {failure}" for failure in self.failures)
        return said

    def items(self, *, show_unreviewed: bool) -> list[Item]:
        """The lines of the feed's entry; what no person has reviewed is counted, and shown only on request."""
        items = [Item(title, f"papers/{file_name(arxiv_id)}") for arxiv_id, title in self.news.relevant]
        shown = [text for state, text in self.news.contradictions if state in STATES_SHOWN[show_unreviewed]]
        items += [Item(sentence, "baselines.html") for sentence in shown]
        items += [Item(f"failed: {failure}") for failure in self.failures]
        return items

    def _failed(self) -> int:
        """Steps that failed, and papers that could not be fetched or read."""
        outcomes = self.fetched.outcomes if self.fetched else {}
        fetched = sum(number for outcome, number in outcomes.items() if outcome.endswith("failed"))
        return len(self.failures) + fetched + self.tagged.unread + self.extracted.unread
