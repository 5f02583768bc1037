"""The names of methods that the paper itself introduces.

They stand before a title's colon, after "we propose" and "called", before or in the brackets of a definition, and as
the subject of results ("X outperforms"). A name with a suffix of its own ("X-P") belongs to the same family.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from corpus.tagging.acronyms import Definition, definitions
from corpus.tagging.found import Found, NameWords, identity
from corpus.tagging.plain import sentences

_TITLE_PREFIX = re.compile(r"^\W*([^:]{2,60}?)\s*(?::| - )\s*\S")
_QUOTED = re.compile(r"\s*(?:an?|the)?\s*[\"“'`]{1,2}([^\"”'`]{3,60}?)[,.]?[\"”'`]")
_BRACKETED = re.compile(r"\(\s*([A-Za-z][\w+#-]{1,14})\s*\)")
_CAPITALISED = re.compile(r"[\s\"'`“]*(?:the |an? )?[\s\"'`“]*([A-Z]\w*(?:-\w+)*[+#]*)(?!\w)")
_AND = re.compile(r"\)?(?:\s*\([^()]*\))?,?\s+and\s+(?:an?\s+|the\s+)?")
_KIND_OF_METHOD = re.compile(
    r" (?:[a-z-]+ ){0,2}(?:method|approach|framework|algorithm|technique|scheme|strategy|paradigm)\b"
)
_BIT = re.compile(r"[A-Z]|[A-Z][a-z]")
"""What marked letters leave of a name: "\\textbf{Di}fferentiable"."""
_A_NEW = re.compile(r"\b(?:an?|novel|new)\b")
"""Before a name and a word for a method: "a novel LSTM framework" describes, "the TRIM framework" names."""
_MEANS = re.compile(r"\b(?:using|utilizing|leverag\w+|based on|by|via|through|such as|like|employing)\b")
_A_MEANS = re.compile(
    r"\b(?:using|utilizing|via|by|with|leverag\w+|employ\w*|adopt\w*|appl\w+) (?:an?|the) (?!novel|new)"
    r"(?:[\w-]+ ){0,5}$"
)
_CLAUSE_BEGINS = re.compile(r"(?:^|[.,;:]|\b(?:and|while|then))\s+(?:the |our |an? |\(?\w{1,3}\) )?$")
_BEFORE_SUBJECT = 40
_DESCRIPTION = 90
"""Characters in which a name may be described before its short form."""
_PHRASE_TAIL = re.compile(r"(?: (?:and|of|for|the|via|with|in|to|by|based|on|from))* [A-Z]\w*(?:-\w+)*")
_SUBJECT_OF = re.compile(
    r"\s+(?:(?:also|further|consistently|significantly|substantially|effectively|can|not only|even) )*"
    r"(?:achiev|outperform|reduc|improv|deliver|surpass|maintain|attain|yield|employ|leverag|aim|consist|integrat"
    r"|preserv|provid|offer|enabl|utiliz|uses|introduc|combin|identif|learn|is able|accelerat|retain|exceed|obtain)\w*"
)


def find_proposed(title: str, abstract: str, words: NameWords, known: Collection[str]) -> dict[str, list[Found]]:
    """Names by field (title, abstract), from plain texts; ``known`` are identities of data sets and networks."""
    in_title = list(_title_name(title, abstract, words))
    for definition in definitions(title):
        in_title.extend(_both(title, definition))
    in_abstract = list(_introduced(abstract, words))
    in_abstract += _subjects(abstract, words, {identity(found.text) for found in (*in_title, *in_abstract)})
    own = {identity(found.text) for found in (*in_title, *in_abstract)}
    for definition in definitions(abstract):
        if definition.short.casefold() in words.common:
            continue
        parts = [found for found in in_abstract if definition.covers(found.start, found.end)]
        if parts or not own.isdisjoint({identity(definition.short), identity(definition.long)}):
            in_abstract = [found for found in in_abstract if found not in parts]
            in_abstract.extend(_both(abstract, definition))
        elif _is_own_subject(abstract, definition, words):
            in_abstract.extend(_both(abstract, definition))
    own = {identity(found.text) for found in (*in_title, *in_abstract)} - set(known)
    in_abstract += _family(abstract, words, own)
    return {
        field: [found for found in _longest(names) if identity(found.text) not in known]
        for field, names in (("title", in_title), ("abstract", in_abstract))
    }


def _is_own_subject(abstract: str, definition: Definition, words: NameWords) -> bool:
    """True for "To save time, Online Pruning (OP) uses ...", once the abstract has spoken of the paper itself."""
    if not definition.names or _SUBJECT_OF.match(abstract, definition.short_end + 1) is None:
        return False
    begins = _CLAUSE_BEGINS.search(abstract, 0, definition.long_start) is not None
    return (
        begins
        and words.first_person.search(abstract, 0, definition.long_start) is not None
        and not words.generic.search(definition.long)
        and not words.others.search(abstract, max(0, definition.long_start - _BEFORE_SUBJECT), definition.long_start)
    )


def _longest(names: list[Found]) -> list[Found]:
    """The names in order, without those that are a part of a longer one."""
    return [
        name
        for name in sorted(names, key=lambda name: name.start)
        if not any(other.start <= name.start and name.end <= other.end and other.text != name.text for other in names)
    ]


def _both(text: str, definition: Definition) -> Iterator[Found]:
    """The short form of a definition, and the long one if it is a name as well."""
    if definition.names:
        yield Found(definition.long_start, definition.long_end, definition.long, 0.9)
    yield Found(definition.short_start, definition.short_end, definition.short, 0.9)


def _title_name(title: str, abstract: str, words: NameWords) -> Iterator[Found]:
    """The name before a title's colon: of a made shape, or a phrase that the abstract writes with the same capitals."""
    match = _TITLE_PREFIX.match(title)
    if match is None:
        return
    prefix, start = match[1].strip(), match.start(1)
    repeated = re.search(rf"(?<!\w){re.escape(prefix)}(?!\w)", abstract) is not None
    if " " in prefix:
        made = repeated and prefix[0].isupper() and len(prefix.split()) <= 5
    else:
        made = prefix.casefold() not in words.common and (repeated or words.is_name(prefix))
    if made:
        yield Found(start, start + len(prefix), prefix, 0.95)


