"""What names of rows, blank names and the paper's other tables say of method and network (all figures are invented)."""

from typing import Any

import pytest

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object

TABLE = r"\begin{table}\caption{%s}\label{%s}\begin{tabular}{%s}\toprule %s \\ \bottomrule\end{tabular}\end{table}"
PAPER = r"""\documentclass{article}
\title{Pruning by Moss Scores}
\begin{document}\begin{abstract}%s\end{abstract}\section{Experiments}
%s
\end{document}"""


def results(*tables: str, abstract: str = "We propose MossCut, a pruning method.") -> list[dict[str, Any]]:
    source = PAPER % (abstract, "\n".join(tables))
    found: list[dict[str, Any]] = document_object(read_latex({"main.tex": source.encode()}), load_knowledge())[
        "results"
    ]
    return found


def test_a_blank_method_above_named_ones_is_the_dense_network() -> None:
    rows = r"""Model & Method & Wikitext2 \\ \midrule LLaMA-2 7B & -- & 5.12 \\ & SparseGPT & 10.42 \\ & MossCut & 6.72
    \\ \midrule LLaMA-3 8B & -- & 5.75 \\ & MossCut & 8.58"""
    found = results(TABLE % ("2:4 sparsity.", "t", "llc", rows))
    assert [(result["model"], result["role"]) for result in found] == [
        ("LLaMA-2-7B", "dense"),
        ("LLaMA-2-7B", "baseline"),
        ("LLaMA-2-7B", "proposed"),
        ("LLaMA-3-8B", "dense"),
        ("LLaMA-3-8B", "proposed"),
    ]


def test_a_network_with_its_backbone_in_brackets_is_one_dense_network() -> None:
    rows = r"""Network & mIoU \\ \midrule DeepLabV3 (ResNet-50) & 79.3 \\ + FPGM 60\% & 76.0 \\ + MossCut 60\% & 78.6"""
    found = results(TABLE % ("Cityscapes.", "t", "lc", rows))
    assert [(result["role"], result["sparsity"]) for result in found] == [
        ("dense", 0.0),
        ("baseline", 0.6),
        ("proposed", 0.6),
    ]
    assert len({result["model"] for result in found}) == 1


def test_a_table_without_network_is_of_the_one_that_its_data_set_has_elsewhere() -> None:
    first = TABLE % ("ResNet-50 on ImageNet.", "a", "lc", r"Method & Top-1 \\ \midrule ThiNet & 72.0 \\ MossCut & 75.8")
    other = (
        r"Method & Top-1 \\ \midrule ResNet-56 & 93.3 \\ HRank & 93.2 \\ \midrule ResNet-56 & 93.3 \\ MossCut & 93.5"
    )
    second = TABLE % ("CIFAR-10.", "b", "lc", other)
    third = TABLE % ("ImageNet, large budgets.", "c", "lc", r"Method & Top-1 \\ \midrule FPGM & 76.1 \\ MossCut & 76.6")
    assert [result["model"] for result in results(first, second, third)][-2:] == ["ResNet-50", "ResNet-50"]


@pytest.mark.parametrize(("name", "method"), [(r"RigL$_{5\times}$", "RigL"), ("EagleEye-3G", "EagleEye")])
def test_lengths_and_budgets_behind_names(name: str, method: str) -> None:
    found = results(
        TABLE % ("ResNet-50 on ImageNet.", "t", "lc", rf"Method & Top-1 \\ \midrule {name} & 76.1 \\ GMP & 75")
    )
    assert found[0]["method_canonical"] == method


def test_a_uniform_baseline_is_no_dense_network() -> None:
    rows = r"""& \multicolumn{2}{c}{Uniform baseline} & \multicolumn{2}{c}{MossCut} \\
    Ratio & Top-1 & FLOPs & Top-1 & FLOPs \\ \midrule
    0.75$\times$ & 68.4\% & 325M & 70.9\% & 324M \\ 0.5$\times$ & 63.7\% & 149M & 66.1\% & 149M"""
    found = results(TABLE % ("MobileNetV1 on ImageNet.", "t", "lcccc", rows))
    assert {result["role"] for result in found} == {"baseline", "proposed"}


def test_two_accuracies_close_to_each_other_are_not_of_two_ranks() -> None:
    rows = r"""Strategy & 2$\times$ & 4$\times$ \\ \midrule
    Random & 93.3 / 93.5 & 91.0 / 91.4 \\ MossCut & 93.6 / 93.7 & 92.7 / 92.9"""
    found = results(TABLE % ("Top-1 of ResNet-56 on CIFAR-10, uniform / learned.", "t", "lcc", rows))
    assert {result["metric"] for result in found} == {"top1_accuracy"}


