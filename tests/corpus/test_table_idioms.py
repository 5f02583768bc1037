"""How papers lay out their results, one idiom a test (all figures are invented)."""

from typing import Any

import pytest

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object
from corpus.results.numbers import read_numbers
from corpus.results.sparsity import read_header
from corpus.results.symbols import spell_out

PAPER = r"""\documentclass{article}\newcommand{\ours}{\textsc{MossCut}\xspace}
\title{MossCut: Pruning by Moss Scores}
\begin{document}\begin{abstract}We propose \ours, a pruning method.\end{abstract}\section{Experiments}
%s

\begin{table}\caption{%s}\label{t}\begin{tabular}{%s}%s\end{tabular}\end{table}
\end{document}"""


def read(caption: str, columns: str, rows: str, text: str = "") -> dict[str, Any]:
    source = PAPER % (text, caption, columns, rows)
    return document_object(read_latex({"main.tex": source.encode()}), load_knowledge())


def results(caption: str, columns: str, rows: str, text: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(caption, columns, rows, text)["results"]
    return found


def at(found: list[dict[str, Any]], row: int, col: int) -> list[dict[str, Any]]:
    return [result for result in found if (result["row"], result["col"]) == (row, col)]


def the(found: list[dict[str, Any]], row: int, col: int) -> dict[str, Any]:
    (result,) = at(found, row, col)
    return result


def columns_with_results(found: list[dict[str, Any]]) -> set[int]:
    return {result["col"] for result in found}


@pytest.mark.parametrize("head", ["Std", "std.", r"$\pm$", "s.d.", "Std. dev."])
def test_a_column_of_deviations_belongs_to_the_column_before_it(head: str) -> None:
    found = results(
        "ResNet-20 on CIFAR-10.",
        "lcccc",
        rf"""\toprule & \multicolumn{{2}}{{c}}{{90\% sparsity}} & \multicolumn{{2}}{{c}}{{95\% sparsity}} \\
        Method & Mean & {head} & Mean & {head} \\ \midrule
        SNIP & 90.1 & 0.2 & 88.3 & 0.4 \\ \ours & 91.5 & 0.1 & 89.9 & 0.3 \\ \bottomrule""",
    )
    assert columns_with_results(found) == {1, 3}
    own = the(found, 3, 3)
    assert (own["value"], own["std"], own["sparsity"], own["dataset"]) == (89.9, 0.3, 0.95, "CIFAR-10")


def test_params_removed_left_of_results_is_the_sparsity_of_the_row() -> None:
    found = results(
        "Zero-shot accuracy of LLaMA-2-7B.",
        "lccc",
        r"""\toprule & Params & & \\ Method & removed & PIQA & BoolQ \\ \midrule
        ShortGPT & 27\% & 66.1 & 60.2 \\ \ours & 27\% & 70.1 & 64.4 \\ \bottomrule""",
    )
    assert columns_with_results(found) == {2, 3}
    assert {result["sparsity"] for result in found} == {0.27}


def test_pruned_right_of_flops_is_the_share_of_flops() -> None:
    found = results(
        "ResNet-56 on CIFAR-10.",
        "lccc",
        r"\toprule Method & FLOPs & Pruned (\%) & Top-1 \\ \midrule HRank & 62.7M & 50.0 & 93.2 \\ \bottomrule",
    )
    assert [(result["metric"], result["sparsity"]) for result in found] == [
        ("flops", None),
        ("flops_reduction", None),
        ("top1_accuracy", None),
    ]


def test_top1_below_error_is_an_error() -> None:
    found = results(
        "AlexNet on ImageNet.",
        "lccc",
        r"""\toprule & \multicolumn{2}{c}{Error} & \\ Method & Top-1 & Top-5 & Parameters \\ \midrule
        AlexNet (reference) & 42.9 & 19.8 & 61M \\ \ours & 42.8 & 19.7 & 6.6M \\ \bottomrule""",
    )
    assert [result["metric"] for result in found] == ["error_rate", "error_rate", "params"] * 2
    assert at(found, 3, 2)[0]["submetric"] == "top5"


def test_top5_below_top1_shows_that_both_are_errors() -> None:
    rows = r"\toprule Method & Top-1 & Top-5 \\ \midrule SNIP & %s \\ \ours & %s \\ \bottomrule"
    errors = results("ResNet-50 on ImageNet.", "lcc", rows % (r"25.1 & 7.9", r"24.2 & 7.3"))
    accuracies = results("ResNet-50 on ImageNet.", "lcc", rows % (r"74.9 & 92.1", r"75.8 & 92.7"))
    assert {result["metric"] for result in errors} == {"error_rate"}
    assert [result["metric"] for result in accuracies] == ["top1_accuracy", "top5_accuracy"] * 2


def test_a_rise_of_the_error_is_a_loss_of_accuracy() -> None:
    found = results(
        "LeNet-5 on MNIST.",
        "lcc",
        r"""\toprule Method & Error (\%) & $\Delta$ \\ \midrule
        DNS & 0.91 & $+0.11$ \\ \ours & 0.75 & $-0.05$ \\ \bottomrule""",
    )
    assert [the(found, row, 2)["value"] for row in (1, 2)] == [-0.11, 0.05]
    assert the(found, 1, 2)["printed"] == "+0.11"


def test_arrows_right_of_an_accuracy_are_its_change() -> None:
    found = results(
        "ResNet-110 on CIFAR-10.",
        "lccc",
        r"""\toprule Method & Top-1 & $\uparrow\downarrow$ & FLOPs(PR) \\ \midrule
        HRank-1 & 94.2 & $\uparrow$0.7 & 148M(41.2\%) \\
        Li et al. & 93.3 & $\downarrow$0.2 & 155M(38.7\%) \\ \bottomrule""",
    )
    assert [(the(found, row, 2)["metric"], the(found, row, 2)["value"]) for row in (1, 2)] == [
        ("accuracy_change", 0.7),
        ("accuracy_change", -0.2),
    ]
    assert the(found, 1, 1)["method_canonical"] == "HRank"


def test_the_change_right_of_an_average_is_that_of_the_average() -> None:
    found = results(
        "Zero-shot accuracy of LLaMA-2-7B at 2:4 sparsity.",
        "lcccc",
        r"""\toprule Method & PIQA & Lamb. & Avg. & $\Delta$ \\ \midrule
        Wanda & 72.1 & 65.8 & 69.0 & --7.7 \\ \bottomrule""",
    )
    assert [result["dataset"] for result in found] == ["PIQA", "LAMBADA", "average", "average"]
    assert (found[-1]["metric"], found[-1]["value"]) == ("accuracy_change", -7.7)


def test_train_and_infer_above_multiples_are_costs() -> None:
    found = results(
        "ResNet-50 on ImageNet.",
        "lccc",
        r"""\toprule & \multicolumn{3}{c}{90\% sparse} \\ & Top-1 & Train & Infer \\ \midrule
        RigL & 73.0 & 0.51$\times$ & 0.24$\times$ \\ \ours & 74.0 & 0.45$\times$ & 0.12$\times$ \\ \bottomrule""",
    )
    train, infer = at(found, 2, 2)[0], at(found, 2, 3)[0]
    assert (train["metric"], train["phase"], train["unit"]) == ("flops", "train", "x dense")
    assert (infer["metric"], infer["phase"], infer["sparsity"]) == ("flops", "inference", 0.9)


def test_tasks_have_no_perplexity_though_the_caption_names_it_first() -> None:
    found = results(
        "Pruned LLaMA-7B: perplexity and zero-shot accuracy at 20\\% sparsity.",
        "lccc",
        r"\toprule Method & WikiText2 & BoolQ & PIQA \\ \midrule Wanda & 18.4 & 59.6 & 75.6 \\ \bottomrule",
    )
    assert [result["metric"] for result in found] == ["perplexity", "zero_shot_accuracy", "zero_shot_accuracy"]


def test_two_metrics_of_the_caption_fill_cells_of_two_numbers() -> None:
    found = results(
        "PSNR/SSIM of EDSR at 50\\% sparsity.",
        "lc",
        r"\toprule Method & Set5 \\ \midrule \ours & 37.8/0.959 \\ \bottomrule",
    )
    assert [(result["metric"], result["value"]) for result in found] == [("psnr", 37.8), ("ssim", 0.959)]


def test_matched_and_mismatched_above_one_metric_are_two_results() -> None:
    found = results(
        "BERT-base on GLUE, dev sets.",
        "lcc",
        r"""\toprule Method & MNLI-m/mm & QQP \\ & Acc & Acc/F1 \\ \midrule
        Movement & 80.1/80.5 & 89.6/86.3 \\ \bottomrule""",
    )
    assert [(result["dataset"], result["metric"]) for result in found] == [
        ("MNLI-m", "accuracy"),
        ("MNLI-mm", "accuracy"),
        ("QQP", "accuracy"),
        ("QQP", "f1"),
    ]


def test_a_group_row_prints_the_dense_accuracy() -> None:
    found = results(
        "Accuracy (\\%) on Tiny-ImageNet.",
        "lcc",
        r"""\toprule Sparsity & 90\% & 95\% \\ \midrule \multicolumn{3}{l}{ResNet-18 (dense: 61.32)} \\
        SNIP & 57.3 & 54.0 \\ \ours & 58.1 & 56.4 \\ \bottomrule""",
    )
    dense = the(found, 1, 0)
    assert (dense["value"], dense["role"], dense["model"], dense["sparsity"]) == (61.32, "dense", "ResNet-18", 0)
    assert the(found, 2, 2)["sparsity"] == 0.95


def test_nothing_removed_is_dense_but_a_quantised_network_is_not() -> None:
    found = results(
        "WikiText2 perplexity of LLaMA-2-7B.",
        "lccc",
        r"""\toprule Method & Bits & Sparsity & PPL \\ \midrule Baseline & 16 & 0\% & 5.5 \\ GPTQ & 4 & 0\% & 5.7 \\
        \ours & 4 & 2:4 & 8.3 \\ \bottomrule""",
    )
    assert [result["role"] for result in found] == ["dense", "baseline", "proposed"]
    assert [result["method_canonical"] for result in found] == ["Dense", "GPTQ", "MossCut"]


def test_a_ratio_of_one_is_the_dense_network() -> None:
    found = results(
        "ResNet-50 on ImageNet: top-1 accuracy.",
        "ccc",
        r"""\toprule Compression & SNIP & \ours \\ \midrule $1\times$ & \multicolumn{2}{c}{76.2} \\
        $5\times$ & 70.1 & 72.0 \\ \bottomrule""",
    )
    assert (the(found, 1, 1)["role"], the(found, 1, 1)["method_canonical"]) == ("dense", "Dense")
    assert (the(found, 2, 2)["method_canonical"], the(found, 2, 2)["compression"]) == ("MossCut", 5.0)


def test_a_network_in_the_name_of_a_method_is_not_the_network_of_its_row() -> None:
    found = results(
        "Pruned DeiT on ImageNet.",
        "llc",
        r"""\toprule Model & Method & Top-1 \\ \midrule
        \multirow{2}{*}{DeiT-Small} & Dense & 79.9 \\ & ViT-Slim & 79.8 \\ \bottomrule""",
    )
    assert {result["model"] for result in found} == {"DeiT-S"}


def test_the_first_network_holds_below_rows_of_smaller_ones() -> None:
    found = results(
        "GLUE.",
        "lcc",
        r"""\toprule Model & MNLI & QQP \\ \midrule BERT-base & 84.5 & 91.2 \\ DistilBERT & 82.2 & 88.5 \\
        Movement & 80.1 & 87.6 \\ \ours & 81.0 & 88.0 \\ \bottomrule""",
    )
    assert [result["model"] for result in found if result["row"] > 2] == ["BERT-base"] * 4
    assert {result["role"] for result in found if result["row"] == 2} == {"baseline"}


def test_a_size_that_nobody_knows_is_kept_as_written() -> None:
    found = results(
        "WikiText2 perplexity.",
        "lcc",
        r"\toprule & \multicolumn{2}{c}{LLaMA-2} \\ Method & 7B & 1234B \\ \midrule Wanda & 7.3 & 3.1 \\ \bottomrule",
    )
    assert [result["model"] for result in found] == ["LLaMA-2-7B", "LLaMA-2-1234B"]


def test_abbreviations_that_the_paper_explains() -> None:
    found = results(
        "Perplexity of OPT-1.3B.",
        "lcc",
        r"\toprule Method & WIKI & PT \\ \midrule Wanda & 17.3 & 20.1 \\ \bottomrule",
        "We use WikiText2 (WIKI) and Penn Treebank (PT).",
    )
    assert [result["dataset"] for result in found] == ["WikiText-2", "PTB"]


def test_a_label_left_of_headers_does_not_name_the_rows() -> None:
    found = results(
        "Accuracy at 90\\% sparsity.",
        "lcc",
        r"""\toprule Dataset & CIFAR-10 & CIFAR-100 \\ \midrule
        Moosprune & 93.1 & 72.0 \\ \ours & 93.5 & 73.1 \\ \bottomrule""",
    )
    assert [result["method"] for result in found] == ["Moosprune", "Moosprune", "MossCut", "MossCut"]
    assert [result["dataset"] for result in found] == ["CIFAR-10", "CIFAR-100"] * 2


def test_bare_numbers_right_of_a_setting_are_settings_of_the_methods_below() -> None:
    found = results(
        "Speedup of LLaMA-2-7B at 2:4 on an A100.",
        "lcc",
        r"""\toprule Batch size & 1 & 32 \\ \midrule Dense & 1.0$\times$ & 1.0$\times$ \\
        \ours & 1.5$\times$ & 1.7$\times$ \\ \bottomrule""",
    )
    assert [result["role"] for result in found] == ["dense", "dense", "proposed", "proposed"]
    assert the(found, 2, 2)["variant"] == "Batch size 32"


def test_a_symbol_that_the_text_explains() -> None:
    found = results(
        "ResNet-32 on CIFAR-10.",
        "lcc",
        r"\toprule Method & $\rho=0.1$ & $\rho=0.05$ \\ \midrule SNIP & 92.1 & 90.0 \\ \bottomrule",
        r"Let $\rho$ be the density of the network, that is, the density $\rho$ after pruning.",
    )
    assert [round(result["sparsity"], 3) for result in found] == [0.9, 0.95]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("p=30%", "pruning ratio = 30%"), ("κ", "keep ratio"), ("κ = 0.2", "keep ratio = 0.2"), ("h=2", "h=2")],
)
def test_headers_of_symbols_are_spelled_out(text: str, spelled: str) -> None:
    assert spell_out(text, {"κ": "keep ratio"}) == spelled


