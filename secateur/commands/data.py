"""data: the data sets that claims are re-run on, and text and models of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from secateur.commands.common import FormatOption, UsageError, settings_for
from secateur.output import Progress, print_rows, say
from validate.engine.data.added import add, added
from validate.engine.data.download import download
from validate.engine.data.files import ChecksumError, MissingAssetError, present, source_of, sources, take_from
from validate.engine.data.registry import BUILT_IN
from validate.engine.data.wheel import PACKAGE, mnist_from_pypi, mnist_from_wheel

data = typer.Typer(help="Data sets that claims are re-run on.", no_args_is_help=True)
FolderOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The folder of the data; by default the user's.")
]


@data.command("list")
def list_data(context: typer.Context, folder: FolderOption = None, format: FormatOption = None) -> None:  # noqa: A002 - the option's name
    """Every data set, and whether it is here; files are checked."""
    place = settings_for(context, data=folder).data_folder
    rows = [{"name": "digits", "state": "here", "path": None, "title": "1,797 handwritten digits, in scikit-learn"}]
    for name, source in sources().items():
        rows.append({"name": name, "state": _state(name, place), "path": str(place / name), "title": source.title})
    rows += [
        {"name": name, "state": "added", "path": str(entry.path), "title": f"sha256 {entry.sha256}"}
        for name, entry in added(place).items()
    ]
    print_rows(rows, format)


def _state(name: str, folder: Path) -> str:
    try:
        present(name, folder)
    except MissingAssetError:
        return "to get"
    except ChecksumError as error:
        say(f"secateur: {error}")
        return "to get"
    return "here"


@data.command("get")
def get_data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist, fashion-mnist or cifar-10.")],
    from_pypi: Annotated[
        bool, typer.Option("--from-pypi", help=f"MNIST from the wheel {PACKAGE}, read without running its code.")
    ] = False,
    given: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR|WHEEL", help="Take the files, packed or not, from here instead."),
    ] = None,
    folder: FolderOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Fetch a data set, go on where an earlier call broke off, and check every file."""
    place = settings_for(context, data=folder).data_folder
    source = source_of(name)
    wheel = given is not None and given.suffix == ".whl"
    if (from_pypi or wheel) and name != "mnist":
        raise UsageError(f"the wheel holds MNIST, not {name}")
    if from_pypi and given is not None:
        raise UsageError("--from-pypi and --from name two sources: give one")
    installed = next((Path(one) for one in source.folders if Path(one).is_dir()), None)
    if from_pypi:
        paths = mnist_from_pypi(place)
    elif given is not None and wheel:
        paths = mnist_from_wheel(given, place)
    elif given is not None:
        paths = take_from(name, given, place)
    elif installed is not None:
        paths = take_from(name, installed, place)
    else:
        with Progress(f"data get {name}") as progress:
            paths = download(name, place, lambda there, total: progress(there, total or there))
    print_rows([{"file": str(path), "bytes": path.stat().st_size, "checked": True} for path in paths], format)


@data.command("add")
def add_data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that a claim calls it by.")],
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with train and test (.txt or .npy), or a model's folder.")
    ],
    sha256: Annotated[str | None, typer.Option(metavar="HEX", help="The checksum that it has to have.")] = None,
    folder: FolderOption = None,
    format: FormatOption = None,  # noqa: A002 - the option's name
) -> None:
    """Name text or a model of one's own, which stays where it is; claims that use it are frozen with its checksum."""
    if name in sources() or name in BUILT_IN:
        raise UsageError(f"{name} is a data set of Secateur's; choose another name")
    entry = add(name, path, settings_for(context, data=folder).data_folder, sha256)
    print_rows([{"name": name, "path": str(entry.path), "sha256": entry.sha256}], format)
