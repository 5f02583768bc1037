"""claims, validate, bench: the registry of claims, their runs and verdicts, and the measurements behind the tables."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from db.papers import store_unread_records
from db.records import Unread
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now, writable
from secateur.output import Format, Progress, default_format, print_object, print_rows, say
from secateur.verdicts import print_verdicts
from validate.claims import Claim, ClaimError, load_claims, load_registry
from validate.controls import controls_by_method, methods_of

claims = typer.Typer(help="The registry of claims that can be re-run.", invoke_without_command=True)


@claims.callback()
def _list_by_default(context: typer.Context, format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    if context.invoked_subcommand is None:
        list_claims(format)


@claims.command("list")
def list_claims(format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    """Every claim of the registry in a line."""
    rows = [_line(claim) for claim in load_registry().values()]
    if (format or default_format(sys.stdout)) is Format.TABLE:
        print_rows(rows, Format.TABLE, columns=("id", "dataset", "title"))
        return
    print_rows(rows, format, columns=("id", "arxiv", "kind", "dataset", "model", "read", "title"))


def _line(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "arxiv": claim.source.arxiv,
        "kind": sorted({part.kind for part in claim.parts}),
        "dataset": claim.setting.dataset,
        "model": claim.setting.model,
        "read": claim.source.read,
        "title": claim.title,
    }


@claims.command("controls")
def list_controls(format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    """Each pruning method that a claim asks for, with the positive controls that it has."""
    registry = load_registry()
    rows = [
        {
            "method": method,
            "controls": list(names),
            "claims": sorted(claim.id for claim in registry.values() if method in methods_of(claim)),
        }
        for method, names in controls_by_method(registry).items()
    ]
    print_rows(rows, format, columns=("method", "controls", "claims"))


@claims.command("show")
def show_claim(name: Annotated[str, typer.Argument(metavar="ID", help="As `secateur claims` lists it.")]) -> None:
    """One claim of the registry as JSON; what is left at its default is left out."""
    print_object(_registered(name).model_dump(mode="json", exclude_defaults=True))


@claims.command("derive")
def derive_claims(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv identifier.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the claims here.")
    ] = None,
    db: DbOption = None,
) -> None:
    """Claims that can be run, as YAML, of a paper's results; on stderr why the others give none.

    What the paper leaves open is filled in by declared completions, and listed. Exit 1 if no result gives a claim.
    """
    from db import views
    from validate.derive import derive

    with readable(settings_for(context, db=db)).connect() as connection:
        papers = views.papers(connection, paper)
        results = views.results(connection, paper)
    rows = [{str(name): value for name, value in row.items()} for row in results.to_dict("records")]
    if papers.empty:
        raise UsageError(f"there is no paper {paper} in the database; `secateur search` finds papers by their words")
    if results.empty:
        raise UsageError(
            f"no results were read from {paper}; `secateur fetch {paper}` and `secateur extract` read them"
        )
    made = derive(paper, f"arXiv {papers['submitted'].iloc[0]:%Y}", rows)
    for line in made.results:
        if not line.claim:
            say(f"{line.place}: {line.said}: no claim: {line.reason}")
    say(f"{sum(bool(line.claim) for line in made.results)} of {len(made.results)} results give a claim")
    if not made.text:
        raise typer.Exit(1)
    if output is None:
        sys.stdout.write(made.text)
    else:
        output.write_text(made.text, encoding="utf-8")


@claims.command("export")
def export_claims(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where runs.csv and verdicts.csv go.")],
    page: Annotated[Path | None, typer.Option(metavar="FILE.md", help="Write the page of claims here.")] = None,
    db: DbOption = None,
) -> None:
    """Write the runs and verdicts of the registry's claims as data, and the page that is made of them.

    Rows of claims that this database has not run stay as they stand in DIR.
    """
    from validate.first_look.page import page_of
    from validate.first_look.rows import RUNS, read_rows, rows_of, with_earlier, write_rows

    registry = load_registry()
    with readable(settings_for(context, db=db)).connect() as connection:
        runs, judged = rows_of(connection, registry)
    if (folder / RUNS).is_file():
        runs, judged = with_earlier(read_rows(folder), runs, judged)
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder, runs, judged)
    if page is not None:
        page.write_text(page_of(registry, runs, judged), encoding="utf-8")
    say(f"{len(runs)} runs and {len(judged)} rows of verdicts in {folder}")


def _registered(name: str) -> Claim:
    registry = load_registry()
    if name not in registry and Path(name).suffix in (".yaml", ".yml"):
        raise UsageError(f"there is no file {name}")
    if name not in registry:
        raise UsageError(f"there is no claim {name!r} in the registry; `secateur claims` lists them")
    return registry[name]


def validate(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="CLAIM|FILE.yaml", help="Ids of the registry, or claim files.")],
    jobs: Annotated[int, typer.Option(min=1, help="Seeds run side by side.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="A Dask scheduler whose workers run the seeds.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0.0, help="Stop after this many seconds, all claims together; the next call goes on."),
    ] = None,
    device: Annotated[str, typer.Option(help="Where networks are trained: cpu, or cuda where there is one.")] = "cpu",
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Plan, run and judge claims; exit 1 if one is not reproduced."""
    settings = settings_for(context, db=db)
    engine = writable(settings)
    wanted, unread = _named(names)
    with engine.begin() as connection:
        store_unread_records(connection, unread, now=utc_now())
    rows, refuted = run_claims(
        engine, wanted, budget=budget, jobs=jobs, cluster=cluster, device=device, data_folder=settings.data_folder
    )
    if rows or not unread:
        print_verdicts(rows, format)
    if unread:
        raise UsageError("; ".join(item.reason for item in unread))
    if refuted:
        raise typer.Exit(1)