def test_full_beside_parts_taken_away_is_the_papers_own_method() -> None:
    found = results(
        "Components of \\ours, ResNet-50 on ImageNet at 90\\% sparsity.",
        "lc",
        r"\toprule & Top-1 \\ \midrule Full & 75.0 \\ w/o warm-up & 74.1 \\ w/o growth & 73.9 \\ \bottomrule",
    )
    assert [result["method_canonical"] for result in found] == ["MossCut"] * 3
    assert {result["role"] for result in found} == {"proposed"}


def test_counts_are_no_shares() -> None:
    assert read_header("# layers removed") is None
    found = results(
        "Transformer-base on WMT14 En-De.",
        "cc",
        r"\toprule Heads left & BLEU \\ \midrule 48 & 27.3 \\ 12 & 26.1 \\ \bottomrule",
    )
    assert [result["sparsity"] for result in found] == [None, None]


def test_a_cost_left_of_methods_in_columns_is_the_point_they_are_compared_at() -> None:
    found = results(
        "ImageNet top-1 of MobileNetV1.",
        "ccc",
        r"\toprule FLOPs & AMC & \ours \\ \midrule 50\% & 70.5 & 71.0 \\ 40\% & 68.9 & 69.7 \\ \bottomrule",
    )
    assert columns_with_results(found) == {1, 2}
    assert the(found, 1, 1)["variant"] == "FLOPs=50%"


