"""Readers: from the files of a paper to one ``Document``."""

from corpus.reading.document import Document, DocumentTable, Paragraph, Section, TableCell
from corpus.reading.html import read_html
from corpus.reading.latex import read_latex

READER_VERSION = "13"
"""Raise it whenever reading or extraction changes, so that papers are read again."""

__all__ = [
    "READER_VERSION",
    "Document",
    "DocumentTable",
    "Paragraph",
    "Section",
    "TableCell",
    "read_html",
    "read_latex",
]
