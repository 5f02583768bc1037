"""The forms in which the survey is published: the site, a draft in Markdown, and a release that can be cited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from secateur.feed import night_before
from secateur.nightly import publish, survey_choices, survey_data
from secateur.settings import Settings

FORMS = ("site", "markdown", "release")


def write_survey(engine: Engine, settings: Settings, form: str, now: datetime) -> str:
    """Write one form of the survey into the settings' folder of the site; returns what was written in a line.

    ``now`` (UTC) is what the survey says of itself. Raises analysis.report.folder.ForeignSiteError and
    analysis.report.release.NoReleaseError for a folder that holds something else.
    """
    from analysis.report.markdown import write_markdown
    from analysis.report.release import write_release
    from analysis.report.shown import STATES_SHOWN

    folder = settings.site_folder
    if form == "site":
        site = publish(engine, settings, now, since=night_before(folder))
        return f"{site.pages} pages; start at {(site.folder / 'index.html').resolve()}"
    with engine.execution_options(read_only=True).connect() as connection:
        data = survey_data(connection)
    if form == "markdown":
        draft = write_markdown(data, folder, now=now, choices=survey_choices(settings))
        return f"draft at {draft.resolve()}"
    release = write_release(data, folder, day=now.date(), states=STATES_SHOWN[settings.show_unreviewed])
    rows = sum(release.rows.values())
    return f"{rows} rows in {len(release.rows)} files at {folder.resolve()}; release {release.sha256}"