def _introduced(abstract: str, words: NameWords) -> Iterator[Found]:
    """Names after the words by which a paper introduces its own."""
    for start, end in sentences(abstract):
        if words.own.search(abstract, start, end) is None:
            continue
        called: list[Found] = []
        for cue in words.naming.finditer(abstract, start, end):
            if not (
                _is_of_others(abstract, start, cue.start(), words) or _A_MEANS.search(abstract, start, cue.start())
            ):
                called += _listed(abstract, _called(abstract, cue.end(), end, words), end, words)
        yield from called
        for cue in words.proposing.finditer(abstract, start, end):
            if _is_of_others(abstract, start, cue.end(), words):
                continue
            for name in _listed(abstract, list(_after_cue(abstract, cue.end(), end, words)), end, words):
                # "We propose an OT approach, called GradOT": the first name describes the second.
                if not (_KIND_OF_METHOD.match(abstract, name.end) and any(name.end < other.start for other in called)):
                    yield name


def _is_of_others(text: str, start: int, end: int, words: NameWords) -> bool:
    """True when what comes next is others' work: words that say so stand after the last one on the paper itself."""
    for match in words.first_person.finditer(text, start, end):
        start = match.end()
    return words.others.search(text, start, end) is not None


def _bracketed_later(text: str, start: int, end: int, words: NameWords) -> Iterator[Found]:
    """The short form of a description in small letters, if the paper goes on to use it."""
    bracket = _BRACKETED.search(text, start, min(end, start + _DESCRIPTION))
    if bracket is None or not words.is_name(bracket[1]) or not _is_used_again(text, bracket):
        return
    if re.search(r"[,;:()]", text[start : bracket.start()]) is None:
        yield Found(bracket.start(1), bracket.end(1), bracket[1], 0.6)


def _called(text: str, start: int, end: int, words: NameWords) -> list[Found]:
    """What stands in quotation marks after "called" and the like, else the name that follows."""
    quoted = _QUOTED.match(text, start, end)
    if quoted is not None and (" " in quoted[1] or words.is_name(quoted[1])):
        return [Found(quoted.start(1), quoted.end(1), quoted[1], 0.8)]
    return list(_named(text, start, min(end, start + 80), words))


