"""Fuzz target: no bytes may make a reader, or the extraction of what it read, raise an exception or run long.

Run by hand with ``python tests/fuzz/fuzz_readers.py FOLDER tests/fuzz/seeds -max_total_time=600 -timeout=10 -seed=7
-dict=tests/fuzz/words.dict``; inputs that reach new code go into FOLDER. What libFuzzer finds it writes as ``crash-*``
or ``timeout-*`` into the working folder. Needs ``pip install atheris``.
"""

import sys

import atheris

with atheris.instrument_imports(include=["corpus"]):
    from corpus.extraction import extract
    from corpus.knowledge import load_knowledge
    from corpus.reading import read_html, read_latex
    from corpus.reading.pdf import read_pdf

KNOWLEDGE = load_knowledge()


def read_anything(data: bytes) -> None:
    """Read the bytes as what they look like, and extract the results of the document."""
    if data.startswith(b"%PDF"):
        document = read_pdf(data)
    elif data.startswith(b"<"):
        document = read_html(data)
    else:
        document = read_latex({"main.tex": data})
    extract(document, KNOWLEDGE, on_pruning=True)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_anything)
    atheris.Fuzz()
