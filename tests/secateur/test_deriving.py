"""`secateur claims derive` prints a claim file of a paper's results, and says why the others give no claim."""

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest

from secateur.cli import main
from validate.claims import load_claims

RESULTS = """paper,method,role,dataset,model,metric,value,unit,sparsity
2001.00001,Magnitude,baseline,MNIST,LeNet-300-100,error_rate,1.75,%,90%
2001.00001,Mine,proposed,MNIST,LeNet-300-100,error_rate,1.60,%,90%
2002.00002,RigL,proposed,ImageNet,ResNet-50,top1_accuracy,75.1,%,90%
"""


@pytest.fixture
def run(tmp_path):
    def command(*arguments):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["--db", str(tmp_path / "a.db"), *arguments])
        return int(left.value.code or 0), out.getvalue(), err.getvalue()

    sheet = tmp_path / "results.csv"
    sheet.write_text(RESULTS, encoding="utf-8")
    assert command("import", "results", str(sheet))[0] == 0
    return command


def test_the_derived_file_is_one_that_validate_accepts(run, tmp_path):
    path = tmp_path / "derived.yaml"
    code, out, err = run("claims", "derive", "2001.00001", "--output", str(path))
    assert (code, out) == (0, "")
    assert "Mine" in err
    assert "its method is not known" in err
    assert "1 of 2 results give a claim" in err
    (claim,) = load_claims(path)
    code, out, err = run("validate", str(path), "--budget", "0")
    assert code == 0, err
    assert claim.id in out


def test_a_paper_without_a_claim_says_why_and_ends_with_one(run):
    code, out, err = run("claims", "derive", "2002.00002")
    assert (code, out) == (1, "")
    assert "the engine has no dataset ImageNet" in err


def test_a_paper_that_is_not_there_is_wrong_use(run):
    code, _, err = run("claims", "derive", "1999.99999")
    assert code == 2
    assert "there is no paper" in err