def test_a_name_with_a_slash_is_the_papers_own() -> None:
    found = results(
        TABLE % ("ResNet-50 on ImageNet.", "t", "lc", r"Method & Top-1 \\ \midrule GMP & 75.6 \\ MO/SS & 76.1"),
        abstract="We propose MO/SS, a pruning method.",
    )
    assert [(result["method_canonical"], result["role"]) for result in found] == [
        ("GMP", "baseline"),
        ("MO/SS", "proposed"),
    ]


def test_slicing_left_of_results_is_what_was_removed() -> None:
    rows = r"Method & Slicing & 7B & 13B \\ \midrule Dense & -- & 5.47 & 4.88 \\ MossCut & 25\% & 7.24 & 6.30"
    found = results(TABLE % ("LLaMA-2 on WikiText-2.", "t", "llcc", rows))
    assert [result["sparsity"] for result in found] == [0.0, 0.0, 0.25, 0.25]


def test_a_name_marked_as_dense_in_one_table_is_dense_in_the_others() -> None:
    first = TABLE % (
        r"ResNet-18 at 90\% sparsity.",
        "a",
        "lc",
        r"Method & Top-1 \\ \midrule FedAvg (dense) & 78.3 \\ MossCut & 75.8",
    )
    second = TABLE % (
        r"Costs at 90\% sparsity.",
        "b",
        "lc",
        r"Method & Energy (J) \\ \midrule FedAvg & 45.2 \\ MossCut & 18.8",
    )
    assert [result["role"] for result in results(first, second)] == ["dense", "proposed"] * 2


def test_a_metric_leads_to_data_set_and_network_of_the_table_that_has_it() -> None:
    first = TABLE % (
        "Whisper-small on LibriSpeech.",
        "a",
        "lc",
        r"Method & WER \\ \midrule Wanda & 6.2 \\ MossCut & 4.1",
    )
    second = TABLE % (
        "DiT-XL/2 on ImageNet.",
        "b",
        "lc",
        r"Method & FID \\ \midrule Diff-Pruning & 9.8 \\ MossCut & 4.5",
    )
    third = TABLE % ("Number of samples.", "c", "lcc", r"Samples & 16 & 64 \\ \midrule FID & 6.2 & 5.0")
    found = results(first, second, third)[-2:]
    assert [(result["dataset"], result["model"]) for result in found] == [("ImageNet", "DiT-XL/2")] * 2


def test_development_sets_are_no_deviations() -> None:
    rows = r"& \multicolumn{2}{c}{TED-LIUM} \\ Method & test & dev \\ \midrule Dense & 4.3 & 4.1 \\ MossCut & 5.0 & 4.8"
    found = results(TABLE % ("Word error rates of Whisper-small.", "t", "lcc", rows))
    assert [result["value"] for result in found] == [4.3, 4.1, 5.0, 4.8]


def test_a_part_taken_away_in_one_table_names_no_other_table() -> None:
    first = TABLE % (
        "Parts of MossCut.",
        "a",
        "lc",
        r"Method & BLEU \\ \midrule MossCut & 27.2 \\ no gates on heads & 26.9",
    )
    second = TABLE % (
        "BLEU when heads are pruned.",
        "b",
        "lc",
        r"Heads left & WMT14 En-De \\ \midrule 28 & 27.3 \\ 10 & 27.1",
    )
    assert {result["method_canonical"] for result in results(first, second)} == {"MossCut"}


def test_depths_in_a_column_without_head_are_networks() -> None:
    rows = r"""& Method & Top-1 \\ \midrule 18 & FPGM & 68.4 \\ 18 & MossCut & 68.9 \\
    50 & FPGM & 75.6 \\ 50 & MossCut & 76.0"""
    found = results(TABLE % ("Pruned ResNets on ImageNet.", "t", "clc", rows))
    assert [result["model"] for result in found] == ["ResNet-18", "ResNet-18", "ResNet-50", "ResNet-50"]
    assert {result["dataset"] for result in found} == {"ImageNet"}


def test_shares_in_brackets_behind_names_are_what_the_caption_says() -> None:
    rows = r"model & PIQA & SciQ \\ \midrule w/o tuning (100\%) & 77.4 & 89.7 \\ PIQA specialised (40\%) & 77.6 & 81.1"
    caption = r"LLaMA-7B. The percentage in parentheses is that of the parameters that remain."
    found = results(TABLE % (caption, "t", "lcc", rows))
    assert [result["sparsity"] for result in found] == [0.0, 0.0, 0.6, 0.6]