def test_a_method_that_only_the_text_names() -> None:
    text = r"""\begin{table}\caption{ResNet-50 on ImageNet at 90\% sparsity.}\begin{tabular}{lc}\toprule
    Method & Top-1 \\ \midrule Late rewinding \cite{x} & 73.2 \\ \ours & 74.0 \\ \bottomrule\end{tabular}\end{table}

    Table~\ref{t} varies the epoch of rewinding at 80\% sparsity."""
    found = results(
        "Top-1 accuracy by epoch, ResNet-50 on ImageNet.",
        "cc",
        r"\toprule Epoch & Top-1 \\ \midrule 2 & 73.8 \\ 4 & 75.4 \\ \bottomrule",
        text,
    )
    about = [result for result in found if result["table"] == "t"]
    assert {result["method"] for result in about} == {"Late rewinding"}
    assert all(result["confidence"] < 0.95 and result["assumed"] for result in about)


def test_what_a_section_says_of_sparsity_is_assumed() -> None:
    found = results(
        "Main results.",
        "lc",
        r"\toprule Method & Acc \\ \midrule SET & 79.1 \\ \bottomrule",
        r"\subsection{WRN-28-10 on CIFAR-100} We remove 80\% of the weights.",
    )
    (result,) = found
    assert (result["sparsity"], result["model"], result["dataset"]) == (0.8, "WRN-28-10", "CIFAR-100")
    assert "sparsity: from the section" in result["assumed"]


