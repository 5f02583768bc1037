"""What a paper's text says of its metrics decides where a column is headed by a data set alone."""

from typing import Any

from corpus.knowledge import load_knowledge
from corpus.reading import read_latex
from corpus.reading.output import document_object

PAPER = r"""\documentclass{article}
\title{MossCut: Pruning by Moss Scores}
\begin{document}\begin{abstract}We propose MossCut, a pruning method.\end{abstract}\section{Experiments}
%s

\begin{table}\caption{BERT-base on GLUE.}\label{t}\begin{tabular}{lccc}\toprule Method & MRPC & QQP & RTE \\ \midrule
Dense & 91.4 & 91.2 & 70.4 \\ MossCut & 86.7 & 90.3 & 66.1 \\ \bottomrule\end{tabular}\end{table}
\end{document}"""


def metrics(text: str) -> list[str]:
    read: dict[str, Any] = document_object(read_latex({"main.tex": (PAPER % text).encode()}), load_knowledge())
    return [result["metric"] for result in read["results"] if result["role"] == "dense"]


def test_the_text_says_which_metric_a_task_has() -> None:
    text = "We report F1 for MRPC and accuracy for all other tasks; results are on the development sets."
    assert metrics(text) == ["f1", "accuracy", "zero_shot_accuracy"]


def test_a_list_of_tasks_shares_its_metric() -> None:
    assert metrics("We report F1 scores for MRPC and QQP, and accuracy on RTE.") == ["f1", "f1", "accuracy"]


def test_contradictory_sentences_decide_nothing() -> None:
    assert metrics("We report F1 on MRPC. We report accuracy on MRPC.")[0] == "accuracy"
