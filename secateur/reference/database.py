"""The page of the database: every table and column with type and meaning, and how to ask for them."""

from __future__ import annotations

from db.dictionary import DescribedTable, data_dictionary
from secateur.reference.markdown import table

INTRODUCTION = """# Database

One SQLite file (or a database server by its URL). `secateur query "select ..."` reads it, and so does anything else
that reads SQLite; only the commands write it. Times are UTC without zone. [Architecture](../architecture.md) says how
the tables hang together; `secateur export` writes the frames that the analyses read.

Most questions about numbers are answered by the view `result`:

```sh
secateur query "select method, sparsity, value from result where dataset = 'CIFAR-10' and metric = 'top1_accuracy'"
```

`paper_search` is the full-text index (SQLite's FTS5) over title and abstract of `paper`, kept by triggers: its
`rowid` is `paper.id`.
"""


def database_page() -> str:
    """The page; db.dictionary.UndescribedError if a table or column is without words."""
    described = data_dictionary()
    index = table(("table", "holds"), [(f"[`{one.name}`](#{one.name})", one.description) for one in described])
    return "\n\n".join([INTRODUCTION + "\n" + index, *(_section(one) for one in described)]) + "\n"


def _section(described: DescribedTable) -> str:
    rows = [
        (f"`{column.name}`", column.kind.lower() + (" or null" if column.nullable else ""), column.description)
        for column in described.columns
    ]
    first = described.description[0].upper() + described.description[1:]
    return f"## {described.name}\n\n{first}.\n\n" + table(("column", "type", "meaning"), rows)
