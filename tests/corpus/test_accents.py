"""Letters with an accent, as names of authors have them, are read as one character each."""

import unicodedata

import pytest

from corpus.reading.commands import ACCENTS
from corpus.reading.scanner import tokenize
from corpus.reading.text import to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        *[
            (r"caf\'e", "café"),
            (r"{\'E}chelle", "Échelle"),
            (r"Poincar\'{e}", "Poincaré"),
            (r"\`a", "à"),
            (r"\^o", "ô"),
        ],
        *[(r"{\"o}", "ö"), (r"\~n", "ñ"), (r"\v{c}", "č"), (r"\c{c}", "ç"), (r"\d{s}", "ṣ"), (r"\={a}", "ā")],
    ],
)
def test_an_accent_stands_on_its_letter(source: str, text: str) -> None:
    assert to_text(tokenize(source)) == text


def test_every_accent_is_a_combining_character() -> None:
    assert [name for name, character in ACCENTS.items() if not unicodedata.combining(character)] == []
