r"""The invented papers as e-prints: an article in LaTeX with its bibliography, packed as arXiv stores submissions.

Some are one gzipped file, some an archive of several files with ``\input``, with an inline or a separate bibliography.
The bytes depend on the content alone (no times of packing), so that one seed gives one folder.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from secateur.demo.abstracts import FrontMatter, choose, phrases
from secateur.demo.cells import Style
from secateur.demo.studies import Study
from secateur.demo.tables import TableDraft
from secateur.demo.world import Method, load_world

PACKED_AT = 1_577_836_800
"""Time of every file inside an archive: 2020-01-01."""

SETTINGS_SHARE = 0.3
"""How many articles have a table of settings."""

SPREADS = ("{mean} $\\pm$ {spread}", "{mean}$\\pm${spread}", "{mean}\\std{{{spread}}}", "${mean}_{{\\pm {spread}}}$")

PACKAGES = """\\usepackage[utf8]{inputenc}
\\usepackage{amsmath,amssymb}
\\usepackage{booktabs,multirow,graphicx}
\\usepackage{xspace,url}
"""


@dataclass(frozen=True, slots=True)
class Eprint:
    """Bytes of a submission and the name they are stored under, without the identifier."""

    suffix: str
    """``.tar.gz``, ``.gz`` or ``.pdf``."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Article:
    """The parts of one article before it is packed."""

    files: Mapping[str, str]
    """Name to source; the root file first."""


def draw_style(rng: np.random.Generator, name: str | None) -> Style:
    """How one paper writes its tables and cites."""
    forms = (
        ("\\ours", name or ""),
        ("\\ours (ours)", f"{name} (ours)"),
        ("\\textbf{\\ours}", name or ""),
        (f"{name} (ours)", f"{name} (ours)"),
        ("Ours", "Ours"),
    )
    own, printed = forms[int(rng.choice(5, p=(0.35, 0.25, 0.15, 0.17, 0.08)))]
    booktabs = bool(rng.random() < 0.65)
    return Style(
        cite=choose(rng, ("\\cite", "\\citep")),
        own=own,
        own_printed=printed,
        booktabs=booktabs,
        bold_best=bool(rng.random() < 0.7),
        spread=choose(rng, SPREADS),
        dense_name=choose(rng, ("Dense", "Dense", "Unpruned", "Dense baseline")),
        dense_cells=choose(rng, ("span", "repeat", "dash")),
        signed=bool(rng.random() < 0.6),
        speed_up=bool(rng.random() < 0.35),
        stub=choose(rng, ("Method", "Method", "Methods", "Approach")),
        alias=int(rng.integers(3)),
        caption=int(rng.integers(3)),
    )


def write_article(
    rng: np.random.Generator,
    study: Study,
    matter: FrontMatter,
    people: str,
    style: Style,
    tables: list[TableDraft],
) -> Article:
    """The article of a paper with experiments."""
    name = study.own.name if study.own else "the study"
    cited = [method for method in study.compared if method.title] or [load_world().methods[1]]
    cites = f"{style.cite}{{{','.join(method.key for method in cited)}}}"
    words = {"name": "\\ours" if study.own else name, "cites": cites, "table": tables[0].label}
    text = phrases("article")
    bibliography = _bibliography(rng, cited, natbib=style.cite == "\\citep")
    floats = [table.tex() for table in tables]
    extra = _settings_table(rng)
    sections = [
        (
            "Introduction",
            [
                _fill(rng, text["introduction"], words),
                _fill(rng, text["contribution" if study.own else "study"], words),
            ],
        ),
        ("Related Work", [_fill(rng, text["related"], words)]),
        *([("Method", [_fill(rng, text["method"], words)])] if study.own else []),
        ("Experiments", [_fill(rng, text["setup"], words), *floats, _fill(rng, text["discussion"], words), *extra]),
        ("Conclusion", [_fill(rng, text["conclusion"], words), text["notice"]]),
    ]
    macros = _macros(study, style)
    return _arrange(rng, matter, people, style, macros, sections, bibliography)


def write_note(matter: FrontMatter, people: str) -> Article:
    """A short article without tables, for papers that report no results."""
    notice = phrases("article")["notice"]
    return Article(
        {
            "main.tex": _root(
                matter, people, "", f"\\section{{Introduction}}\n{escape(matter.abstract)}\n\n{notice}\n", ""
            )
        }
    )


def pack(rng: np.random.Generator, article: Article) -> Eprint:
    """One gzipped file where there is only one and chance says so, else an archive."""
    if len(article.files) == 1 and rng.random() < 0.6:
        return Eprint(".gz", _gzipped(next(iter(article.files.values())).encode()))
    return Eprint(".tar.gz", _archive({name: source.encode() for name, source in article.files.items()}))


