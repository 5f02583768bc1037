"""Data sets come whole and checked: downloads go on where they broke off, and any other file is refused."""

import contextlib
import gzip
import hashlib
import io
import pickle
import shutil
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from validate.engine.data import ChecksumError, MissingAssetError, files, load_dataset
from validate.engine.data.added import add, added_path
from validate.engine.data.dataset import Dataset, ShapeMismatchError
from validate.engine.data.download import DownloadError, download
from validate.engine.data.files import DataFile, DataSource, sources, take_from
from validate.engine.data.formats import CIFAR_TEST, FormatError, read_cifar, read_idx, write_idx
from validate.engine.data.wheel import MEMBER, idx_files_of_wheel, mnist_from_pypi, mnist_from_wheel

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()


class Server(ThreadingHTTPServer):
    """One file on loopback, which breaks off after so many bytes as often as it is told to."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.knows_ranges = True
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.server.statuses:
            self.send_error(self.server.statuses.pop(0))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.knows_ranges else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = self.server.breaks.pop(0) if self.server.breaks else len(body)
        self.wfile.write(body[:limit])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server():
    server = Server(CONTENT)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def listed(server, monkeypatch):
    """Puts a file of the server on the list of data sets."""

    def put(content: bytes = CONTENT, url: str | None = None) -> None:
        md5 = hashlib.md5(content).hexdigest()
        file = DataFile(name="file.bin", md5=md5, urls=(url or server.url,))
        source = DataSource(title="", format="idx", shape=(1, 1, 1), classes=2, files=(file,))
        monkeypatch.setattr(files, "sources", lambda: {"tiny": source})

    put()
    return put


def get(folder: Path) -> bytes:
    (path,) = download("tiny", folder, backoff=0.001)
    return path.read_bytes()


def test_a_download_that_breaks_off_goes_on_where_it_was(server, listed, tmp_path):
    server.breaks = [102_400, 53_248, 0]
    assert get(tmp_path) == CONTENT
    assert server.asked == [None, "bytes=102400-", "bytes=155648-", "bytes=155648-"]
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["file.bin"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, listed, tmp_path):
    server.breaks = [8192] * 6
    with pytest.raises(DownloadError, match="run this again"):
        get(tmp_path)
    assert get(tmp_path) == CONTENT
    assert server.asked[-1] == "bytes=49152-"


def test_a_server_without_ranges_sends_the_file_anew(server, listed, tmp_path):
    server.breaks, server.knows_ranges = [102_400], False
    assert get(tmp_path) == CONTENT


def test_a_busy_server_is_asked_again_and_a_refusal_is_final(server, listed, tmp_path):
    server.statuses = [503, 429]
    assert get(tmp_path) == CONTENT
    shutil.rmtree(tmp_path / "tiny")
    server.statuses = [404]
    with pytest.raises(DownloadError, match="status 404"):
        get(tmp_path)


def test_what_is_there_is_not_fetched_again(server, listed, tmp_path):
    get(tmp_path)
    get(tmp_path)
    assert len(server.asked) == 1


def test_another_file_than_the_right_one_is_deleted_and_refused(server, listed, tmp_path):
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(ChecksumError, match="was deleted"):
        get(tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []
    server.content = CONTENT
    get(tmp_path)
    (tmp_path / "tiny" / "file.bin").write_bytes(b"spoiled")
    with pytest.raises(ChecksumError, match="was deleted"):
        get(tmp_path)
    assert get(tmp_path) == CONTENT


def test_a_packed_file_is_unpacked_and_a_broken_one_refused(server, listed, tmp_path):
    server.content = gzip.compress(CONTENT)
    listed(url=server.url.replace("file.bin", "file.bin.gz"))
    assert get(tmp_path) == CONTENT
    shutil.rmtree(tmp_path / "tiny")
    server.content = server.content[:1000]
    with pytest.raises(ChecksumError, match="no whole gzip file"):
        get(tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []


def test_no_answer_at_all_is_told(listed, tmp_path):
    listed(url="http://127.0.0.1:9/file.bin")
    with pytest.raises(DownloadError, match="broke off 6 times"):
        get(tmp_path)


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["packed", "plain"])
def test_files_are_taken_from_another_folder_and_checked(listed, tmp_path, pack):
    given = tmp_path / "given"
    given.mkdir()
    name = "file.bin" if pack is bytes else "file.bin.gz"
    (given / name).write_bytes(pack(CONTENT))
    (path,) = take_from("tiny", given, tmp_path)
    assert path.read_bytes() == CONTENT
    (given / name).write_bytes(pack(b"other"))
    with pytest.raises(ChecksumError, match="refused"):
        take_from("tiny", given, tmp_path)
    assert path.read_bytes() == CONTENT
    with pytest.raises(MissingAssetError, match="holds neither"):
        take_from("tiny", tmp_path, tmp_path)


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=5)))
def test_idx_is_read_as_it_was_written(values):
    again = read_idx(write_idx(values))
    assert again.shape == values.shape
    assert np.array_equal(again, values)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_idx_or_refused(content):
    with contextlib.suppress(FormatError):
        read_idx(content)


def cifar_archive(path: Path, content: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(CIFAR_TEST[0])
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_cifar_records_are_a_class_and_its_pixels(tmp_path):
    pixels = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    content = b"\x03" + pixels[0].tobytes() + b"\x07" + pixels[1].tobytes()
    images, classes = read_cifar(cifar_archive(tmp_path / "c.tar.gz", content), CIFAR_TEST)
    assert classes.tolist() == [3, 7]
    assert np.array_equal(images, pixels)
    with pytest.raises(FormatError, match="3073 bytes"):
        read_cifar(cifar_archive(tmp_path / "c.tar.gz", content[:-1]), CIFAR_TEST)
    (tmp_path / "c.tar.gz").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="no archive"):
        read_cifar(tmp_path / "c.tar.gz", CIFAR_TEST)


def wheel(path: Path, content: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, gzip.compress(pickle.dumps(content, protocol=4)))
        archive.writestr("mnist/__init__.py", "raise SystemExit('this must not run')")
    return path


def parts(sizes=(5, 2, 3)):
    rng = np.random.default_rng(0)
    return tuple((rng.integers(0, 256, (n, 784)).astype(np.float32) / 256, rng.integers(0, 10, n)) for n in sizes)


def test_a_wheel_gives_the_idx_files_that_its_arrays_came_from(tmp_path):
    (train, train_y), (more, more_y), (test, _) = content = parts()
    found = idx_files_of_wheel(wheel(tmp_path / "w.whl", content))
    images = read_idx(found["train-images-idx3-ubyte"])
    assert np.array_equal(images.reshape(7, 784) / 256, np.concatenate([train, more]))
    assert read_idx(found["train-labels-idx1-ubyte"]).tolist() == [*train_y, *more_y]
    assert read_idx(found["t10k-images-idx3-ubyte"]).shape == (3, 28, 28)
    assert np.array_equal(read_idx(found["t10k-images-idx3-ubyte"]).reshape(3, 784) / 256, test)


def test_a_wheel_with_another_mnist_is_refused(tmp_path):
    with pytest.raises(ChecksumError, match="train-images"):
        mnist_from_wheel(wheel(tmp_path / "w.whl", parts()), tmp_path)
    assert not (tmp_path / "mnist").exists()


class Hostile:
    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (Path(self.target),))


def test_a_pickle_that_would_run_something_is_refused_before_it_does(tmp_path):
    with pytest.raises(FormatError, match="asks for"):
        idx_files_of_wheel(wheel(tmp_path / "w.whl", Hostile(str(tmp_path / "ran"))))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [None, 3, (1, 2), [[1, 2], [3, 4], [5, 6]], ((), (), ())])
def test_a_wheel_that_holds_something_else_is_refused(tmp_path, content):
    with pytest.raises(FormatError, match=r"w\.whl"):
        idx_files_of_wheel(wheel(tmp_path / "w.whl", content))
    (tmp_path / "w.whl").write_bytes(b"no zip")
    with pytest.raises(FormatError, match=r"w\.whl"):
        idx_files_of_wheel(tmp_path / "w.whl")


@pytest.mark.slow
def test_mnist_comes_from_the_package_index_with_the_checksums_it_is_known_by(tmp_path):
    try:
        mnist_from_pypi(tmp_path)
    except DownloadError as error:
        pytest.skip(f"the package index is not reached here: {error}")
    data = load_dataset("mnist", tmp_path)
    assert data.train_x.shape == (60_000, 784)
    assert data.test_x.shape == (10_000, 784)
    assert data.train_y[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.shape == (1, 28, 28)
    assert (data.train_x.min(), data.train_x.max()) == (0, 1)


def test_data_that_is_absent_is_named_with_what_to_do(tmp_path):
    with pytest.raises(MissingAssetError, match="secateur data get mnist"):
        load_dataset("mnist", tmp_path)
    with pytest.raises(MissingAssetError, match="'wikitext' is not on this machine"):
        load_dataset("wikitext", tmp_path)


def test_the_list_of_files_is_whole():
    assert set(sources()) == {"mnist", "fashion-mnist", "cifar-10"}
    assert all(url.startswith("http") for source in sources().values() for file in source.files for url in file.urls)


def text(folder: Path, train: str = "to be or not to be " * 20, test: str = "that is the question") -> Path:
    folder.mkdir()
    (folder / "train.txt").write_text(train)
    (folder / "test.txt").write_text(test)
    return folder


def test_added_text_becomes_sequences_whose_targets_are_one_place_later(tmp_path):
    add("hamlet", text(tmp_path / "hamlet"), tmp_path / "data")
    data = load_dataset("hamlet", tmp_path / "data", sequence_length=8)
    assert data.tokens
    assert data.classes == 256
    assert bytes(data.train_x[0].tolist()) == b"to be or"
    assert bytes(data.train_y[0].tolist()) == b"o be or "
    assert data.test_x.shape == (2, 8)


def test_added_token_ids_are_taken_as_they_are(tmp_path):
    folder = tmp_path / "ids"
    folder.mkdir()
    for part in ("train", "test"):
        np.save(folder / f"{part}.npy", np.arange(10, dtype=np.int32))
    add("ids", folder, tmp_path)
    data = load_dataset("ids", tmp_path, sequence_length=3)
    assert data.train_x.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert data.classes == 10
    with pytest.raises(FormatError, match="too few"):
        load_dataset("ids", tmp_path, sequence_length=100)
    with pytest.raises(MissingAssetError, match="sequence_length"):
        load_dataset("ids", tmp_path)


def test_added_text_that_has_changed_is_refused_and_left_alone(tmp_path):
    folder = text(tmp_path / "hamlet")
    entry = add("hamlet", folder, tmp_path)
    assert added_path("hamlet", tmp_path) == folder.resolve()
    with pytest.raises(ChecksumError, match="not added"):
        add("hamlet", folder, tmp_path, sha256="0" * 64)
    assert add("hamlet", folder, tmp_path, sha256=entry.sha256.upper()) == entry
    (folder / "test.txt").write_text("other words, and enough of them")
    with pytest.raises(ChecksumError, match="add it again"):
        load_dataset("hamlet", tmp_path, sequence_length=4)
    assert (folder / "test.txt").exists()
    with pytest.raises(MissingAssetError, match="nothing at"):
        add("macbeth", tmp_path / "absent", tmp_path)


def test_xor_is_its_own_test_set():
    data = load_dataset("xor")
    assert data.train_x.sum(axis=1).tolist() == [0, 1, 1, 2]
    assert data.test_y.tolist() == [0, 1, 1, 0]


def test_standardised_images_have_mean_0_and_deviation_1_in_each_channel():
    rng = np.random.default_rng(1)
    x = (rng.random((200, 2, 3, 3)) * [[[[1.0]], [[9.0]]]]).astype(np.float32).reshape(200, 18)
    y = np.zeros(200, np.int64)
    data = Dataset("noise", x, y, x[:50] + 1, y[:50], classes=2, shape=(2, 3, 3)).standardised()
    channels = data.train_x.reshape(200, 2, 9)
    np.testing.assert_allclose(channels.mean((0, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(channels.std((0, 2)), 1, rtol=1e-6)
    assert data.train_x.dtype == np.float32
    deviations = x.reshape(200, 2, 9).std((0, 2))
    shift = (data.test_x - data.train_x[:50]).reshape(50, 2, 9)
    np.testing.assert_allclose(shift, np.broadcast_to((1 / deviations)[:, None], shift.shape), rtol=1e-3)


def test_an_image_has_as_many_features_as_its_shape():
    x, y = np.zeros((2, 10), np.float32), np.zeros(2, np.int64)
    with pytest.raises(ShapeMismatchError, match="10 features"):
        Dataset("odd", x, y, x, y, classes=2, shape=(1, 3, 3))


def test_a_tokenizer_beside_a_text_cuts_it(tmp_path):
    tokenizers = pytest.importorskip("tokenizers", reason="cutting text needs the package tokenizers")
    folder = text(tmp_path / "hamlet")
    rules = tokenizers.Tokenizer(tokenizers.models.WordLevel({"to": 0, "be": 1, "or": 2, "not": 3, "?": 4}, "?"))
    rules.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    rules.save(str(folder / "tokenizer.json"))
    add("hamlet", folder, tmp_path)
    data = load_dataset("hamlet", tmp_path, sequence_length=3)
    assert data.train_x[:2].tolist() == [[0, 1, 2], [3, 0, 1]]
    assert data.classes == 5
    (folder / "tokenizer.json").write_text("{")
    add("hamlet", folder, tmp_path)
    with pytest.raises(FormatError, match=r"tokenizer\.json"):
        load_dataset("hamlet", tmp_path, sequence_length=3)


@pytest.mark.skipif(find_spec("tokenizers") is not None, reason="the package tokenizers is here")
def test_without_the_package_a_tokenizer_is_asked_for(tmp_path):
    folder = text(tmp_path / "hamlet")
    (folder / "tokenizer.json").write_text("{}")
    add("hamlet", folder, tmp_path)
    with pytest.raises(MissingAssetError, match="pip install tokenizers"):
        load_dataset("hamlet", tmp_path, sequence_length=3)