def run_claims(
    engine: Engine, claims: Sequence[Claim], *, budget: float | None, **options: Any
) -> tuple[list[dict[str, Any]], bool]:
    """Runs claims one after the other; the rows to print, and whether one is not reproduced.

    ``budget`` is in seconds for all of them together; ``options`` are those of ``validate_claim``.
    """
    from validate.run import validate_claim

    end = None if budget is None else time.monotonic() + budget
    rows: list[dict[str, Any]] = []
    refuted = False
    for claim in claims:
        left = None if end is None else max(end - time.monotonic(), 0.0)
        with Progress(claim.id) as progress:
            report = validate_claim(engine, claim, budget_seconds=left, progress=progress, now=utc_now(), **options)
        rows += report.rows()
        refuted |= report.label == "not_reproduced"
    return rows, refuted


def _named(names: list[str]) -> tuple[list[Claim], list[Unread]]:
    """The claims of ids and files, and the files that hold none; a bad file does not stop the other claims."""
    claims: list[Claim] = []
    unread: list[Unread] = []
    for name in names:
        if not Path(name).exists():
            claims.append(_registered(name))
            continue
        try:
            claims += _of_their_own(Path(name))
        except ClaimError as error:
            unread.append(Unread("claim", name, str(error)))
    return claims, unread


def _of_their_own(path: Path) -> list[Claim]:
    """The claims of a file. None may have the id of another in the registry, whose verdicts decide over others."""
    claims = load_claims(path)
    for claim in claims:
        if load_registry().get(claim.id, claim) != claim:
            raise ClaimError(f"{path}: id: {claim.id} is another claim of the registry; give yours an id of its own")
    return claims


def bench(
    what: Annotated[
        str, typer.Argument(metavar="ingest|corpus|kernels|analysis|report|seeds", help="What to measure.")
    ],
    seconds: Annotated[float, typer.Option(min=0.001, help="Kernels: for each contestant, shape and sparsity.")] = 0.1,
    suite: Annotated[
        str, typer.Option(metavar="products|vectors|convolutions|models", help="Kernels: what is multiplied.")
    ] = "products",
    mask: Annotated[
        str, typer.Option(metavar="random|trained|4x1|8x1|4x4|2:4", help="Kernels: which weights are zero.")
    ] = "random",
    sparsity: Annotated[
        list[float] | None, typer.Option(min=0.0, max=1.0, help="Kernels: fraction of zeros; may be repeated.")
    ] = None,
    cold: Annotated[bool, typer.Option("--cold", help="Kernels: go round weights that no cache holds.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Kernels: threads of each contestant.")] = 1,
    papers: Annotated[int, typer.Option(min=1, help="Ingest, analysis, report: papers.")] = 20_000,
    results: Annotated[int, typer.Option(min=1000, help="Analysis: results of the corpus, at most.")] = 500_000,
    memory: Annotated[int, typer.Option(min=0, help="Corpus: read so many papers to see memory grow.")] = 0,
    folder: Annotated[Path | None, typer.Option(metavar="DIR", help="Corpus: read the e-prints in here.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Seeds: of each training.")] = 300,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Measure on this machine; the times are of this machine and of no other."""
    if what == "analysis":
        from secateur.bench.analyses import bench_analyses

        with Progress("bench analysis") as progress:
            of_analyses = bench_analyses(papers, results, progress)
        print_rows([asdict(row) for row in of_analyses], format)
        return
    if what == "report":
        from secateur.bench.report import bench_report

        print_rows([asdict(row) for row in bench_report((max(1, papers // 4), papers), say)], format)
        return
    if what == "corpus":
        from secateur.bench.corpus import bench_corpus

        if folder is not None and not folder.is_dir():
            raise UsageError(f"there is no folder {folder}")
        with Progress("bench corpus") as progress:
            of_corpus = bench_corpus(progress, memory_papers=memory, folder=folder)
        print_rows([asdict(row) for row in of_corpus], format)
        return
    if what == "ingest":
        from secateur.bench.ingest import bench_ingest

        with Progress("bench ingest") as progress:
            measured = bench_ingest(papers, progress)
        print_rows([asdict(row) for row in measured], format)
        return
    if what == "seeds":
        from secateur.bench.seeds import bench_seeds

        with Progress("bench seeds") as progress:
            of_seeds = bench_seeds(epochs, progress)
        print_rows([asdict(of_seeds)], format)
        return
    if what != "kernels":
        raise UsageError(f"bench measures ingest, corpus, kernels, analysis, report or seeds, not {what!r}")
    from validate.kernels.bench.suites import Setting, run_suite

    setting = Setting(suite, mask, tuple(sparsity or ()), cold, threads, seconds)
    with Progress("bench kernels") as progress:
        done: list[object] = []

        def told(row: object) -> None:
            done.append(row)
            progress(len(done), None)

        rows = run_suite(setting, told)
    if (format or default_format(sys.stdout)) is Format.TABLE:
        print_rows([row.in_short() for row in rows], Format.TABLE, title="ratios: seconds of the other over ours")
        return
    print_rows([asdict(row) for row in rows], format)
