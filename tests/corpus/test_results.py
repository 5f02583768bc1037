"""Tables into results, on small papers of this test's own (all figures are invented)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object

PAPER = r"""\documentclass{article}\newcommand{\ours}{\textsc{MossCut}\xspace}
\title{MossCut: Pruning by Moss Scores}
\begin{document}\begin{abstract}We propose \ours, a pruning method.\end{abstract}\section{Experiments}
%s
\bibliography{refs}\end{document}"""


def read(body: str) -> dict[str, Any]:
    return document_object(read_latex({"main.tex": (PAPER % body).encode()}), load_knowledge())


def results(caption: str, columns: str, rows: str, text: str = "") -> list[dict[str, Any]]:
    tabular = rf"\begin{{tabular}}{{{columns}}}{rows}\end{{tabular}}"
    table = rf"\begin{{table}}\caption{{{caption}}}\label{{t}}{tabular}\end{{table}}"
    found: list[dict[str, Any]] = read(f"{text}\n\n{table}")["results"]
    return found


def at(found: list[dict[str, Any]], row: int, col: int) -> list[dict[str, Any]]:
    return [result for result in found if (result["row"], result["col"]) == (row, col)]


def the(found: list[dict[str, Any]], row: int, col: int) -> dict[str, Any]:
    (result,) = at(found, row, col)
    return result


def test_methods_in_rows_with_base_and_change() -> None:
    found = results(
        "ResNet-56 on CIFAR-10.",
        "lcccc",
        r"""\hline Method & Base (\%) & Pruned (\%) & Acc. drop & FLOPs $\downarrow$ (\%) \\ \hline
        HRank & 93.26 & 93.17 & 0.09 & 50.0 \\ \ours (ours) & 93.40 & 93.61 & $-$0.21 & 52.1 \\ \hline""",
    )
    base = the(found, 1, 1)
    assert (base["method"], base["method_canonical"], base["role"], base["sparsity"]) == ("HRank", "Dense", "dense", 0)
    pruned = the(found, 1, 2)
    assert (pruned["method_canonical"], pruned["metric"], pruned["dataset"], pruned["model"]) == (
        "HRank",
        "top1_accuracy",
        "CIFAR-10",
        "ResNet-56",
    )
    assert (the(found, 1, 3)["metric"], the(found, 1, 3)["value"], the(found, 1, 3)["printed"]) == (
        "accuracy_change",
        -0.09,
        "0.09",
    )
    assert the(found, 2, 3)["value"] == 0.21
    assert (the(found, 2, 4)["metric"], the(found, 2, 4)["role"]) == ("flops_reduction", "proposed")


def test_a_network_alone_among_methods_is_the_dense_one() -> None:
    found = results(
        "Pruning on ImageNet.",
        "lccc",
        r"\toprule Model & Top-1 & FLOPs (PR) & Params (PR) \\ \midrule ResNet-50 & 76.0 & 4.1G & 25.5M \\"
        r" HRank & 74.9 & 2.3G (43.8\%) & 16.1M (36.7\%) \\ \bottomrule",
    )
    assert the(found, 1, 1)["role"] == "dense"
    assert [(r["metric"], r["value"], r["unit"]) for r in at(found, 2, 3)] == [
        ("params", 16.1, "M"),
        ("params_reduction", 36.7, "%"),
    ]
    assert the(found, 2, 1)["sparsity"] == pytest.approx(0.367)


def test_sizes_below_a_family_and_patterns_in_rows() -> None:
    found = results(
        r"WikiText-2 perplexity at several patterns.",
        "llcc",
        r"""\toprule & & \multicolumn{2}{c}{LLaMA-2} \\ Sparsity & Method & 7B & 13B \\ \midrule
        0\% & Dense & 5.1 & 4.6 \\
        \multirow{2}{*}{2:4} & Wanda & 11.3 & 8.4 \\ & \ours & 10.9 & 8.1 \\ \bottomrule""",
    )
    wanda = the(found, 3, 3)
    assert (wanda["model"], wanda["dataset"], wanda["metric"]) == ("LLaMA-2-13B", "WikiText-2", "perplexity")
    assert (wanda["pattern"], wanda["sparsity"]) == ("2:4", 0.5)
    assert (the(found, 4, 2)["method_canonical"], the(found, 4, 2)["pattern"]) == ("MossCut", "2:4")
    assert (the(found, 2, 2)["role"], the(found, 2, 2)["sparsity"]) == ("dense", 0)


def test_the_network_of_a_baseline_row_holds_below_it() -> None:
    found = results(
        "Test accuracy on CIFAR-10.",
        "lcc",
        r"""\toprule Pruning ratio & 90\% & 98\% \\ \midrule
        VGG19 (Baseline) & 94.1 & - \\ SNIP & 93.5 & 92.0 \\ \midrule
        ResNet32 (Baseline) & 94.7 & - \\ SNIP & 92.4 & 87.3 \\ \bottomrule""",
    )
    assert (the(found, 2, 2)["model"], the(found, 2, 2)["sparsity"]) == ("VGG-19", 0.98)
    assert (the(found, 4, 1)["model"], the(found, 4, 1)["sparsity"]) == ("ResNet-32", 0.9)
    assert the(found, 3, 1)["role"] == "dense"


def test_methods_in_columns_and_metrics_in_rows() -> None:
    found = results(
        "ViT-B/16 on ImageNet, latency on an A100, batch size 8.",
        "lccc",
        r"""\toprule & Dense & Taylor & \ours \\ \midrule Top-1 (\%) & 81.1 & 78.0 & 79.5 \\
        Latency (ms) & 5.2$\pm$0.1 & 3.9$\pm$0.1 & 3.6$\pm$0.2 \\ \bottomrule""",
    )
    latency = the(found, 2, 3)
    assert (latency["method"], latency["role"], latency["metric"], latency["std"]) == (
        "MossCut",
        "proposed",
        "latency_ms",
        0.2,
    )
    assert (latency["device"], latency["batch"], latency["measured"]) == ("A100", "8", True)
    assert the(found, 1, 1)["role"] == "dense"


def test_remaining_weights_above_numbers_are_turned_around() -> None:
    found = results(
        "ResNet-18 on CIFAR-10, accuracy (\\%).",
        "lcc",
        r"\toprule & \multicolumn{2}{c}{Weights remaining} \\ Method & 10\% & 5\% \\ \midrule"
        r" SNIP & 91.2 & 89.0 \\ \bottomrule",
    )
    assert [round(result["sparsity"], 4) for result in found] == [0.9, 0.95]


def test_two_numbers_a_cell() -> None:
    found = results(
        "BERT-base on GLUE.",
        "lccc",
        r"\toprule Method & Sparsity & MNLI (m/mm) & QQP Acc/F1 \\ \midrule"
        r" Movement & 90\% & 80.1/80.5 & 89.6/86.3 \\ \bottomrule",
    )
    assert [(r["dataset"], r["value"]) for r in at(found, 1, 2)] == [("MNLI-m", 80.1), ("MNLI-mm", 80.5)]
    assert [(r["metric"], r["value"]) for r in at(found, 1, 3)] == [("accuracy", 89.6), ("f1", 86.3)]


def test_errors_before_and_after_with_a_ratio() -> None:
    found = results(
        "MNIST.",
        "llcr",
        r"\hline Network & Method & Error (reference $\to$ compressed) & Ratio \\ \hline"
        r" LeNet-5 & DNS & 0.91\% $\to$ 0.93\% & $108\times$ \\ & \ours & N/A $\to$ 0.81\% & $120\times$ \\ \hline",
    )
    before, after = at(found, 1, 2)
    assert (before["role"], before["value"], before["sparsity"]) == ("dense", 0.91, 0)
    assert (after["role"], after["value"], after["compression"]) == ("baseline", 0.93, 108.0)
    assert (the(found, 2, 2)["model"], the(found, 2, 2)["compression"]) == ("LeNet-5", 120.0)
    assert {result["metric"] for result in found} == {"error_rate"}


def test_what_only_the_text_says_is_assumed() -> None:
    text = r"Table~\ref{t} shows LLaMA-7B with half of the weights removed."
    found = results(
        "Perplexity of pruners.", "lc", r"\toprule Method & WikiText-2 \\ \midrule Wanda & 7.3 \\ \bottomrule", text
    )
    (result,) = found
    assert (result["sparsity"], result["model"]) == (0.5, "LLaMA-7B")
    assert result["assumed"] == ["model: from the text", "sparsity: from the text"]
    assert result["confidence"] < 0.95


@pytest.mark.parametrize(
    ("caption", "rows", "kind"),
    [
        (
            "Training settings.",
            r"\toprule Name & Value \\ \midrule Learning rate & 0.1 \\ Batch size & 64 \\ \bottomrule",
            "hyperparameters",
        ),
        (
            "Data sets.",
            r"\toprule Data set & Classes \\ \midrule CIFAR-10 & 10 \\ ImageNet & 1000 \\ \bottomrule",
            "other",
        ),
        ("Epochs spent.", r"\toprule Method & Total epochs \\ \midrule SNIP & 90 \\ \bottomrule", "other"),
    ],
)
def test_tables_without_results_have_none(caption: str, rows: str, kind: str) -> None:
    table = rf"\begin{{table}}\caption{{{caption}}}\begin{{tabular}}{{lc}}{rows}\end{{tabular}}\end{{table}}"
    found = read(table)
    assert found["results"] == []
    assert found["tables"][0]["kind"] == kind


def test_an_ablation_is_about_the_papers_own_method() -> None:
    found = results(
        "Effect of the threshold, ResNet-50 on ImageNet at 80\\% sparsity.",
        "cc",
        r"\toprule $\tau$ & Top-1 (\%) \\ \midrule 0.1 & 75.0 \\ 0.2 & 75.3 \\ \bottomrule",
    )
    assert {(r["method"], r["role"], r["sparsity"]) for r in found} == {("MossCut", "proposed", 0.8)}
    assert [r["variant"] for r in found] == ["τ=0.1", "τ=0.2"]


def test_every_reading_points_to_its_cell() -> None:
    found = read(
        r"\begin{table}\caption{ResNet-50 on ImageNet.}\label{t}\begin{tabular}{lc}\toprule Method & Top-1 \\ \midrule"
        r" SNIP & 70.1 \\ \bottomrule\end{tabular}\end{table}"
    )
    grid = found["tables"][0]["grid"]
    for result in found["results"]:
        assert str(result["value"]) in grid[result["row"]][result["col"]]


CELLS = st.sampled_from(
    [
        *(
            "Method",
            "Top-1",
            "Sparsity",
            "Ratio",
            "Dense",
            "Ours",
            "MossCut",
            "SNIP",
            "7B",
            "LLaMA-2",
            "Base",
            "Pruned",
        ),
        *("90\\%", "2:4", "93.1", "0.5", "-", "", "2.1$\\times$", "80.1/80.4", "1.2G (30\\%)", "N/A $\\to$ 1\\%"),
        *("FLOPs (PR)", "CIFAR-10", "ResNet-50", "Acc/F1", "EM", "Params", "Latency (ms)", "Avg.", "$^a$ 70\\% pruned"),
        *("\\multirow{2}{*}{VGG-16}", "\\multicolumn{2}{c}{PTB}"),
    ]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=7)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from(["", "Effect of x.", "ImageNet."]))
def test_any_table_is_read_without_an_error(rows: list[list[str]], caption: str) -> None:
    body = " \\\\ ".join(" & ".join(row) for row in rows)
    for result in results(caption, "lcccc", f"\\hline {body} \\\\ \\hline"):
        assert result["method"]
        assert result["metric"]
        assert 0 < result["confidence"] <= 1
