"""The command line's contract: every command exists, formats, exit codes, and errors in one line."""

import csv
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SECATEUR = Path(sys.executable).parent / "secateur"
CONTRACT = [
    "harvest",
    "fetch",
    "tag",
    "extract",
    "nightly",
    "classify",
    "read",
    "search",
    "query",
    "show",
    "diff",
    "export",
    "table",
    "noise",
    "baselines",
    "comparisons",
    "growth",
    "rigor",
    "acceleration",
    "import",
    "override",
    "report",
    "serve",
    "label",
    "watch",
    "data",
    "db",
    "status",
    "replica",
    "check",
    "audit",
    "claims",
    "validate",
    "bench",
    "demo",
]


def test_every_command_of_the_contract_exists(secateur) -> None:
    shown = secateur("--help").out
    assert [name for name in CONTRACT if f" {name} " not in shown] == []
    for name in CONTRACT:
        assert secateur(name, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["harvst"], "harvst"),
        (["harvest", "--frm", "2020-01-01"], "--frm"),
        (["harvest", "--from", "yesterday"], "--from"),
        (["harvest", "--from", "2021-01-02", "--until", "2021-01-01"], "after"),
        (["harvest", "--source", "kaggle"], "kaggle"),
        (["harvest", "--set", "cs.LG"], "group:archive:CATEGORY"),
        (["fetch", "no-such-paper"], "no-such-paper"),
        (["show", "hello"], "hello"),
        (["query", "select a from nowhere"], "nowhere"),
        (["query", "delete from paper"], "readonly"),
        (["query", "select 1; drop table paper"], "one statement"),
        (["query", "select"], "ends too early"),
        (["search", "--", "--"], "no word"),
        (["check", "no/such/draft"], "no file or folder"),
        (["classify", "absent.jsonl"], "absent.jsonl"),
        (["read", "absent"], "absent"),
        (["claims", "show", "NO-CLAIM"], "NO-CLAIM"),
        (["validate", "NO-CLAIM"], "NO-CLAIM"),
        (["bench", "lunch"], "lunch"),
        (["report", "--as", "poem"], "poem"),
        (["growth", "--format", "xml"], "xml"),
        (["replica", "absent-folder"], "absent-folder"),
    ],
)
def test_wrong_use_is_one_line_on_stderr_and_exit_2(secateur, arguments: list[str], word: str) -> None:
    secateur("harvest", "--from", "2005-09-16")
    answer = secateur(*arguments)
    assert answer.code == 2, answer
    assert word in answer.err
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("question", [["search", "pruning"], ["growth"], ["serve"]])
def test_without_a_database_a_question_says_what_to_do(secateur, tmp_path: Path, question: list[str]) -> None:
    answer = secateur(*question, "--db", str(tmp_path / "none.db"))
    assert answer.code == 2
    assert "secateur harvest" in answer.err


def test_the_version_is_that_of_the_distribution(secateur) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    version = f"secateur {project['project']['version']}\n"
    assert secateur("--version").out == version
    module = [sys.executable, "-m", "secateur", "--version"]
    assert subprocess.run(module, capture_output=True, text=True, check=True).stdout == version


