"""The grammar of numeric cells."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.results.numbers import is_missing, read_numbers


def parts(text: str) -> list[tuple[float, str] | None]:
    cell = read_numbers(text)
    assert cell is not None, text
    return [None if number is None else (number.value, number.unit) for number in cell.numbers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("93.5%", [(93.5, "%")]),
        ("2.3×", [(2.3, "x")]),
        ("1.2G", [(1.2, "G")]),
        ("86.57 M", [(86.57, "M")]),
        ("4.4 ms", [(4.4, "ms")]),
        ("1,070 KB", [(1070.0, "KB")]),
        ("3.2×10^18", [(3.2e18, "")]),
        ("4.5e17", [(4.5e17, "")]),
        ("10^1.5", [(10**1.5, "")]),
        ("193.", [(193.0, "")]),
        ("-0.03", [(-0.03, "")]),
        ("−0.03", [(-0.03, "")]),
        ("+0.28", [(0.28, "")]),
        ("76.15/75.40", [(76.15, ""), (75.4, "")]),
        ("76.15 → 75.40", [(76.15, ""), (75.4, "")]),
        ("N/A → 1.92%", [None, (1.92, "%")]),
        ("- / 93.2", [None, (93.2, "")]),
        ("108.61M(65.3%)", [(108.61, "M"), (65.3, "%")]),
        ("0.20x, 0.20x", [(0.2, "x"), (0.2, "x")]),
        ("32.54^b", [(32.54, "")]),
        ("76.1†", [(76.1, "")]),
    ],
)
def test_forms_that_papers_print(text: str, expected: list[tuple[float, str] | None]) -> None:
    found = parts(text)
    assert [None if x is None else x[1] for x in found] == [None if x is None else x[1] for x in expected]
    for got, want in zip(found, expected, strict=True):
        assert (got is None) == (want is None)
        assert got is None or want is None or math.isclose(got[0], want[0], rel_tol=1e-9)


@pytest.mark.parametrize(
    "text", ["ResNet-50", "2:4", "10 ep.", "[35, 70, 105]", "", "–", "Dense", "VGG-16 (ours)", "3x3 conv"]
)
def test_words_and_patterns_are_no_numbers(text: str) -> None:
    assert read_numbers(text) is None


@pytest.mark.parametrize("text", ["", "-", "–", "—", "N/A", "n/a", "✗", "✓", "OOM"])
def test_what_a_paper_does_not_give_is_missing(text: str) -> None:
    assert is_missing(text)


def test_spread_bound_and_arrow_are_kept() -> None:
    cell = read_numbers("76.1 ± 0.2")
    assert cell is not None
    assert cell.present[0].spread == 0.2
    bound = read_numbers(">100")
    assert bound is not None
    assert bound.present[0].bound == ">"
    arrow = read_numbers("↓0.45")
    assert arrow is not None
    assert (arrow.present[0].arrow, arrow.present[0].printed) == ("↓", "↓0.45")


numbers = st.decimals(min_value=0, max_value=99999, places=2, allow_nan=False, allow_infinity=False)


@given(numbers, st.sampled_from(["", "%", "×", "M", "G", " ms", " KB"]), st.booleans())
def test_a_printed_number_is_read_back(number: object, unit: str, negative: bool) -> None:
    text = f"{'-' if negative else ''}{number}{unit}"
    cell = read_numbers(text)
    assert cell is not None
    assert math.isclose(cell.present[0].value, float(str(number)) * (-1 if negative else 1))
    assert cell.present[0].unit == {"×": "x"}.get(unit.strip(), unit.strip())


@given(numbers, numbers, st.sampled_from(["/", " / ", " → ", ", "]))
def test_two_printed_numbers_are_read_back_in_order(first: object, second: object, separator: str) -> None:
    cell = read_numbers(f"{first}{separator}{second}")
    assert cell is not None
    assert [number.value for number in cell.present] == [float(str(first)), float(str(second))]


@pytest.mark.parametrize("text", ["2.2e511.16", "1e999", "10^9999", "9" * 400])
def test_what_no_float_holds_is_no_number(text: str) -> None:
    assert read_numbers(text) is None


@given(numbers, numbers)
def test_a_printed_spread_is_read_back(value: object, spread: object) -> None:
    cell = read_numbers(f"{value}±{spread}")
    assert cell is not None
    assert (cell.present[0].value, cell.present[0].spread) == (float(str(value)), float(str(spread)))


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    read_numbers(text)
