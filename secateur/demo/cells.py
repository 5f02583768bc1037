"""Cells of result tables: the source of one number or name, and what it means to a reader.

How a paper writes them is its `Style`; which numbers there are stands in its sheets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from secateur.demo.studies import Measurement, Sheet
from secateur.demo.tables import Rule, TableCell
from secateur.demo.truth import TrueResult
from secateur.demo.world import Benchmark, Level, Method

METRIC_WORDS = {
    "top1_accuracy": "Top-1 accuracy (\\%)",
    "accuracy": "Accuracy (\\%)",
    "f1": "F1",
    "perplexity": "Perplexity ($\\downarrow$)",
    "zero_shot_accuracy": "Zero-shot accuracy (\\%)",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How one paper writes its tables."""

    cite: str
    r"""``\cite`` or ``\citep``."""
    own: str
    """Source of the own method's name in rows."""
    own_printed: str
    """The same, as a reader sees it."""
    booktabs: bool
    bold_best: bool
    spread: str
    r"""Template of a mean with its deviation, such as ``{mean} $\pm$ {spread}``."""
    dense_name: str
    dense_cells: str
    """What the dense row prints below each level: span, repeat or dash."""
    signed: bool
    """Changes as pruned minus base, else as a drop."""
    speed_up: bool
    """Multiply-adds as a ratio, else as a share removed."""
    stub: str
    """Header of the column of methods."""
    alias: int
    """Which of the usual names of a known method it prints."""
    caption: int
    """One of the wordings: 0, 1 or 2."""


def dense_result(benchmark: Benchmark, value: float, method: str = "Dense", protocol: str | None = None) -> TrueResult:
    """The meaning of the unpruned network's number, without its place."""
    return replace(_result(benchmark, value, method, "Dense", "dense"), sparsity=0.0, protocol=protocol, source="dense")


def _result(benchmark: Benchmark, value: float, printed: str, canonical: str, role: str) -> TrueResult:
    unit = "" if benchmark.metric == "perplexity" else "%"
    return TrueResult(
        arxiv_id="",
        table="",
        row=-1,
        col=-1,
        method=printed,
        method_canonical=canonical,
        role=role,
        dataset=benchmark.dataset,
        model=benchmark.model,
        metric=benchmark.metric,
        value=value,
        unit=unit,
    )


def printed_name(sheet: Sheet, style: Style, method: Method) -> str:
    """A method's name as a reader of this paper's tables sees it, without citation."""
    if method is sheet.own:
        return style.own_printed
    name = method.prints[style.alias % len(method.prints)]
    return name.replace("$\\ell_1$", "ℓ1").replace("$L_0$", "L0")


def name_cell(sheet: Sheet, style: Style, method: Method) -> TableCell:
    """The stub of a method's row: its name, with a citation unless it is the paper's own."""
    if method is sheet.own:
        return TableCell(style.own)
    name = method.prints[style.alias % len(method.prints)]
    return TableCell(f"{name}~{style.cite}{{{method.key}}}" if method.title else name)


def _protocol(sheet: Sheet) -> str | None:
    return "sequence length 4096" if sheet.long_context else None


def meaning(sheet: Sheet, style: Style, number: Measurement) -> TrueResult:
    """What a printed number means, without its place."""
    assert number.method is not None
    own = number.method is sheet.own
    result = _result(
        number.benchmark,
        round(number.value, number.decimals),
        printed_name(sheet, style, number.method),
        number.method.canonical,
        "proposed" if own else "baseline",
    )
    level = number.level if number.benchmark.track != "filters" else None
    return replace(
        result,
        sparsity=level.removed if level else None,
        pattern=level.pattern if level else None,
        spread=number.spread,
        protocol=_protocol(sheet),
        source=number.source,
    )


def _best(sheet: Sheet, benchmark: Benchmark, level: Level) -> float:
    values = [n.value for n in sheet.numbers.values() if n.benchmark is benchmark and n.level == level]
    return min(values) if benchmark.metric == "perplexity" else max(values)


def number_cell(sheet: Sheet, style: Style, number: Measurement) -> TableCell:
    """A value, bold if it is the best of its column, with its deviation if there is one."""
    assert number.level is not None
    result = meaning(sheet, style, number)
    if sheet.idiom == "error":
        result = replace(result, metric="error_rate", value=round(100 - number.value, number.decimals))
    text = f"{result.value:.{number.decimals}f}"
    if style.bold_best and number.value == _best(sheet, number.benchmark, number.level):
        text = f"\\textbf{{{text}}}" if style.booktabs else f"{{\\bf {text}}}"
    if number.spread is not None:
        text = style.spread.format(mean=text, spread=f"{number.spread:.2f}")
    return TableCell(text, result, number)


def dense_cell(sheet: Sheet, style: Style, benchmark: Benchmark, span: int = 1) -> TableCell:
    """The unpruned network's value on a benchmark."""
    number = sheet.dense[benchmark.key]
    result = dense_result(benchmark, number.value, style.dense_name, _protocol(sheet))
    if sheet.idiom == "error":
        result = replace(result, metric="error_rate", value=round(100 - number.value, 2))
    return TableCell(f"{result.value:.2f}", result, number, span)


def frame(style: Style) -> tuple[Rule, Rule, Rule]:
    """The rules above, inside and below a table."""
    names = ("\\toprule", "\\midrule", "\\bottomrule") if style.booktabs else ("\\hline",) * 3
    return Rule(names[0]), Rule(names[1]), Rule(names[2])


def columns_spec(style: Style, stubs: int, numbers: int) -> str:
    """Column specification for so many stub and number columns."""
    return "l" * stubs + "c" * numbers if style.booktabs else "|" + "l|" * stubs + "c|" * numbers


def percent(share: float) -> str:
    """A share as printed: ``80\\%``."""
    return f"{100 * share:.10g}\\%"


def place(benchmark: Benchmark) -> str:
    """Network and data set in words."""
    return f"{benchmark.model} on {benchmark.dataset}"


def context(sheet: Sheet) -> str:
    """The context length as a caption adds it; nothing unless perplexity is measured."""
    if not sheet.benchmarks or sheet.benchmarks[0].metric != "perplexity":
        return ""
    return f", sequence length {4096 if sheet.long_context else 2048}"