@pytest.mark.parametrize(
    ("caption", "columns", "rows", "kind"),
    [
        (
            "Solver settings.",
            "lcc",
            r"""\toprule & MNIST & ImageNet \\ \midrule
            learning rate & 0.1 & 0.2 \\ iterations & 20K & 450K \\ \bottomrule""",
            "hyperparameters",
        ),
        (
            "Networks.",
            "lccc",
            r"""\toprule Model & Params (M) & FLOPs (G) & Dense top-1 \\ \midrule
            ResNet-18 & 11.7 & 1.8 & 69.8 \\ ResNet-50 & 25.6 & 4.1 & 76.1 \\ \bottomrule""",
            "statistics",
        ),
        (
            "Sparsity of each layer of ResNet-20 at 90\\%.",
            "lcc",
            r"\toprule Layer & RigL & \ours \\ \midrule conv1 & 30.1\% & 20.2\% \\ fc & 40.2\% & 35.1\% \\ \bottomrule",
            "statistics",
        ),
    ],
)
def test_settings_and_statistics_are_no_results(caption: str, columns: str, rows: str, kind: str) -> None:
    found = read(caption, columns, rows)
    assert (found["tables"][0]["kind"], found["results"]) == (kind, [])


def test_accuracy_by_share_of_filters_per_layer_is_no_statistic() -> None:
    found = read(
        "Accuracy of ResNet-56 on CIFAR-10 for the share of filters removed per layer.",
        "ccc",
        r"\toprule Pruned filters & $h=0$ & $h=1$ \\ \midrule 20\% & 93.3 & 93.4 \\ 40\% & 92.6 & 92.9 \\ \bottomrule",
    )
    assert len(found["results"]) == 4
    assert found["tables"][0]["kind"] == "ablation"


