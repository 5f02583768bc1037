"""label: which papers to ask a person about, what the person says, and a tagger that learns from it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from corpus.knowledge import load_knowledge
from db.labels import (
    LABEL_FACETS,
    Answer,
    all_answers,
    candidates,
    known_papers,
    labelled_texts,
    save_answers,
)
from secateur.commands.asking import paper_identifier
from secateur.commands.common import DbOption, FormatOption, UsageError, readable, settings_for, utc_now, writable
from secateur.output import Format, print_rows, say
from secateur.settings import Settings

label = typer.Typer(help="A person's labels, which win over the tagger's.", invoke_without_command=True)
LabellerOption = Annotated[str | None, typer.Option("--labeller", help="Who says so; by default your user name.")]
POOL = 20
"""So many papers are looked at for each one that is offered."""
LINE_COLUMNS = ("id", *LABEL_FACETS, "labeller", "at", "note")


@label.callback()
def _help_by_default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@label.command("next")
def next_papers(
    context: typer.Context,
    count: Annotated[int, typer.Argument(metavar="N", min=1, help="How many papers.")] = 10,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """The papers whose labels would teach most: those the tagger is unsure of, and unlike each other."""
    from corpus.learning.choice import choose

    with readable(settings_for(context, db=db)).connect() as connection:
        pool = candidates(connection, POOL * count)
    texts = [f"{paper.title}\n{paper.abstract}" for paper in pool]
    chosen = choose(texts, [paper.confidence for paper in pool], count)
    rows = [
        {"arxiv_id": paper.arxiv_id, "relevance": paper.relevance, "confidence": paper.confidence}
        | {"title": paper.title, "abstract": paper.abstract}
        for paper in (pool[place] for place in chosen)
    ]
    print_rows(rows, format, columns=("arxiv_id", "relevance", "confidence", "title", "abstract"))


@label.command("set")
def set_labels(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="An arXiv identifier.")],
    answers: Annotated[
        list[str],
        typer.Argument(
            metavar="FACET=VALUE", help="Repeat a facet for several values; FACET= says that there is none."
        ),
    ],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    labeller: LabellerOption = None,
    db: DbOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Store what a person says of a paper; it stands in place of the tagger's answer."""
    from secateur.labels import answer

    values: dict[str, list[str]] = {}
    for pair in answers:
        facet, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"an answer is FACET=VALUE, not {pair!r}")
        values.setdefault(facet.strip(), []).extend([value.strip()] if value.strip() else [])
    if "claims" in values:
        raise UsageError("claims have too many parts for the command line; `secateur import labels` takes them")
    settings = settings_for(context, db=db)
    readable(settings).dispose()
    knowledge, arxiv_id, who = load_knowledge(), paper_identifier(paper), labeller or getpass.getuser()
    given = [
        answer(arxiv_id, facet, tuple(of_facet), who, utc_now(), note, knowledge) for facet, of_facet in values.items()
    ]
    with writable(settings).begin() as connection:
        save_answers(connection, given)
    rows = [{"arxiv_id": arxiv_id, "facet": one.facet, "values": list(one.values), "labeller": who} for one in given]
    print_rows(rows, format)


@label.command("export")
def export_labels(context: typer.Context, db: DbOption = None, format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    """Every label, one line a paper and labeller, as `secateur import labels` takes them."""
    from secateur.labels import label_lines

    with readable(settings_for(context, db=db)).connect() as connection:
        lines = label_lines(all_answers(connection))
    print_rows(lines, format, columns=LINE_COLUMNS)


def import_labels(settings: Settings, file: Path, labeller: str | None, wanted: Format | None) -> None:
    """Store the labels of a file; those of papers that are not in the corpus are counted and left out."""
    from secateur.labels import load_labels

    answers = load_labels(file, labeller or getpass.getuser(), utc_now(), load_knowledge())
    with writable(settings).begin() as connection:
        here = known_papers(connection, {given.arxiv_id for given in answers})
        stored: list[Answer] = [given for given in answers if given.arxiv_id in here]
        new = save_answers(connection, stored)
    absent = sorted({given.arxiv_id for given in answers} - here)
    if absent:
        say(f"{len(absent)} papers of {file} are not in the corpus, such as {', '.join(absent[:3])}")
    counts = {"papers": len(here), "answers": len(stored), "new": new, "papers not in the corpus": len(absent)}
    print_rows([counts], wanted, columns=tuple(counts))


@label.command("train")
def train(context: typer.Context, db: DbOption = None, format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    """Move the tagger's weights by the labels of relevance, and print how its scores change on held-out labels."""
    from corpus.learning.adaptation import adapt, change_in_scores
    from corpus.tagging import load_model
    from corpus.tagging.relevance import save_model
    from corpus.tagging.training import Example

    settings = settings_for(context, db=db)
    with readable(settings).connect() as connection:
        examples = [
            Example(text.arxiv_id, text.title, text.abstract, text.relevance) for text in labelled_texts(connection)
        ]
    shipped = load_model()
    try:
        scores = change_in_scores(shipped, examples)
    except ValueError as error:
        raise UsageError(str(error)) from error
    rows = [
        {"score": score.name, "better": score.better, "shipped": score.before, "trained": score.after}
        | {"change": score.after - score.before, "labels": len(examples)}
        for score in scores
    ]
    print_rows(rows, format)
    loss = next(score for score in scores if score.name == "log loss")
    if loss.after >= loss.before:
        say("training does not help on labels that it has not seen, so the tagger stays as it is")
        return
    settings.own_tagger.parent.mkdir(parents=True, exist_ok=True)
    save_model(adapt(shipped, examples).relevance, settings.own_tagger)
    say(f"wrote {settings.own_tagger}; `secateur tag` tags every paper again with it")
