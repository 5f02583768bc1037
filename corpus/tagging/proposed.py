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
_PHRASE_TAIL = re.compile(r"(?: (?:and|of|for|the|via|with|in|to|by|based|on|from))* [A-Z]\w*(?:-\w+)*")
_SUBJECT_OF = re.compile(
    r"\s+(?:(?:also|further|consistently|significantly|substantially|effectively|can|not only|even) )*"
    r"(?:achiev|outperform|reduc|improv|deliver|surpass|maintain|attain|yield|employ|leverag|aim|consist|integrat"
    r"|preserv|provid|offer|enabl|utiliz|introduc|combin|identif|learn|is able|accelerat|retain|exceed|obtain)\w*"
)


def find_proposed(title: str, abstract: str, words: NameWords, known: Collection[str]) -> dict[str, list[Found]]:
    """Names by field (title, abstract), from plain texts; ``known`` are identities of data sets and networks."""
    in_title = list(_title_name(title, abstract, words))
    in_abstract = list(_introduced(abstract, words))
    named = {identity(found.text) for found in (*in_title, *in_abstract)}
    in_abstract += _subjects(abstract, words, named)
    own = {identity(found.text) for found in (*in_title, *in_abstract)}
    for definition in definitions(abstract):
        if definition.short.casefold() in words.common:
            continue
        if identity(definition.short) in own or identity(definition.long) in own:
            in_abstract.extend(_both(abstract, definition))
    for definition in definitions(title):
        in_title.extend(_both(title, definition))
    own = {identity(found.text) for found in (*in_title, *in_abstract)} - set(known)
    in_abstract += _family(abstract, words, own)
    return {
        field: [found for found in _longest(names) if identity(found.text) not in known]
        for field, names in (("title", in_title), ("abstract", in_abstract))
    }


def _longest(names: list[Found]) -> list[Found]:
    """The names in order, without those that are a part of a longer one."""
    return [
        name
        for name in sorted(names, key=lambda name: name.start)
        if not any(other.start <= name.start and name.end <= other.end and other.text != name.text for other in names)
    ]


def _both(text: str, definition: Definition) -> Iterator[Found]:
    for start, end in ((definition.long_start, definition.long_end), (definition.short_start, definition.short_end)):
        yield Found(start, end, text[start:end], 0.9)


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
        for cue in words.proposing.finditer(abstract, start, end):
            yield from _after_cue(abstract, cue.end(), end, words)
        for cue in words.naming.finditer(abstract, start, end):
            quoted = _QUOTED.match(abstract, cue.end(), end)
            if quoted is not None and (" " in quoted[1] or words.is_name(quoted[1])):
                yield Found(quoted.start(1), quoted.end(1), quoted[1], 0.8)
            else:
                yield from _named(abstract, cue.end(), min(end, cue.end() + 80), words)


def _named(text: str, start: int, end: int, words: NameWords) -> Iterator[Found]:
    """The name right after "called" and the like, of whatever shape, else the first one soon after."""
    direct = _CAPITALISED.match(text, start, end)
    if direct is not None and direct[1].casefold() not in words.common:
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
    if bracket is None or not words.is_name(bracket[1]):
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
