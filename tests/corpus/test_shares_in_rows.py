"""Where a row's own columns say how much was removed: by groups of columns, behind amounts, in names."""

from typing import Any

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object

PAPER = r"""\documentclass{article}
\title{MossCut: Pruning by Moss Scores}
\begin{document}\begin{abstract}We propose MossCut, a pruning method.\end{abstract}\section{Experiments}
%s
\begin{table}\caption{%s}\label{t}\begin{tabular}{%s}%s\end{tabular}\end{table}
\end{document}"""


MULTIPLES = r"""\toprule Criterion & $2\times$ & $4\times$ \\ \midrule
Random & -6.84 & -15.46 \\ MossCut & -0.17 & -2.02 \\ \bottomrule"""


def results(caption: str, columns: str, rows: str, text: str = "") -> list[dict[str, Any]]:
    source = PAPER % (text, caption, columns, rows)
    found: list[dict[str, Any]] = document_object(read_latex({"main.tex": source.encode()}), load_knowledge())[
        "results"
    ]
    return found


def test_each_group_of_columns_has_its_own_compression() -> None:
    found = results(
        r"Error on MNIST.",
        "lrrrr",
        r"""\toprule & \multicolumn{2}{c}{LeNet-300-100} & \multicolumn{2}{c}{LeNet-5} \\
        & Error & Compression & Error & Compression \\ \midrule
        DNS & 1.99 & $56\times$ & 0.91 & $108\times$ \\
        MossCut & 1.71 & $80\times$ & 0.84 & $140\times$ \\ \bottomrule""",
    )
    assert [(result["model"], result["compression"]) for result in found] == [
        ("LeNet-300-100", 56.0),
        ("LeNet-5", 108.0),
        ("LeNet-300-100", 80.0),
        ("LeNet-5", 140.0),
    ]


def test_each_group_of_columns_has_its_own_parameters_removed() -> None:
    found = results(
        r"VGG-16 on two data sets.",
        "lrrrr",
        r"""\toprule & \multicolumn{2}{c}{CIFAR-10} & \multicolumn{2}{c}{CIFAR-100} \\
        Method & Acc. & Params $\downarrow$ (\%) & Acc. & Params $\downarrow$ (\%) \\ \midrule
        HRank & 93.4 & 82.9 & 72.3 & 60.1 \\ MossCut & 93.9 & 83.3 & 73.0 & 61.2 \\ \bottomrule""",
    )
    accuracies = [result["sparsity"] for result in found if result["metric"] != "params_reduction"]
    assert accuracies == [0.829, 0.601, 0.833, 0.612]


def test_a_share_behind_an_amount_is_what_is_left_when_the_amounts_say_so() -> None:
    rows = r"""\toprule Method & Params & PPL \\ \midrule
    Dense & 66.0M & 78.4 \\ MossCut & 6.6M (10\%) & 79.1 \\ \bottomrule"""
    found = results(r"An LSTM on Penn Treebank.", "lcc", rows)
    assert [(result["metric"], result["value"], result["sparsity"]) for result in found[2:]] == [
        ("params", 6.6, 0.9),
        ("params", 10.0, 0.9),
        ("perplexity", 79.1, 0.9),
    ]


def test_a_share_behind_an_amount_is_what_was_removed_otherwise() -> None:
    rows = r"""\toprule Method & Params & Acc. \\ \midrule
    Dense & 14.7M & 93.9 \\ MossCut & 2.8M (81.0\%) & 93.5 \\ \bottomrule"""
    found = results(r"VGG-16 on CIFAR-10.", "lcc", rows)
    assert [(result["metric"], result["sparsity"]) for result in found[3:]] == [
        ("params_reduction", 0.81),
        ("accuracy", 0.81),
    ]


def test_shares_behind_an_at_sign() -> None:
    rows = r"\toprule Config & Accuracy \\ \midrule GMP@90\% & 76.9 \\ MossCut@95\% & 76.8 \\ \bottomrule"
    assert [result["sparsity"] for result in results(r"ResNet-18 on CIFAR-100.", "lc", rows)] == [0.9, 0.95]


def test_the_sentence_that_varies_a_setting_says_how_far_it_prunes() -> None:
    found = results(
        r"Iterations and damping (ImageNet top-1, \%).",
        "lcc",
        r"""\toprule & $\lambda=10^{-3}$ & $\lambda=10^{-4}$ \\ \midrule
        $k=2$ & 73.05 & 73.18 \\ $k=5$ & 73.70 & 73.94 \\ \bottomrule""",
        r"We prune ResNet-50 to 95\% and vary the number $k$ of iterations in Table~\ref{t}.",
    )
    assert {(result["method_canonical"], result["sparsity"]) for result in found} == {("MossCut", 0.95)}