def test_the_whole_real_load_is_harvested_and_harvested_again_without_a_change(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    count = secateur("query", "select count(*) as papers from paper", "--format", "json")
    assert count.json() == [{"papers": 509}]
    dates = "select max(changed_at) as newest, count(*) as changes from paper, (select count(*) from change)"
    before = secateur("query", dates).json()
    again = secateur("harvest", "--from", "2005-09-16").json()
    assert again[0]["added"] == again[0]["changed"] == 0
    assert secateur("query", dates).json() == before


def test_formats_agree(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    sql = "select arxiv_id, version, title from paper order by arxiv_id limit 5"
    rows = secateur("query", sql, "--format", "json").json()
    assert [json.loads(line) for line in secateur("query", sql, "--format", "jsonl").out.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(secateur("query", sql, "--format", "csv").out)))
    assert [row["arxiv_id"] for row in table] == [row["arxiv_id"] for row in rows]
    shown = secateur("query", sql, "--format", "table").out
    assert all(row["arxiv_id"] in shown for row in rows)
    assert secateur("query", sql).json() == rows


def test_a_formula_in_a_csv_cell_is_text(secateur) -> None:
    answer = secateur("query", "select '=1+1' as a, '-3.5' as b, -2 as c", "--format", "csv")
    assert answer.out == "a,b,c\n'=1+1,-3.5,-2\n"


def test_a_query_is_stopped_after_its_time(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    answer = secateur("query", endless, "--seconds", "0.2")
    assert answer.code == 2
    assert "more than 0.2 s" in answer.err


def test_a_limited_query_says_that_there_is_more(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    answer = secateur("query", "select arxiv_id from paper", "--limit", "3")
    assert len(answer.json()) == 3
    assert "first 3 rows" in answer.err


def test_show_gives_the_record_and_what_is_known_of_it(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    answer = secateur("show", "arXiv:0704.0046v1", "--format", "json")
    assert answer.json()["submitted"].startswith("2007-04-01T16:37:36")
    assert answer.json()["authors"] == ["I. Csiszár", "F. Hiai", "D. Petz"] or len(answer.json()["authors"]) == 3


def test_status_counts_what_is_harvested_and_tagged(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    assert secateur("tag").json()[0]["unread"] == 0
    counts = {row["name"]: row["value"] for row in secateur("status").json()}
    assert counts["papers"] == counts["stage tag done"] == 509
    assert counts["relevance no"] > 500


def test_a_query_cannot_reach_another_file(secateur, tmp_path: Path) -> None:
    secateur("harvest", "--from", "2005-09-16")
    answer = secateur("query", f"attach '{tmp_path / 'other.db'}' as other")
    assert answer.code == 2
    assert "not authorized" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_every_column_of_a_query_is_printed(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    rows = secateur("query", "select 1 as a, 2 as a, 3 as a_2").json()
    assert sorted(rows[0].values()) == [1, 2, 3]


def test_a_reader_that_leaves_is_no_error(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    shell = f"{SECATEUR} query --db {secateur.db} 'select * from paper' --format csv | head -1; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "0"
    assert answer.stderr == ""


def test_a_closed_output_is_no_error(secateur) -> None:
    secateur("harvest", "--from", "2005-09-16")
    shell = f"{SECATEUR} query --db {secateur.db} 'select 1' >&-"
    answer = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_survey_is_not_written_over_another_site(secateur, tmp_path: Path) -> None:
    secateur("harvest", "--from", "2005-09-16")
    (tmp_path / "index.html").write_text("<h1>My group</h1>")
    answer = secateur("report", "-o", str(tmp_path))
    assert answer.code == 2
    assert "no survey of Secateur" in answer.err
    assert (tmp_path / "index.html").read_text() == "<h1>My group</h1>"


def test_a_replica_says_what_is_wrong_with_its_folder_or_port(secateur, gold_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "metadata.jsonl").write_bytes(b"\xff\xfe\x00")
    assert "metadata.jsonl, line 1" in secateur("replica", str(tmp_path)).err
    port = secateur.url.rsplit(":", 1)[1]
    answer = secateur("replica", str(gold_folder), "--port", port)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert f"port {port} can't be used" in answer.err


def test_classify_prints_a_line_a_paper_and_names_bad_lines(secateur, tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    paper = {"id": "1", "title": "Channel pruning of ResNet-50", "abstract": "We prune filters of a trained network."}
    path.write_text(json.dumps(paper) + '\nnot json\n{"id": "2"}\n')
    answer = secateur("classify", str(path))
    assert answer.code == 0
    assert [json.loads(line)["relevance"] for line in answer.out.splitlines()] == ["core"]
    assert answer.err.count("unread") == 2
    assert [row["id"] for row in secateur("classify", str(path), "--format", "json").json()] == ["1"]


def test_classify_of_something_else_is_one_line(secateur, tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(bytes(range(256)) * 40)
    answer = secateur("classify", str(path))
    assert answer.code == 2
    assert "none of its" in answer.err.splitlines()[-1]


def test_reading_something_that_is_no_paper_is_one_line(secateur, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n\nBuy bread.\n")
    answer = secateur("read", str(path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "nothing of a paper" in answer.err
