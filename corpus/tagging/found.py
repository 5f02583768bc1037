"""A found name, and what a made name looks like; the words around names are read from `name_words.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("name_words.yaml")
_DESCRIBING = re.compile(
    r"-(?:[a-z]{4,}|(?:Enhanced|Aware|Based|Guided|Free|Driven|Agnostic|Oriented|Efficient|Specific|Informed|Inspired))$"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a field, with its place."""

    start: int
    end: int
    text: str
    confidence: float
    canonical: str | None = None


def identity(name: str) -> str:
    """The form in which two spellings of one made name are equal; ``+`` and ``#`` count (Wanda++ is not Wanda)."""
    return re.sub(r"[^a-z0-9+#]", "", name.lower())


@dataclass(frozen=True, slots=True)
class NameWords:
    """Compiled words around names."""

    proposing: re.Pattern[str]
    """After these a paper names its own method."""
    own: re.Pattern[str]
    """Words of sentences that speak of the paper itself."""
    naming: re.Pattern[str]
    """After these a name follows at once, often in quotation marks."""
    first_person: re.Pattern[str]
    """Words by which authors speak of themselves."""
    others: re.Pattern[str]
    """Before such a word of a sentence nothing is the paper's own."""
    barrier: re.Pattern[str]
    """Between such a word and a name, these say that the name is of something else."""
    generic: re.Pattern[str]
    """A phrase that starts so is a description of a kind."""
    common: frozenset[str]
    """Acronyms of the field that name no method, data set or network, in case-folded form."""
    token: re.Pattern[str]
    """A word that may be a made name: it begins with a capital, or has one in second or third place."""

    def is_name(self, token: str) -> bool:
        """True for a token with the shape of a made name (capitals or digits inside) that is no common acronym."""
        shaped = re.search(r".[A-Z]", token) or (re.search(r"[A-Z]", token) and re.search(r"[\d+#]", token))
        if not shaped or re.fullmatch(r"\d+(?:\.\d+)?[A-Za-z]", token):
            return False
        bare = token.casefold()
        return bare not in self.common and bare.removesuffix("s") not in self.common

    def is_compound(self, token: str) -> bool:
        """True for a word such as "SAE-curated" or "Diversity-Enhanced", which describes and does not name."""
        return _DESCRIBING.search(token) is not None


@cache
def load_name_words(path: Path = _FILE) -> NameWords:
    """The words in `name_words.yaml`, read once a process."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return NameWords(
        proposing=re.compile(r"\b(?:" + "|".join(raw["proposing"]) + r")(?!\w)", re.IGNORECASE),
        own=re.compile(r"\b(?:" + "|".join(raw["own"]) + r")\b", re.IGNORECASE),
        naming=re.compile(r"\b(?:" + "|".join(raw["naming"]) + r")(?!\w)", re.IGNORECASE),
        first_person=re.compile(r"\b(?:we|our|this (?:paper|work|study))\b", re.IGNORECASE),
        others=re.compile(r"\b(?:" + "|".join(raw["others"]) + r")\b", re.IGNORECASE),
        barrier=re.compile(r"\b(?:" + "|".join(raw["barrier"]) + r")\b|[;:]"),
        generic=re.compile(r"^(?:" + "|".join(raw["generic"]) + r")\b"),
        common=frozenset(str(word).casefold() for word in raw["common"]),
        token=re.compile(r"(?<![\w-])(?:[A-Z]|[a-z]{1,2}[A-Z]|\d[A-Z])\w*(?:[-+.@]\w+|/[A-Za-z]\w*)*[+#]*(?![\w-])"),
    )