def test_millions_and_thousands_in_small_letters() -> None:
    numeric = read_numbers("15.2m → 762k")
    assert numeric is not None
    assert [(number.value, number.unit) for number in numeric.present] == [(15.2, "m"), (762.0, "k")]


def test_sparsities_in_brackets_beside_accuracies() -> None:
    found = results(
        "Accuracy (sparsity) of LeNet-5.",
        "lcc",
        r"\toprule Method & MNIST & Fashion-MNIST \\ \midrule DNS & 99.1 (99.2\%) & 88.9 (95.0\%) \\ \bottomrule",
    )
    assert [(result["value"], round(result["sparsity"], 4)) for result in found] == [(99.1, 0.992), (88.9, 0.95)]


def test_sizes_of_small_devices() -> None:
    found = results(
        "Keyword spotting on an STM32F746.",
        "lccc",
        r"\toprule Method & Acc. (\%) & Flash (KB) & SRAM (KB) \\ \midrule \ours & 93.9 & 128 & 96 \\ \bottomrule",
    )
    assert [(result["metric"], result["unit"]) for result in found[1:]] == [("model_size", "KB"), ("memory", "KB")]


def test_shapes_of_products_are_no_methods() -> None:
    found = results(
        "Speedup of a 2:4 product.",
        "lcc",
        r"""\toprule Shape & VENOM & \ours \\ \midrule
        $4096{\times}4096$ & 1.7 & 1.8 \\ $8192{\times}1024$ & 1.5 & 1.6 \\ \bottomrule""",
    )
    assert [result["method_canonical"] for result in found] == ["VENOM", "MossCut"] * 2


def test_original_initialisation_is_no_dense_network() -> None:
    found = results(
        "ResNet-20 on CIFAR-10, accuracy (\\%).",
        "lc",
        r"\toprule Density & 16.8\% \\ \midrule Original init & 90.7 \\ Dense & 92.1 \\ \bottomrule",
    )
    assert [result["role"] for result in found] == ["baseline", "dense"]


@pytest.mark.parametrize(
    ("rows", "own"),
    [
        (r"Sparsity & Foobar & \ours \\ \midrule 80\% & 93.1 & 93.4 \\ 90\% & 91.2 & 92.5 \\", 2),
        (r" & Foobar & \ours \\ \midrule 80\% & 93.1 & 93.4 \\ 90\% & 91.2 & 92.5 \\", 2),
        (r"Model & 80\% & 90\% \\ \midrule Foobar & 93.1 & 91.2 \\ \ours & 93.4 & 92.5 \\", 2),
    ],
)
def test_methods_that_nobody_knows_stand_with_the_papers_own(rows: str, own: int) -> None:
    found = results("VGG-16 on CIFAR-10.", "lcc", rf"\toprule {rows} \bottomrule")
    assert sorted({result["method"] for result in found}) == ["Foobar", "MossCut"]
    assert [result["role"] for result in found].count("proposed") == own
    assert sorted({result["sparsity"] for result in found}) == [0.8, 0.9]