def test_one_number_over_several_sparsities_is_the_dense_networks() -> None:
    found = results(
        r"F1 of BERT-base on SQuAD.",
        "lcc",
        r"""\toprule & \multicolumn{2}{c}{Remaining weights} \\ Method & 50\% & 10\% \\ \midrule
        Full fine-tuning & \multicolumn{2}{c}{88.1} \\ MvP & 86.1 & 84.9 \\ MossCut & 87.2 & 86.0 \\ \bottomrule""",
    )
    assert [(result["role"], result["sparsity"]) for result in found][:2] == [("dense", 0.0), ("baseline", 0.5)]


def test_the_papers_definition_says_what_multiples_in_heads_are() -> None:
    found = results(
        r"Change of top-1 accuracy of ResNet-18 on ImageNet.",
        "lcc",
        MULTIPLES,
        r"The compression ratio is the original number of parameters divided by the new one.",
    )
    assert [result["compression"] for result in found] == [2.0, 4.0, 2.0, 4.0]


def test_multiples_are_no_compression_where_the_caption_speaks_of_flops() -> None:
    found = results(
        r"Change of top-1 accuracy of ResNet-18 on ImageNet at three budgets of FLOPs.",
        "lcc",
        MULTIPLES,
        r"The compression ratio is the original number of parameters divided by the new one.",
    )
    assert [result["compression"] for result in found] == [None] * 4


def test_learning_rates_are_no_pruning_rates() -> None:
    found = results(
        r"Learning rate of fine-tuning, CIFAR-10 top-1 accuracy (\%).",
        "lcc",
        r"\toprule Rate & 0.1 & 0.01 \\ \midrule Accuracy & 89.21 & 90.06 \\ \bottomrule",
        r"We fine-tuned ResNet-56 at a ratio of $16\times$ with different rates (Table~\ref{t}).",
    )
    assert [(result["compression"], result["sparsity"]) for result in found] == [(16.0, None)] * 2


def test_top_1_before_a_per_cent_sign_is_no_share() -> None:
    rows = r"\toprule Method & Top-1\% \\ \midrule HRank & 92.34 \\ MossCut & 94.02 \\ \bottomrule"
    assert [result["sparsity"] for result in results(r"VGG-16 on CIFAR-10.", "lc", rows)] == [None, None]


def test_widths_below_a_networks_name_are_no_network() -> None:
    found = results(
        r"Neurons left by layer, and test error (\%).",
        "llc",
        r"""\toprule Network & Method & Error (\%) \\ \midrule LeNet-300-100 & Sparse VD & 1.8 \\
        784-300-100 & SWS & 1.9 \\ & MossCut & 1.6 \\ \midrule LeNet-5-Caffe & Sparse VD & 1.0 \\
        20-50-800-500 & MossCut & 0.8 \\ \bottomrule""",
    )
    assert [result["model"] for result in found] == ["LeNet-300-100"] * 3 + ["LeNet-5-Caffe"] * 2


def test_time_in_milliseconds_is_latency() -> None:
    rows = (
        r"\toprule Method & PPL & Time \\ \midrule Dense & 78.6 & 157.0 ms \\ MossCut & 78.7 & 14.8 ms \\ \bottomrule"
    )
    found = results(r"Stacked LSTM on Penn Treebank.", "lcc", rows)
    assert [result["metric"] for result in found] == ["perplexity", "latency_ms"] * 2


def test_a_count_of_papers_is_no_result() -> None:
    rows = (
        r"\toprule Item & Papers & Share \\ \midrule Dense accuracy & 57 & 95\% \\ Latency & 18 & 30\% \\ \bottomrule"
    )
    assert results(r"Number of papers among 60 pruning papers which report an item.", "lcc", rows) == []


def test_a_word_that_a_caption_explains_is_no_method_without_its_letters() -> None:
    rows = r"\toprule Method & PPL \\ \midrule Random & 27.5 \\ MossCut & 17.5 \\ \bottomrule"
    found = results(r"LLaMA-7B on WikiText-2. Bold: best without and with fine-tuning.", "lc", rows)
    assert [result["method"] for result in found] == ["Random", "MossCut"]


def test_a_row_of_parameters_removed_is_the_sparsity_of_each_column() -> None:
    found = results(
        r"VGG-16 on CIFAR-10.",
        "lccc",
        r"""\toprule & Dense & HRank & MossCut \\ \midrule Top-1 (\%) & 93.96 & 92.34 & 94.02 \\
        Parameters (PR) & 14.98M & 2.64M (82.1\%) & 1.77M (88.2\%) \\ \bottomrule""",
    )
    tops = [(result["role"], result["sparsity"]) for result in found if result["metric"] == "top1_accuracy"]
    assert tops == [("dense", 0.0), ("baseline", 0.821), ("proposed", 0.882)]
