"""The dense network's results where tables print them beside names, and rows that are dense without the word."""

from typing import Any

import pytest

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object

PAPER = r"""\documentclass{article}
\title{MossCut: Pruning by Moss Scores}
\begin{document}\begin{abstract}We propose MossCut, a pruning method.\end{abstract}\section{Experiments}
\begin{table}\caption{%s}\label{t}\begin{tabular}{%s}%s\end{tabular}\end{table}
\end{document}"""


def results(caption: str, columns: str, rows: str) -> list[dict[str, Any]]:
    source = PAPER % (caption, columns, rows)
    found: list[dict[str, Any]] = document_object(read_latex({"main.tex": source.encode()}), load_knowledge())[
        "results"
    ]
    return found


def dense(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (result["model"], result["dataset"], result["metric"], result["value"], result["sparsity"])
        for result in found
        if result["role"] == "dense"
    ]


@pytest.mark.parametrize("head", ["ResNet50 -- 76.13", "ResNet-50 (76.13)", "ResNet-50 (dense: 76.13)"])
def test_heads_print_the_accuracy_of_the_dense_network(head: str) -> None:
    found = results(
        r"Top-1 accuracy on ImageNet.",
        "lcc",
        rf"""\toprule & \multicolumn{{2}}{{c}}{{{head}}} \\ Method & 80\% & 90\% \\ \midrule
        GMP & 74.8 & 71.4 \\ MossCut & 75.7 & 73.9 \\ \bottomrule""",
    )
    assert dense(found) == [("ResNet-50", "ImageNet", "top1_accuracy", 76.13, 0.0)]
    assert sorted(result["sparsity"] for result in found) == [0.0, 0.8, 0.8, 0.9, 0.9]


def test_group_rows_print_the_accuracy_of_the_dense_network() -> None:
    found = results(
        r"Top-1 accuracy by sparsity.",
        "lcc",
        r"""\toprule Method & 90\% & 95\% \\ \midrule \multicolumn{3}{l}{ResNet-20 / CIFAR-10 (91.8)} \\
        SNIP & 86.4 & 74.3 \\ MossCut & 88.0 & 81.9 \\ \bottomrule""",
    )
    assert dense(found) == [("ResNet-20", "CIFAR-10", "top1_accuracy", 91.8, 0.0)]


def test_sizes_and_shares_beside_a_name_are_no_results() -> None:
    found = results(
        r"Top-1 accuracy on ImageNet.",
        "lcc",
        r"""\toprule Method & \multicolumn{2}{c}{ResNet-50 (25.6M)} \\ & 80\% & 90\% \\ \midrule
        GMP & 74.8 & 71.4 \\ MossCut & 75.7 & 73.9 \\ \bottomrule""",
    )
    assert [result["value"] for result in found] == [74.8, 71.4, 75.7, 73.9]


def test_a_part_among_costs_is_not_the_network() -> None:
    found = results(
        r"Compressed Stable Diffusion v1.4 on COCO.",
        "lccc",
        r"""\toprule & \multicolumn{2}{c}{\# Params} & \\ Model & U-Net & Whole & FID \\ \midrule
        BK-SDM & 0.58B & 0.76B & 15.8 \\ MossCut & 0.49B & 0.66B & 14.9 \\ \bottomrule""",
    )
    assert {result["model"] for result in found} == {"Stable Diffusion v1.4"}


def test_capital_s_before_a_share_is_the_sparsity() -> None:
    found = results(
        r"ResNet-50 on ImageNet.",
        "lcc",
        r"\toprule Method & S = 0.8 & S = 0.9 \\ \midrule RigL & 75.1 & 73.0 \\ MossCut & 75.7 & 73.9 \\ \bottomrule",
    )
    assert [result["sparsity"] for result in found] == [0.8, 0.9, 0.8, 0.9]
