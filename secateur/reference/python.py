"""The page of `Corpus`, the corpus from Python: every public method with its signature and docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from secateur.library import Corpus

INTRODUCTION = """# Python

```python
from secateur import Corpus

with Corpus() as corpus:  # the database of the settings, or Corpus("demo/secateur.db")
    papers = corpus.papers()
```

Every frame is read afresh from the database, read-only. [Architecture](../architecture.md) has the columns of the
frames that are read, and [the notebook](../five_questions.ipynb) shows them at work.
"""
HEADING = re.compile(r"^(Args|Raises|Returns|Yields):$")
ITEM = re.compile(r"^ {4}([\w.]+): (.*)$")
REFERENCE = re.compile(r"``(.+?)``")
ANNOTATION = re.compile(r"(: |-> )'([^']+)'")
"""Annotations are texts, as the module postpones them, and printed with quotes."""
LONGEST_LINE = 100


class UndescribedMethodError(ValueError):
    """A public method has no docstring."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Corpus.{name} is not described: write a docstring")


def python_page() -> str:
    """The page, methods in the order in which they stand in the class."""
    return "\n\n".join([INTRODUCTION, _section("Corpus", Corpus, Corpus.__init__), *_methods()]) + "\n"


def _methods() -> Iterator[str]:
    for name, member in vars(Corpus).items():
        if not name.startswith("_") and inspect.isfunction(member):
            yield _section(name, member, member)


def _section(name: str, documented: object, called: object) -> str:
    if not inspect.getdoc(documented):
        raise UndescribedMethodError(name)
    signature = inspect.signature(called)  # type: ignore[arg-type]  # functions alone come here
    rest = list(signature.parameters.values())[1:]
    returns = inspect.Signature.empty if documented is not called else signature.return_annotation
    shown = _plain(signature.replace(parameters=rest, return_annotation=returns))
    return f"## {name}\n\n```python\n{name}{shown}\n```\n\n{_body(inspect.getdoc(documented) or '')}"


def _plain(signature: inspect.Signature) -> str:
    """The signature as it stands in the source, a parameter a line where it is long."""
    shown = ANNOTATION.sub(r"\1\2", str(signature))
    if len(shown) <= LONGEST_LINE:
        return shown
    lines = [ANNOTATION.sub(r"\1\2", str(one)) for one in signature.parameters.values()]
    keyword_only = [one.kind is inspect.Parameter.KEYWORD_ONLY for one in signature.parameters.values()]
    if any(keyword_only):
        lines.insert(keyword_only.index(True), "*")
    return "(\n" + "".join(f"    {line},\n" for line in lines) + ")" + shown[shown.rindex(" ->") :]


def _body(docstring: str) -> str:
    """The docstring with its sections as lists."""
    lines: list[str] = []
    for line in docstring.splitlines():
        heading, item = HEADING.match(line), ITEM.match(line)
        if heading:
            lines += [f"**{heading[1]}**", ""]
        elif item and any(text.startswith("**") for text in lines):
            lines.append(f"- `{item[1]}`: {item[2]}")
        else:
            lines.append(line.strip() if not line.startswith("        ") else f"  {line.strip()}")
    return REFERENCE.sub(r"`\1`", "\n".join(lines))
