"""Places of the comparison graph: by date and structure, none twice, and the same for the same graph."""

from typing import Any

import networkx as nx
import pandas as pd

from analysis.comparison_layout import comparison_layout, plot_comparison_layout, year_ticks


def graph(papers: int) -> nx.DiGraph:
    made = nx.DiGraph()
    for number in range(papers):
        facts: dict[str, Any] = {"title": f"Paper {number}", "in_corpus": True, "synthetic": False}
        facts["submitted"] = pd.Timestamp(2018, 1, 1) + pd.DateOffset(months=number % 90)
        facts["structure"] = [["unstructured"], ["filter-channel", "head"], []][number % 3]
        made.add_node(f"1801.{number:05d}", **facts)
    names = list(made)
    for number, name in enumerate(names[1:], start=1):
        made.add_edge(name, names[number // 7])
    made.add_node("9901.00001", in_corpus=False)
    made.add_edge(names[-1], "9901.00001")
    made.add_node("alone", title="Alone", in_corpus=True, submitted=pd.Timestamp(2018, 1, 1), structure=[])
    return made


def test_no_two_of_three_thousand_papers_stand_at_one_place() -> None:
    layout = comparison_layout(graph(3000))
    assert len(layout) == 3000
    assert not layout.duplicated(["x", "y"]).any()
    assert layout["lane"].value_counts().to_dict() == {
        "unstructured": 1000,
        "filter-channel": 1000,
        "not settled": 1000,
    }


def test_time_goes_from_left_to_right_and_lanes_do_not_touch() -> None:
    layout = comparison_layout(graph(300))
    assert layout["submitted"].is_monotonic_increasing
    assert layout["x"].is_monotonic_increasing
    lanes = layout.groupby("lane")["y"].agg(["min", "max"]).sort_values("min")
    assert (lanes["min"].to_numpy()[1:] > lanes["max"].to_numpy()[:-1] + 1).all()


def test_a_long_time_without_papers_takes_little_room() -> None:
    sparse = graph(30)
    sparse.add_node("9001.00001", title="Early", in_corpus=True, submitted=pd.Timestamp(1990, 1, 1), structure=[])
    sparse.add_edge("1801.00001", "9001.00001")
    layout = comparison_layout(sparse)
    assert layout["x"].tolist()[:3] == [0, 4, 5]
    assert year_ticks(layout) == [(1990, 0), (2019, 16), (2020, 28)]


def test_the_most_compared_with_of_a_month_stands_in_the_middle() -> None:
    layout = comparison_layout(graph(3000))
    for _, group in layout.groupby(["lane", "x"]):
        best = group.loc[group["compared_by"].idxmax()]
        assert abs(best["y"] - (group["y"].min() + group["y"].max()) / 2) <= 0.5


def test_an_empty_graph_and_a_large_one_can_be_drawn() -> None:
    assert comparison_layout(nx.DiGraph()).empty
    large = graph(3000)
    ax = plot_comparison_layout(comparison_layout(large), large)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["filter-channel", "not settled", "unstructured"]
