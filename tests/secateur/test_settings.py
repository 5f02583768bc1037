"""Settings come from flags, then the environment, then secateur.toml."""

from pathlib import Path

import pytest

from secateur.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SECATEUR_DB", "SECATEUR_SETS", "SECATEUR_FETCH_LIMIT"):
        monkeypatch.delenv(name, raising=False)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secateur.toml").write_text('db = "file.db"\ncontact = "me@example.org"\nfetch_limit = 5\n')
    monkeypatch.setenv("SECATEUR_DB", "environment.db")
    monkeypatch.setenv("SECATEUR_FETCH_LIMIT", "7")
    settings = load_settings(db="flag.db", fetch_limit=None)
    assert (settings.db, settings.fetch_limit, settings.contact) == ("flag.db", 7, "me@example.org")
    assert load_settings().db == "environment.db"


def test_sets_are_written_as_words_or_as_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secateur.toml").write_text('sets = ["cs:cs:LG", "stat"]\n')
    assert load_settings().sets == ["cs:cs:LG", "stat"]
    monkeypatch.setenv("SECATEUR_SETS", "cs:cs:CV cs:cs:CL")
    assert load_settings().sets == ["cs:cs:CV", "cs:cs:CL"]


def test_files_and_survey_stand_beside_the_database(tmp_path: Path) -> None:
    settings = load_settings(db=str(tmp_path / "here" / "a.db"))
    assert settings.files_folder == tmp_path / "here" / "files"
    assert settings.site_folder == tmp_path / "here" / "site"


def test_the_contact_is_part_of_the_user_agent() -> None:
    assert "mailto:me@example.org" in Settings(contact="me@example.org").user_agent


@pytest.mark.parametrize(
    ("content", "name"),
    [("gap_seconds = 0.1\n", "gap_seconds"), ('fetch_limit = "many"\n', "fetch_limit"), ("db = \n", "secateur.toml")],
)
def test_a_bad_setting_is_named(content: str, name: str) -> None:
    Path("secateur.toml").write_text(content)
    with pytest.raises(SettingsError, match=name):
        load_settings()
