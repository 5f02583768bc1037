"""Whether the unknown rows of a table are variants of the paper's own method or rivals, by several signs together.

No sign is sure by itself: words of ablation in the caption or the section's title, a caption that names the own method
alone, a first column that is not headed as methods, a number that another table prints for the own method. Citations,
known methods and names that other tables cite speak against it.
"""

from __future__ import annotations

from corpus.reading import DocumentTable
from corpus.results.context import Paper, Surroundings
from corpus.results.headers import KINDS, column_kind
from corpus.results.layout import Axes
from corpus.results.names import VARIANT, clean_name, is_dense
from corpus.results.words import PHRASES

_ENOUGH = 2
"""Signs for variants that must be left when those against are taken away."""


def are_variants_of_own(
    paper: Paper, table: DocumentTable, axes: Axes, around: Surroundings, index: int | None
) -> bool:
    """True where the signs say that the unknown names in the column at ``index`` are variants of the own method."""
    names = paper.interpreter.names
    rows = [cell for (_, column), cell in axes.stubs.items() if column == index and cell.text]
    unknown = [cell for cell in rows if names.resolve(cell.text, cell.cites) is None]
    if index is None or not names.proposed or not unknown or any(cell.cites for cell in rows):
        return False
    own, head = names.proposed[0], axes.columns[index].text
    caption = f"{around.caption} {table.parent_caption}"
    section = around.section.title if around.section is not None else ""
    named = {names.resolve(name) for name in names.in_text(caption)} - {"Dense", None}
    signs = [
        KINDS["ablation"].search(f"{caption} | {section}"),
        named == {own},
        PHRASES["variants_head"].search(head) or (head and column_kind(head) != "method"),
        paper.agreement.shared(table, own),
    ]
    against = [
        named - {own},
        any(clean_name(cell.text) in paper.cited_names for cell in rows),
        any(names.own(cell.text) and not VARIANT.match(cell.text) for cell in rows),
        any(not is_dense(cell.text) and names.own(cell.text) is None for cell in rows if cell not in unknown),
    ]
    return sum(map(bool, signs)) - sum(map(bool, against)) >= _ENOUGH