def _listed(text: str, names: list[Found], end: int, words: NameWords) -> Iterator[Found]:
    """The names found after a cue, and those that "and" joins to them."""
    yield from names
    position = max((name.end for name in names), default=end)
    while (link := _AND.match(text, position, end)) is not None:
        token = words.token.match(text, link.end(), end)
        if token is None:
            yield from _bracketed_later(text, link.end(), end, words)
            return
        position = _phrase_end(text, token.end(), end)
        phrase = text[token.start() : position]
        if " " not in phrase and not (words.is_name(phrase) and not words.is_compound(phrase)):
            return
        yield Found(token.start(), position, phrase, 0.7)


def _named(text: str, start: int, end: int, words: NameWords) -> Iterator[Found]:
    """The name right after "called" and the like, of whatever shape, else the first one soon after."""
    direct = _CAPITALISED.match(text, start, end)
    if direct is not None and direct[1].casefold() not in words.common and not _BIT.fullmatch(direct[1]):
        stop = _phrase_end(text, direct.end(1), end)
        yield Found(direct.start(1), stop, text[direct.start(1) : stop], 0.8)
        return
    yield from _after_cue(text, start, end, words)


def _after_cue(text: str, start: int, end: int, words: NameWords) -> Iterator[Found]:
    """The first name after "we propose", if only a description without a preposition stands between."""
    for match in words.token.finditer(text, start, end):
        if words.barrier.search(text, start, match.start()):
            break
        phrase_end = _phrase_end(text, match.end(), end)
        if _A_NEW.search(text, start, match.start()) and _KIND_OF_METHOD.match(text, phrase_end):
            continue
        phrase = text[match.start() : phrase_end]
        if " " in phrase and not words.generic.search(phrase) and phrase.split()[0].casefold() not in words.common:
            yield Found(match.start(), phrase_end, phrase, 0.75)
            short = _BRACKETED.match(text, phrase_end + 1, end)
            if short is not None and words.is_name(short[1]):
                yield Found(short.start(1), short.end(1), short[1], 0.75)
            return
        if words.is_name(match[0]) and not words.is_compound(match[0]):
            yield Found(match.start(), match.end(), match[0], 0.85)
            return
    bracket = _BRACKETED.search(text, start, min(end, start + 140))
    if bracket is None or not words.is_name(bracket[1]) or _MEANS.search(text, start, bracket.start()):
        return
    if not _crosses(text[start : bracket.start()]) or _is_used_again(text, bracket):
        yield Found(bracket.start(1), bracket.end(1), bracket[1], 0.7)


def _crosses(between: str) -> bool:
    """True when what stands between is more than one noun phrase."""
    return re.search(r"[;:,]|\b(?:that|which|for|to|by|with|using|on|where|and)\b", between) is not None


def _is_used_again(text: str, bracket: re.Match[str]) -> bool:
    """True when a bracketed name comes again later: a paper goes on to speak of its own method by name."""
    return re.search(rf"(?<![\w-]){re.escape(bracket[1])}(?![\w-])", text[bracket.end() :]) is not None


def _phrase_end(text: str, start: int, end: int) -> int:
    """End of a run of capitalised words, small linking words allowed inside."""
    position = start
    while (match := _PHRASE_TAIL.match(text, position, end)) is not None:
        position = match.end()
    return position


def _subjects(abstract: str, words: NameWords, named: Collection[str]) -> list[Found]:
    """Made names that are the subject of at least two statements of the abstract, if no name was found otherwise."""
    if named:
        return []
    seen: dict[str, list[Found]] = {}
    for match in words.token.finditer(abstract):
        if words.is_name(match[0]) and _SUBJECT_OF.match(abstract, match.end()):
            seen.setdefault(identity(match[0]), []).append(Found(match.start(), match.end(), match[0], 0.6))
    return [names[0] for names in seen.values() if len(names) > 1]


def _family(abstract: str, words: NameWords, own: Collection[str]) -> list[Found]:
    """Names that are an own name with a suffix behind a hyphen ("CAMERA-P" beside "CAMERA")."""
    return [
        Found(match.start(), match.end(), match[0], 0.8)
        for match in words.token.finditer(abstract)
        if "-" in match[0] and identity(match[0].rsplit("-", 1)[0]) in own and re.search(r"-[A-Z\d]\w*$", match[0])
    ]
