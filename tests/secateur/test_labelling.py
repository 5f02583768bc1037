"""label and import labels: a person's answers on the command line, and a tagger that learns from them."""

import csv
import io
import json
import random
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from secateur import Corpus
from secateur.cli import main
from secateur.stages import OwnTaggerError, tag_papers

PAPER = "1812.90007"


class CommandLine:
    """The command line on one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["--db", str(self.folder / "a.db"), *arguments])
        return int(left.value.code or 0), out.getvalue(), err.getvalue()

    def __call__(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return json.loads(out)

    def tags(self) -> dict[str, list[str]]:
        with Corpus(self.folder / "a.db") as corpus:
            frame = corpus.tags()
        frame = frame[frame.arxiv_id == PAPER]
        return {str(facet): group.value.tolist() for facet, group in frame.groupby("facet")}


@pytest.fixture
def secateur(own_corpus: Path) -> CommandLine:
    return CommandLine(own_corpus)


def test_a_persons_answer_is_shown_in_place_of_the_machines(secateur: CommandLine) -> None:
    before = secateur.tags()
    assert before["structure"] == ["filter-channel"]
    secateur("label", "set", PAPER, "structure=layer", "structure=head", "timing=", "baselines=SNIP")
    after = secateur.tags()
    assert (after["structure"], after["baselines"], "timing" in after) == (["layer", "head"], ["SNIP"], False)
    assert {facet: after[facet] for facet in ("relevance", "datasets")} == {
        facet: before[facet] for facet in ("relevance", "datasets")
    }
    secateur("label", "set", PAPER, "relevance=no")
    assert secateur("show", PAPER, "--format", "json")["relevance"] == "no"


def test_papers_to_label_are_unsure_and_not_offered_again(secateur: CommandLine) -> None:
    offered = secateur("label", "next", "5")
    assert len({row["arxiv_id"] for row in offered}) == 5
    least = secateur("query", "select min(confidence) as least from tag where facet = 'relevance'")
    assert offered[0]["confidence"] == least[0]["least"]
    assert offered[0]["abstract"]
    secateur("label", "set", offered[0]["arxiv_id"], "relevance=related")
    assert offered[0]["arxiv_id"] not in {row["arxiv_id"] for row in secateur("label", "next", "60")}


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_labels_go_out_and_come_back(secateur: CommandLine, read_corpus: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"labels.{suffix}"
    claim = {"quantity": "flops", "value": 39.9, "unit": "%", "direction": "removed", "text": "by 39.9%"}
    line = {"id": PAPER, "relevance": "core", "structure": ["layer"], "timing": [], "claims": [claim], "weight": 3.4}
    first = tmp_path / "first.jsonl"
    first.write_text(json.dumps(line) + "\n")
    secateur("import", "labels", str(first), "--labeller", "Ada")
    secateur("label", "set", PAPER, "relevance=related", "--labeller", "Bo", "--note", "tokens; only")
    file.write_text(secateur.run("label", "export", "--format", suffix)[1])
    exported = secateur("label", "export")
    assert [(row["labeller"], row["relevance"], row["structure"], row["timing"]) for row in exported] == [
        ("Ada", "core", ["layer"], []),
        ("Bo", "related", None, None),
    ]
    assert exported[0]["claims"] == [claim]
    assert secateur("import", "labels", str(file))[0]["new"] == 0
    (secateur.folder / "a.db").unlink()
    for ending in ("-wal", "-shm"):
        (secateur.folder / f"a.db{ending}").unlink(missing_ok=True)
    (secateur.folder / "a.db").write_bytes((read_corpus / "a.db").read_bytes())
    assert secateur("import", "labels", str(file))[0]["new"] == 5
    assert secateur("label", "export") == exported


def test_a_spreadsheet_written_by_hand_is_read(secateur: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as output:
        writer = csv.writer(output)
        writer.writerow(["paper", "relevance", "structure", "datasets", "models"])
        writer.writerow([f"arXiv:{PAPER}v1", "core", "layer; head", "", "ResNet-56"])
    counts = secateur("import", "labels", str(file))[0]
    assert counts == {"papers": 1, "answers": 3, "new": 3, "papers not in the corpus": 0}
    tags = secateur.tags()
    assert (tags["structure"], tags["models"], tags["datasets"]) == (["layer", "head"], ["ResNet-56"], ["CIFAR-10"])


def test_the_gold_is_read_whole_and_of_other_papers_nothing_is_stored(secateur: CommandLine, shared: Path) -> None:
    code, out, err = secateur.run("import", "labels", str(shared / "data" / "gold" / "abstracts_dev.jsonl"))
    assert code == 0, err
    assert json.loads(out)[0] == {"papers": 0, "answers": 0, "new": 0, "papers not in the corpus": 289}
    assert "289 papers" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"id": PAPER, "relevance": "cor"}, "1: 'cor' is no value of relevance"),
        ({"id": PAPER, "strcture": ["layer"]}, "1: strcture: there is no such facet"),
        ({"id": PAPER, "structure": "layer"}, "1: structure"),
        ({"relevance": "core"}, "1: id"),
        ({"id": PAPER, "claims": [{"quantity": "joy", "value": 1}]}, "1: claims.0.quantity"),
        ([], "no JSON object"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(
    secateur: CommandLine, tmp_path: Path, content: Any, words: str
) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(content) + "\n" + json.dumps({"id": PAPER, "relevance": "no"}) + "\n")
    code, out, err = secateur.run("import", "labels", str(file))
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert words in err
    assert secateur("label", "export") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["label", "set", PAPER, "structure"], "FACET=VALUE"),
        (["label", "set", PAPER, "mood=good"], "'mood' is no facet"),
        (["label", "set", PAPER, "relevance="], "exactly one value"),
        (["label", "set", "2001.00001", "relevance=no"], "not in the corpus"),
        (["label", "set", PAPER, "claims=x"], "import labels"),
        (["label", "train"], "label next"),
        (["import", "labels", "absent.csv"], "absent.csv"),
    ],
)
def test_wrong_use_is_one_line(secateur: CommandLine, arguments: list[str], words: str) -> None:
    code, out, err = secateur.run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert words in err


def test_training_prints_the_change_and_every_paper_is_tagged_again(secateur: CommandLine, tmp_path: Path) -> None:
    with Corpus(secateur.folder / "a.db") as corpus:
        papers = corpus.papers()
    file = tmp_path / "labels.jsonl"
    # To this reader nothing is core, and what the tagger calls so is related.
    lines = [
        {"id": row.arxiv_id, "relevance": "related" if row.relevance == "core" else row.relevance}
        for row in papers.itertuples()
    ]
    core = int((papers.relevance == "core").sum())
    assert core > 20
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    secateur("import", "labels", str(file))
    code, out, err = secateur.run("label", "train")
    assert code == 0, err
    scores = {row["score"]: row for row in json.loads(out)}
    assert scores["log loss"]["change"] < 0
    assert scores["log loss"]["labels"] == 60
    assert "tagger.npz" in err
    assert secateur("tag")[0]["read"] == 60
    machine = "select count(*) as n from tag t join processing p on p.id = t.processing_id where facet = 'relevance'"
    assert secateur("query", f"{machine} and stage_version like '%+%' and value = 'core'")[0]["n"] < core / 4
    assert secateur("tag")[0]["read"] == 0


def test_the_tagger_changes_only_if_labels_left_out_are_told_better(secateur: CommandLine, tmp_path: Path) -> None:
    chance = random.Random(4)
    with Corpus(secateur.folder / "a.db") as corpus:
        lines = [{"id": name, "relevance": chance.choice(["core", "no"])} for name in corpus.papers().arxiv_id[:12]]
        lines += [{"id": r.arxiv_id, "relevance": r.relevance} for r in corpus.papers()[12:].itertuples()]
    file = tmp_path / "labels.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    secateur("import", "labels", str(file))
    _, out, err = secateur.run("label", "train")
    loss = next(row for row in json.loads(out) if row["score"] == "log loss")
    assert (secateur.folder / "tagger.npz").is_file() == (loss["change"] < 0)
    assert ("stays as it is" in err) == (loss["change"] >= 0)


def test_a_tagger_of_another_version_is_refused_with_what_to_do(secateur: CommandLine) -> None:
    from db.session import open_database
    from secateur.commands.common import utc_now

    (secateur.folder / "tagger.npz").write_bytes(b"old")
    with pytest.raises(OwnTaggerError, match="label train"):
        tag_papers(open_database(secateur.folder / "a.db"), utc_now, own_tagger=secateur.folder / "tagger.npz")
