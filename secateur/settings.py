"""Settings: flags of a command, then ``SECATEUR_*`` in the environment, then ``secateur.toml``, then the defaults here.

``secateur.toml`` is read from the working folder, or else from the user's configuration folder.
"""

from __future__ import annotations

import json
import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from secateur import __version__

TOML_FILES = (Path(platformdirs.user_config_dir("secateur")) / "secateur.toml", Path("secateur.toml"))
DATA_FOLDER = Path(platformdirs.user_data_dir("secateur"))


class SettingsError(Exception):
    """A setting can't be used; the message names it."""


class Settings(BaseSettings):
    """What a user may set once instead of at every command."""

    model_config = SettingsConfigDict(env_prefix="SECATEUR_", toml_file=TOML_FILES, extra="ignore")

    db: str = str(DATA_FOLDER / "secateur.db")
    """Path of the SQLite file, or a database URL."""
    files: Path | None = None
    """Folder of the e-prints; by default ``files`` beside the database."""
    site: Path | None = None
    """Folder of the living survey; by default ``site`` beside the database."""
    data: Path | None = None
    """Folder of the data sets that claims are re-run on; by default ``data`` in the user's data folder."""
    state: Path = DATA_FOLDER / "arxiv"
    """Folder that remembers when arXiv was asked last; one for all processes of a user."""
    arxiv_url: str | None = None
    """One base for every arXiv address, such as a replica's; None for arXiv itself."""
    contact: str = ""
    """An e-mail address that arXiv can write to; part of the User-Agent."""
    sets: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["cs:cs:LG", "cs:cs:CV", "cs:cs:CL", "cs:cs:NE", "cs:cs:AR", "stat:stat:ML"]
    )
    """OAI-PMH sets that `harvest` and `nightly` ask for."""
    gap_seconds: float = Field(default=3.0, ge=3.0)
    """Seconds between two requests to arXiv; its terms of use ask for three or more."""
    fetch_limit: int = Field(default=1000, ge=0)
    """Most e-prints that one night fetches."""
    show_unreviewed: bool = False
    """Whether the survey shows findings that no person has reviewed."""
    report_mistakes_to: str = "mailto:"
    """Where the survey's readers report a wrong number: ``mailto:you@example.org``, a tracker's page for a new issue
    (``https://github.com/OWNER/NAME/issues/new``), or any address with ``{title}`` and ``{body}``; empty for none."""
    knowledge: Path | None = None
    """Folder with names and words of your own, beside those shipped: any of ``methods.yaml``, ``datasets.yaml``,
    ``models.yaml``, ``metrics.yaml`` and ``subject.yaml`` (docs/how-to/own_topic.md)."""
    selected_by: str = ""
    """How the harvested papers were selected, such as ``titles with the word pruning``, where that is less than all of
    some sets; the survey fits no growth to such a sample, and says so."""

    @field_validator("sets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """In the environment sets are words, or a JSON list where one of them is empty (all of arXiv)."""
        if not isinstance(value, str):
            return value
        return json.loads(value) if value.startswith("[") else value.split()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @cached_property
    def home(self) -> Path:
        """The folder that holds the database, or the user's data folder for a database server."""
        return DATA_FOLDER if "://" in self.db else Path(self.db).resolve().parent

    @property
    def files_folder(self) -> Path:
        """Folder of the e-prints."""
        return self.files or self.home / "files"

    @property
    def own_tagger(self) -> Path:
        """What `secateur label train` learned from a person's labels; the shipped tagger is used where it is absent."""
        return self.home / "tagger.npz"

    @property
    def data_folder(self) -> Path:
        """Folder of the data sets; the same for every database."""
        return self.data or DATA_FOLDER / "data"

    @property
    def site_folder(self) -> Path:
        """Folder of the living survey."""
        return self.site or self.home / "site"

    def share_knowledge(self) -> None:
        """Let this process, and those it starts, know the names in the folder ``knowledge``."""
        from corpus.knowledge.own import OWN_KNOWLEDGE

        if self.knowledge is not None:
            os.environ[OWN_KNOWLEDGE] = str(self.knowledge.resolve())

    @property
    def user_agent(self) -> str:
        """How the client names itself to arXiv."""
        contact = f"; mailto:{self.contact}" if self.contact else ""
        return f"secateur/{__version__} (pruning literature harvester{contact})"


def load_settings(**flags: object) -> Settings:
    """Settings with the flags that were given (None means not given); SettingsError names a bad one."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {name}: {first['msg']}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"secateur.toml: {error}") from error
