"""Reading and extraction against the typed e-prints, scored by their own scorer; floors are what is reached today."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from corpus.extraction import extract_path
from corpus.knowledge import load_knowledge
from corpus.reading.output import extraction_object, read_path

GRIDS = 0.98
TUPLES = 0.94
IDIOMS = Path(__file__).parent / "eprints"
IDIOM_GRIDS = 0.975
IDIOM_TUPLES = 0.985


@pytest.fixture(scope="module")
def scorer(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_results", shared / "tools" / "score_results.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["tex", "html"])
def papers(request: pytest.FixtureRequest, shared: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Gold and reading of each paper, from its source and from its page."""
    folder = shared / "data" / "gold"
    knowledge = load_knowledge()
    read = []
    for path in sorted((folder / "tex_dev").glob("*/gold.json")):
        name = path.parent.name
        paper = path.parent if request.param == "tex" else folder / "html_dev" / f"{name}.html"
        read.append((json.loads(path.read_text()), read_path(paper, knowledge)))
    return read


def test_grids_are_those_of_the_gold(scorer: ModuleType, papers: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    counts = [scorer.score_grids(gold, read) for gold, read in papers]
    assert sum(same for same, _ in counts) >= GRIDS * sum(tables for _, tables in counts)


def test_tuples_are_those_of_the_gold(scorer: ModuleType, papers: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    scores = [scorer.score_paper(gold, read) for gold, read in papers]
    total = {name: sum(score[name] for score in scores) for name in ("right", "predicted", "gold")}
    assert scorer.prf(**total)["f1"] >= TUPLES


def test_proposed_methods_are_those_of_the_gold(papers: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    right = sum(read["paper"]["proposed"][:1] == gold["paper"]["proposed"][:1] for gold, read in papers)
    assert right >= len(papers) - 1


@pytest.fixture(scope="module")
def idioms() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """E-prints in idioms that the reader was not written against; their README has the scores."""
    knowledge = load_knowledge()
    return [
        (
            json.loads(path.read_text()),
            extraction_object(extract_path(path.parent, knowledge, on_pruning=True), knowledge),
        )
        for path in sorted(IDIOMS.glob("*/gold.json"))
    ]


def test_grids_of_other_idioms_are_those_of_the_gold(
    scorer: ModuleType, idioms: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    counts = [scorer.score_grids(gold, read) for gold, read in idioms]
    assert sum(same for same, _ in counts) >= IDIOM_GRIDS * sum(tables for _, tables in counts)


def test_tuples_of_other_idioms_reach_their_floor(
    scorer: ModuleType, idioms: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    scores = [scorer.score_paper(gold, read) for gold, read in idioms]
    total = {name: sum(score[name] for score in scores) for name in ("right", "predicted", "gold")}
    assert scorer.prf(**total)["f1"] >= IDIOM_TUPLES


def test_no_rival_is_taken_for_the_papers_own(idioms: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for gold, read in idioms:
        rivals = {result["method_canonical"] for result in gold["results"] if result["role"] == "baseline"}
        own = {result["method_canonical"] for result in read["results"] if result["role"] == "proposed"}
        assert not rivals & own
