"""What closes what among tokens of LaTeX, and the reading of arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.reading.scanner import tokenize
from corpus.reading.tokens import PARAGRAPH, SPACE, Cursor, Tokens

ANY_TOKENS = st.lists(
    st.sampled_from(["{", "}", "[", "]", "\\begin{a}", "\\end{a}", "\\begin{b}", "\\end{b}", "\\x", "text", SPACE]),
    max_size=40,
)


def cursor(source: str) -> Cursor:
    return tokenize(source).cursor()


def shown(tokens: Tokens | None) -> str | None:
    return None if tokens is None else "".join(tokens)


def group_by_counting(items: list[str]) -> list[str] | None:
    """What is in the group that begins with the first token, None when it is never closed."""
    depth = 0
    for index, item in enumerate(items):
        depth += (item == "{") - (item == "}")
        if depth == 0:
            return items[1:index]
    return None


def bracket_by_counting(items: list[str]) -> list[str] | None:
    """What is in the bracket that begins with the first token, None when its group ends before it does."""
    depth = 0
    for index, item in enumerate(items[1:], 1):
        if item == "]" and depth == 0:
            return items[1:index]
        depth += (item == "{") - (item == "}")
        if depth < 0:
            return None
    return None


def environment_by_counting(items: list[str]) -> list[str] | None:
    """The environment that begins with the first token, None when it is never closed."""
    depth = 0
    for index, item in enumerate(items):
        depth += (item == items[0]) - (item == items[0].replace("begin", "end"))
        if depth == 0:
            return items[: index + 1]
    return None


@given(ANY_TOKENS, st.integers(0, 10), st.integers(0, 10))
def test_what_closes_is_what_counting_finds(items: list[str], cut: int, skipped: int) -> None:
    whole = Tokens(items)
    stop = max(skipped, len(items) - cut)
    for begin in range(skipped, min(stop, len(items))):
        part, seen = whole.part(begin, stop), items[begin:stop]
        reader = part.cursor()
        if seen[0] == "{":
            inside = group_by_counting(seen)
            assert list(reader.argument()) == (seen[1:] if inside is None else inside)
        elif seen[0] == "[":
            found = reader.optional()
            assert (None if found is None else list(found)) == bracket_by_counting(seen)
        elif seen[0].startswith("\\begin"):
            reader.next()
            found = reader.environment()
            assert (None if found is None else list(found)) == environment_by_counting(seen)


@given(ANY_TOKENS, st.sampled_from(["\\x", "\\begin{a}", "\\none"]), st.integers(0, 40), st.integers(0, 40))
def test_a_part_is_the_same_as_a_slice(items: list[str], wanted: str, start: int, stop: int) -> None:
    start, stop = min(start, len(items)), min(stop, len(items))
    part = Tokens(items).part(start, stop)
    assert list(part) == items[start:stop]
    assert len(part) == len(items[start:stop])
    assert (wanted in part) == (wanted in items[start:stop])
    assert part.find(wanted) == (items[start:stop].index(wanted) if wanted in items[start:stop] else None)


def test_of_a_run_of_text_the_first_character_is_the_argument_and_the_rest_is_read_next() -> None:
    reader = cursor(r"\frac12x")
    reader.next()
    assert [shown(reader.argument()), shown(reader.argument()), reader.next(), reader.next()] == ["1", "2", "x", None]


def test_what_was_read_of_a_run_of_text_is_not_left_over() -> None:
    reader = cursor("*[2pt] a")
    assert (reader.star(), shown(reader.optional()), shown(reader.rest())) == (True, "2pt", " a")
    reader = cursor("*abc d")
    assert (reader.star(), shown(reader.rest())) == (True, "abc d")


def test_a_group_that_is_never_closed_ends_with_its_paragraph() -> None:
    reader = cursor("{open and\n\nthe next one")
    assert (shown(reader.argument()), reader.next()) == ("open and", "the")


def test_without_an_optional_argument_the_reader_stays_where_it_was() -> None:
    reader = cursor(" (a) [b")
    assert (reader.optional(), reader.peek()) == (None, SPACE)


@pytest.mark.parametrize(("signature", "found"), [("som", ["c"]), ("mm", ["*", "["]), ("sK", ["["]), ("", [])])
def test_arguments_are_those_of_a_signature(signature: str, found: list[str]) -> None:
    assert [shown(argument) for _, argument in cursor("*[b]{c}").arguments(signature)] == found


def test_a_verbatim_environment_that_is_never_closed_is_text_and_others_are_no_tokens() -> None:
    assert list(tokenize("a\\begin{verbatim}{\\end{verbatim}b")) == ["a", "b"]
    assert list(tokenize("\\begin{verbatim}b\n\n")) == ["\\begin", "{", "verbatim", "}", "b", PARAGRAPH]
