"""Who compares with whom, checked against the counts that Blalock et al. 2020 print."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest

from analysis.comparisons import (
    centre_by_year,
    comparison_graph,
    edge_table,
    fragmentation,
    graph_of,
    missing_comparisons,
    paper_degrees,
    plot_comparisons,
    summarise,
    write_graphml,
)

Make = Callable[..., pd.DataFrame]
RIGL = "1911.11134"


@pytest.fixture(scope="module")
def blalock(shared: Path) -> nx.DiGraph:
    raw = pd.read_csv(shared / "data" / "blalock2020" / "Papers.csv", encoding="utf-8-sig")
    pairs = [
        {"arxiv_id": row["Name"], "compared_with": name.strip()}
        for row in raw.to_dict("records")
        for name in str(row["Compares To"]).split(",")
        if name.strip() in set(raw["Name"])
    ]
    return graph_of(pd.DataFrame({"arxiv_id": raw["Name"], "title": raw["Name"]}), pd.DataFrame(pairs))


def test_summary_of_the_corpus_of_blalock_2020(blalock: nx.DiGraph) -> None:
    summary = summarise(blalock)
    assert (summary.papers, summary.comparisons) == (81, 173)
    assert (summary.with_none, summary.with_at_most_one, summary.with_at_most_three) == (21, 43, 64)
    assert summary.never_compared_with == 33
    assert round(100 * summary.with_at_most_three / summary.papers, 1) == 79.0


def test_most_compared_with_of_blalock_2020(blalock: nx.DiGraph) -> None:
    top = paper_degrees(blalock).head(6).set_index("arxiv_id")["compared_by"]
    assert top.to_dict() == {
        "pruning-filters": 20,
        "learning-both": 18,
        "channel-lasso-lstsq": 10,
        "thinet-channel-norms": 9,
        "sparse-variational-dropout": 8,
        "network-slimming": 7,
    }


def test_fragmentation_of_blalock_2020(shared: Path) -> None:
    raw = pd.read_csv(shared / "data" / "blalock2020" / "Results.csv", encoding="utf-8-sig")
    frame = raw.rename(columns={"Paper": "arxiv_id", "Dataset": "dataset", "Model": "model"})
    known = frame[(frame["dataset"] != "???") & (frame["model"] != "???")]
    assert len(fragmentation(known)) == 196
    counted = fragmentation(known[known["arxiv_id"] != "lempitsky-fast-convnets"])
    assert (counted["dataset"].nunique(), counted["model"].nunique(), len(counted)) == (49, 132, 195)
    papers = fragmentation(known).set_index(["dataset", "model"])["n_papers"]
    assert (papers["ImageNet", "VGG-16"], papers["ImageNet", "ResNet-50"], papers["CIFAR-10", "ResNet-56"]) == (
        22,
        15,
        14,
    )
    assert ((papers >= 4).sum(), (papers >= 2).sum()) == (14, 43)


def corpus(*ids: str, **more: Any) -> pd.DataFrame:
    day = [pd.Timestamp(2000 + int(name[:2]), int(name[2:4]), 1) for name in ids]
    return pd.DataFrame(
        {"arxiv_id": ids, "title": [f"Paper {name}" for name in ids], "submitted": day, "relevance": "core"}
        | {"synthetic": False}
        | more
    )


def tag_rows(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["arxiv_id", "facet", "value"]).astype(object)
    return frame.assign(canonical=None)


def citation_rows(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arxiv_id", "key", "cited_arxiv_id"]).astype(object)


def test_the_citation_in_the_row_decides_before_the_name(make_results: Make) -> None:
    results = make_results(
        {"arxiv_id": "2101.00001", "method": "SET", "method_canonical": "SET", "cited": "other2020set"},
        {"arxiv_id": "2101.00001", "method": "RigL", "method_canonical": "RigL", "cited": "unmatched"},
        {"arxiv_id": "2101.00001", "method": "FlatPrune", "role": "baseline"},
        {"arxiv_id": "2101.00001", "method": "Random pruning", "method_canonical": "Random pruning"},
        {"arxiv_id": "2101.00001", "method": "Mine (ours)", "role": "proposed"},
    )
    graph = comparison_graph(
        corpus("2001.00009", "2101.00001"),
        tag_rows(("2001.00009", "proposed", "flatprune"), ("2101.00001", "proposed", "Mine")),
        results,
        citation_rows(("2101.00001", "other2020set", "2002.12345"), ("2101.00001", "unmatched", None)),
    )
    edges = edge_table(graph).set_index("compared_with")["resolved_by"].to_dict()
    assert edges == {"2002.12345": "citation", RIGL: "knowledge", "2001.00009": "proposed"}
    assert not graph.nodes[RIGL]["in_corpus"]


def test_a_row_that_cites_another_paper_is_a_comparison_whatever_its_role(make_results: Make) -> None:
    results = make_results(
        {"arxiv_id": "2101.00001", "method": "NewCut", "role": "proposed", "cited": "newcut"},
        {"arxiv_id": "2101.00001", "method": "RigL", "method_canonical": "RigL", "role": "proposed"},
        {"arxiv_id": "2101.00001", "method": "Dense", "role": "dense", "cited": "resnet"},
    )
    citations = citation_rows(("2101.00001", "newcut", "2002.12345"), ("2101.00001", "resnet", "1512.03385"))
    graph = comparison_graph(corpus("2101.00001"), tag_rows(), results, citations)
    assert list(graph.edges) == [("2101.00001", "2002.12345")]


def test_a_name_that_two_papers_propose_makes_no_edge(make_results: Make) -> None:
    tags = tag_rows(("2001.00009", "proposed", "CUT"), ("2002.00009", "proposed", "CUT"))
    results = make_results({"arxiv_id": "2101.00001", "method": "CUT"})
    graph = comparison_graph(corpus("2001.00009", "2002.00009", "2101.00001"), tags, results, citation_rows())
    assert graph.number_of_edges() == 0


def test_unread_papers_are_not_said_to_compare_with_none(make_results: Make) -> None:
    results = make_results({"arxiv_id": "2101.00001"})
    graph = comparison_graph(corpus("2001.00009", "2101.00001"), tag_rows(), results, citation_rows())
    assert summarise(graph).papers == 1


def with_neighbours(make_results: Make, *, target: str, newest: str) -> nx.DiGraph:
    """Three papers compare with ``target`` by citation; ``newest`` has the same structure and task and does not."""
    neighbours = ["2101.00001", "2102.00001", "2103.00001"]
    rows = [{"arxiv_id": name, "method": "B", "cited": "b"} for name in neighbours]
    results = make_results(*rows, {"arxiv_id": newest, "method": "Mine", "role": "proposed"})
    tags = tag_rows(*[(name, "structure", "unstructured") for name in [*neighbours, newest]])
    citations = citation_rows(*[(name, "b", target) for name in neighbours])
    return comparison_graph(corpus(*neighbours, newest), tags, results, citations)


def test_a_comparison_that_all_neighbours_made_is_missing(make_results: Make) -> None:
    missing = missing_comparisons(with_neighbours(make_results, target=RIGL, newest="2106.00001"))
    assert missing[["arxiv_id", "missing", "neighbours", "using"]].to_numpy().tolist() == [["2106.00001", RIGL, 3, 3]]


def test_what_was_not_public_half_a_year_before_is_not_missing(make_results: Make) -> None:
    assert missing_comparisons(with_neighbours(make_results, target="2101.09999", newest="2106.00001")).empty
    assert missing_comparisons(with_neighbours(make_results, target=RIGL, newest="2406.00001")).empty


def test_graphml_and_csv_hold_the_same_edges(make_results: Make, tmp_path: Path) -> None:
    graph = with_neighbours(make_results, target=RIGL, newest="2106.00001")
    write_graphml(graph, tmp_path / "graph.graphml")
    again = nx.read_graphml(tmp_path / "graph.graphml")
    table = edge_table(graph)
    assert set(again.edges) == set(zip(table["arxiv_id"], table["compared_with"], strict=True))
    assert again.number_of_edges() == 3
    assert again.nodes["2106.00001"]["title"] == "Paper 2106.00001"


def test_plot_shows_the_most_compared_with_on_top(blalock: nx.DiGraph) -> None:
    ax = plot_comparisons(blalock, rows=5)
    assert ax.get_yticklabels()[-1].get_text() == "pruning-filters"
    assert ax.patches[-1].get_width() == 20


def test_the_centre_of_each_year_is_what_its_papers_compare_with(make_results: Make) -> None:
    graph = with_neighbours(make_results, target=RIGL, newest="2206.00001")
    graph.add_edge("2206.00001", "2101.00001", method="Other", resolved_by="citation")
    centre = centre_by_year(graph).set_index("year")
    assert centre.loc[2021, ["arxiv_id", "compared_by", "comparing", "share"]].tolist() == [RIGL, 3, 3, 1.0]
    assert centre.loc[2022, "arxiv_id"] == "2101.00001"
    assert centre.loc[2021, "age"] == pytest.approx(2021.5 - (2019 + 331 / 365.25), abs=0.01)


def test_neighbours_are_bounded_to_the_nearest_in_time(make_results: Make) -> None:
    """Sixty early papers use one method, fifty late ones another: the late paper is held to its own time."""
    early = [f"2001.{number:05d}" for number in range(60)]
    late = [f"2101.{number:05d}" for number in range(60)]
    rows = [{"arxiv_id": name, "method": "B", "cited": "b"} for name in [*early, *late]]
    results = make_results(*rows, {"arxiv_id": "2102.00001", "method": "Mine", "role": "proposed"})
    tags = tag_rows(*[(name, "structure", "unstructured") for name in [*early, *late, "2102.00001"]])
    cited = [(name, "b", "1810.00001") for name in early] + [(name, "b", RIGL) for name in late]
    graph = comparison_graph(corpus(*early, *late, "2102.00001"), tags, results, citation_rows(*cited))
    missing = missing_comparisons(graph)
    mine = missing[missing["arxiv_id"] == "2102.00001"]
    assert mine[["missing", "neighbours", "using"]].to_numpy().tolist() == [[RIGL, 50, 50]]


def test_comparisons_that_a_survey_states_are_edges(make_results: Make) -> None:
    stated = pd.DataFrame(
        [("2101.00001", RIGL, "survey"), ("2001.00009", None, "survey")],
        columns=["arxiv_id", "compared_with", "source"],
        dtype=object,
    )
    graph = comparison_graph(
        corpus("2001.00009", "2101.00001"), tag_rows(), make_results(), citation_rows(), stated=stated
    )
    assert edge_table(graph)[["arxiv_id", "compared_with", "resolved_by"]].to_numpy().tolist() == [
        ["2101.00001", RIGL, "import"]
    ]
    assert (summarise(graph).papers, summarise(graph).with_none) == (2, 2)