def truncated(eprint: Eprint) -> Eprint:
    """An archive that breaks off: an upload that went wrong."""
    return Eprint(eprint.suffix, eprint.content[: len(eprint.content) // 3])


def broken_off(article: Article) -> Article:
    """The article in one file that ends in the middle of its first table."""
    source = article.files.get("sections/experiments.tex", article.files["main.tex"])
    source = (
        source
        if "\\documentclass" in source
        else article.files["main.tex"].replace("\\input{sections/experiments}", source)
    )
    start = source.index("\\begin{tabular}")
    return Article({"main.tex": source[: (start + source.index("\\end{tabular}", start)) // 2]})


def rootless(article: Article) -> Eprint:
    """An archive with a bibliography and no file of LaTeX."""
    readme = "The LaTeX files of this synthetic paper are missing.\n"
    rest = {"00README.txt": readme, "main.bbl": article.files.get("main.bbl", "")}
    return Eprint(".tar.gz", _archive({name: source.encode() for name, source in rest.items()}))


def blank_pdf(title: str) -> Eprint:
    """A PDF of one page with the title, for papers without source."""
    text = title.encode("ascii", "replace").replace(b"(", b"[").replace(b")", b"]")
    stream = b"BT /F1 12 Tf 72 720 Td (" + text + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 5 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>",
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return Eprint(".pdf", body + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer)


def escape(text: str) -> str:
    """Plain text as LaTeX source."""
    return text.replace("%", "\\%").replace("&", "\\&")


def _fill(rng: np.random.Generator, wordings: list[str], words: Mapping[str, str]) -> str:
    wording = choose(rng, wordings)
    for name, value in words.items():
        wording = wording.replace(f"{{{name}}}", value)
    return wording


def _macros(study: Study, style: Style) -> str:
    lines = []
    if study.own is not None:
        lines.append(f"\\newcommand{{\\ours}}{{{study.own.name}\\xspace}}")
    if "\\std" in style.spread:
        lines.append("\\newcommand{\\std}[1]{{\\scriptsize$\\pm$#1}}")
    return "\n".join(lines) + "\n" if lines else ""


def _root(matter: FrontMatter, people: str, macros: str, body: str, bibliography: str) -> str:
    names = people.replace(" and ", ", ").replace(", ", " \\and ")
    return (
        "\\documentclass[11pt]{article}\n"
        f"{PACKAGES}{macros}"
        f"\\title{{{escape(matter.title)}}}\n"
        f"\\author{{{names}\\\\ Institute of Invented Results}}\n"
        "\\date{}\n\\begin{document}\n\\maketitle\n"
        f"\\begin{{abstract}}\n{escape(matter.abstract)}\n\\end{{abstract}}\n\n{body}\n{bibliography}\\end{{document}}\n"
    )


def _arrange(
    rng: np.random.Generator,
    matter: FrontMatter,
    people: str,
    style: Style,
    macros: str,
    sections: list[tuple[str, list[str]]],
    bibliography: str,
) -> Article:
    """One file, or a root file that reads macros, experiments and bibliography from others."""
    if style.cite == "\\citep":
        macros = f"\\usepackage{{natbib}}\n{macros}"
    parts = {title: f"\\section{{{title}}}\n" + "\n\n".join(paragraphs) + "\n" for title, paragraphs in sections}
    layout = choose(rng, ("single", "single", "bbl", "bbl", "split"))
    if layout == "single":
        return Article({"main.tex": _root(matter, people, macros, "\n".join(parts.values()), bibliography)})
    files = {"main.bbl": bibliography}
    ending = "\\bibliographystyle{plain}\n\\bibliography{main}\n"
    if layout == "split":
        files["macros.tex"] = macros
        files["sections/experiments.tex"] = parts["Experiments"]
        parts["Experiments"] = "\\input{sections/experiments}\n"
        macros = "\\input{macros}\n"
    return Article({"main.tex": _root(matter, people, macros, "\n".join(parts.values()), ending), **files})


def _bibliography(rng: np.random.Generator, cited: list[Method], natbib: bool) -> str:
    entries = [_bibitem(rng, method, natbib) for method in cited]
    return "\\begin{thebibliography}{99}\n\n" + "\n".join(entries) + "\n\\end{thebibliography}\n"


def _bibitem(rng: np.random.Generator, method: Method, natbib: bool) -> str:
    surname = method.authors.split(",")[0].split(" and ")[0].split(" ")[-1]
    label = f"[{surname} et~al.({method.year})]" if natbib else ""
    where = f"\\newblock In \\emph{{{method.venue}}}, {method.year}."
    if method.arxiv_id and (method.synthetic or rng.random() < 0.5):
        where = choose(
            rng,
            (
                f"\\newblock \\emph{{arXiv preprint arXiv:{method.arxiv_id}}}, {method.year}.",
                f"\\newblock arXiv:{method.arxiv_id}, {method.year}.",
                f"\\newblock URL \\url{{https://arxiv.org/abs/{method.arxiv_id}}}, {method.year}.",
            ),
        )
    return f"\\bibitem{label}{{{method.key}}}\n{method.authors}.\n\\newblock {escape(method.title)}.\n{where}\n"


def _settings_table(rng: np.random.Generator) -> list[str]:
    """Now and then the settings of the runs, in which no number is a result."""
    if rng.random() > SETTINGS_SHARE:
        return []
    settings = {
        "Learning rate": choose(rng, ("0.1", "0.05", "0.01")),
        "Weight decay": choose(rng, ("1e-4", "5e-4")),
        "Epochs": choose(rng, ("90", "100", "160")),
        "Batch size": "256",
    }
    rows = "".join(f"{name} & {value} \\\\\n" for name, value in settings.items())
    caption = choose(rng, phrases("article")["settings_caption"])
    header = "\\toprule\nHyper-parameter & Value \\\\\n\\midrule\n"
    tabular = f"\\begin{{tabular}}{{lc}}\n{header}{rows}\\bottomrule\n\\end{{tabular}}\n"
    opening = f"\\begin{{table}}[h]\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:settings}}\n"
    return [f"{opening}{tabular}\\end{{table}}\n"]


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), PACKED_AT, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return _gzipped(buffer.getvalue())
