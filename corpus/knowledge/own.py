"""A folder of one's own with names and words beside those shipped, for another topic or for names not known yet.

The variable `SECATEUR_KNOWLEDGE` of the environment names it. It is a variable because the processes that read papers
inherit it, so that all of them know the same names.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

OWN_KNOWLEDGE = "SECATEUR_KNOWLEDGE"
"""Variable of the environment with the folder."""
NAME_FILES = ("methods.yaml", "datasets.yaml", "models.yaml", "metrics.yaml")
"""Files of names; their entries are those of `corpus.knowledge.entries`."""
SUBJECT_FILE = "subject.yaml"
"""File with the words of one's own subject (`corpus.tagging.lexicon`)."""


class OwnKnowledgeError(ValueError):
    """The folder of one's own can't be used; the message says what it may hold."""


def own_file(name: str) -> Path | None:
    """A file of the folder, or None where there is no folder or no such file in it.

    Raises:
        OwnKnowledgeError: there is a folder, and none of the files is in it.
    """
    return next((path for path in _files() if path.name == name), None)


def own_mark() -> str:
    """What tells the readers' versions apart when the folder is used: a hash of its files; empty without it."""
    files = _files()
    if not files:
        return ""
    text = b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)
    return f"+{hashlib.sha256(text).hexdigest()[:12]}"


def _files() -> list[Path]:
    named = os.environ.get(OWN_KNOWLEDGE)
    if not named:
        return []
    known = (*NAME_FILES, SUBJECT_FILE)
    found = [Path(named) / name for name in known if (Path(named) / name).is_file()]
    if not found:
        raise OwnKnowledgeError(
            f"{named} holds none of {', '.join(known)}; the setting knowledge names a folder that does"
        )
    return found
