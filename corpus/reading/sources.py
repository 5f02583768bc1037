r"""The files of a paper's LaTeX source: which is the root, what a name in it means, where the bibliography is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from corpus.reading.tokens import Tokens, flatten

MAX_FILE = 8_000_000
"""Characters of one source file."""

_CLASSED = re.compile(r"^[^%\n]*\\document(class|style)", re.M)
_STANDALONE = re.compile(r"^[^%\n]*\\documentclass(\[[^\]]{0,300}\])?\{(standalone|subfiles)\}", re.M)
_EMBEDDED = re.compile(r"\\begin\{filecontents\*?\}(?:\[[^\]]{0,100}\])?\{([^}]{1,300})\}")
_EMBEDDED_END = re.compile(r"\\end\{filecontents\*?\}")
_KNOWN_STYLES = re.compile(
    r"(?i)(natbib|ieee|acm|llncs|springer|sn-jnl|elsart|cas-|neurips|nips|icml|iclr|cvpr|iccv|eccv|wacv|aaai|ijcai|acl|"
    r"emnlp|naacl|interspeech|spconf|mdpi|frontiers|svjour|revtex|algorithm|fancyhdr|tikz|pgf|hyperref|booktabs|"
    r"multirow|caption|subfig|cleveref|titlesec|microtype|colm|tmlr|jmlr|uai|aistats|imart|amsart|arxiv)[\w-]*\.(sty|cls)$"
)


def is_document(data: bytes) -> bool:
    r"""Whether a file's text is a document of its own: it has a ``\documentclass`` that is none of a paper's parts."""
    text = data[:MAX_FILE].decode("utf-8", errors="replace")
    return _CLASSED.search(text) is not None and _STANDALONE.search(text) is None


class Sources:
    """The files of a paper as text, looked up by the names that its source uses."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self._texts: dict[str, str] = {}
        self.folder = ""

    def text(self, name: str) -> str:
        """A file's text: UTF-8, else Latin-1; line ends are newlines."""
        if name not in self._texts:
            data = self.files[name][: 4 * MAX_FILE]
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            self._texts[name] = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:MAX_FILE]
        return self._texts[name]

    def root(self) -> str | None:
        r"""The file with ``\documentclass`` and a body; else the largest ``.tex``; else the only file."""
        candidates = [name for name in self.files if name.lower().endswith((".tex", ".ltx", ".latex"))]
        if not candidates:
            candidates = [name for name in self.files if "." not in posixpath.basename(name)]
        if not candidates and len(self.files) == 1:
            candidates = list(self.files)
        if not candidates:
            return None
        chosen = max(candidates, key=self._rootness)
        self.folder = posixpath.dirname(chosen)
        for embedded, content in _embedded_files(self.text(chosen)):
            self.files.setdefault(posixpath.join(self.folder, embedded), content.encode())
        return chosen

    def _rootness(self, name: str) -> tuple[bool, bool, bool, int, int]:
        text = self.text(name)
        classed = _CLASSED.search(text) is not None
        standalone = _STANDALONE.search(text) is not None
        body = "\\begin{document}" in text
        return classed and not standalone, body, classed, -name.count("/"), len(text)

    def find(self, name: str, origin: str) -> tuple[str, str] | None:
        """The file that ``name`` means in the file ``origin``, with its text; None for files that are not shipped."""
        for folder in dict.fromkeys((self.folder, posixpath.dirname(origin), "")):
            path = posixpath.normpath(posixpath.join(folder, name))
            for candidate in (path, path + ".tex"):
                if candidate in self.files:
                    if _KNOWN_STYLES.search(posixpath.basename(candidate)):
                        return None
                    return candidate, self.text(candidate)
        return None

    def bibliography(self, root: str, tokens: Tokens) -> dict[str, str]:
        """The texts of the ``.bbl`` and ``.bib`` files that belong to the paper."""
        named = {posixpath.splitext(root)[0] + ".bbl"}
        names = [name for name in self.files if name.endswith(".bbl")]
        chosen = [name for name in names if name in named] or names[:1]
        found = {name: self.text(name) for name in chosen}
        for name in _bibliography_names(tokens):
            path = posixpath.normpath(posixpath.join(self.folder, name.removesuffix(".bib") + ".bib"))
            if path in self.files:
                found[path] = self.text(path)
        return found


def _embedded_files(text: str) -> Iterator[tuple[str, str]]:
    """Names and contents of the files that a source brings along in itself."""
    position = 0
    while (begin := _EMBEDDED.search(text, position)) is not None:
        end = _EMBEDDED_END.search(text, begin.end())
        if end is None:
            return
        yield begin.group(1), text[begin.end() : end.start()]
        position = end.end()


def _bibliography_names(tokens: Tokens) -> Iterator[str]:
    for command in ("\\bibliography", "\\addbibresource"):
        cursor = tokens.cursor()
        while cursor.go_to(command):
            cursor.optional()
            yield from (name.strip() for name in flatten(cursor.argument()).split(","))
