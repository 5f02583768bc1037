"""E-prints are told by their bytes and unpacked in memory; what is hostile is refused with its own error."""

import gzip
import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import archive
from ingest.archive import is_whole, sniff, unpack

TEX = b"\\documentclass{article}\n\\begin{document}\nG\xf6del\n\\end{document}\n"


def packed(data: bytes, level: int = 9) -> bytes:
    """Gzip without the time, so that tests made of the bytes have the same names in every process."""
    return gzip.compress(data, level, mtime=0)


def tar(*members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                file.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("data", "form", "names"),
    [
        (packed(tar(("./main.tex", TEX), ("sec/a.tex", b"A"))), "tar+gzip", ["main.tex", "sec/a.tex"]),
        (packed(TEX), "tex+gzip", ["main.tex"]),
        (packed(b"%!TEX root = x\n" + TEX), "tex+gzip", ["main.tex"]),
        (tar(("main.tex", TEX)), "tar", ["main.tex"]),
        (tar(("main.tex", TEX), form=tarfile.GNU_FORMAT), "tar", ["main.tex"]),
        (tar(("a" * 150 + "/é.tex", TEX), form=tarfile.PAX_FORMAT), "tar", ["a" * 150 + "/é.tex"]),
        (TEX, "tex", ["main.tex"]),
        (b"%PDF-1.5\n...", "pdf", ["main.pdf"]),
        (b"\n<!DOCTYPE html><html></html>", "html", ["main.html"]),
        (packed(b"<html></html>"), "html+gzip", ["main.html"]),
        (packed(b"%!PS-Adobe-2.0"), "ps+gzip", ["main.ps"]),
    ],
)
def test_each_form_is_told_and_unpacked(data: bytes, form: str, names: list[str]) -> None:
    assert sniff(data) == form
    assert list(unpack(data)) == names


def test_bytes_come_out_as_they_went_in() -> None:
    files = unpack(packed(tar(("main.tex", TEX), ("figure.png", bytes(range(256))))))
    assert files == {"main.tex": TEX, "figure.png": bytes(range(256))}


def test_folders_are_no_files() -> None:
    assert unpack(tar(special("figures", tarfile.DIRTYPE), ("figures/a.tex", b"A"))) == {"figures/a.tex": b"A"}


def test_a_tar_from_before_posix_is_told_by_its_checksum() -> None:
    data = bytearray(tar(("main.tex", TEX)))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    assert sniff(bytes(data)) == "tar"
    assert unpack(bytes(data)) == {"main.tex": TEX}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (tar(("../evil.tex", b"x")), archive.PathOutsideError),
        (tar(("a/../../evil.tex", b"x")), archive.PathOutsideError),
        (tar(("/etc/passwd", b"x")), archive.PathOutsideError),
        (tar(("..\\evil.tex", b"x")), archive.PathOutsideError),
        (tar(("C:evil.tex", b"x")), archive.PathOutsideError),
        (tar(special("link.tex", tarfile.SYMTYPE, "/etc/passwd")), archive.LinkError),
        (tar(special("link.tex", tarfile.LNKTYPE, "main.tex")), archive.LinkError),
        (tar(special("null", tarfile.CHRTYPE)), archive.SpecialFileError),
        (tar(special("pipe", tarfile.FIFOTYPE)), archive.SpecialFileError),
        (b"PK\x03\x04docx", archive.UnknownFormatError),
        (b"\x00\x01\x02", archive.UnknownFormatError),
        (b"", archive.UnknownFormatError),
        (b"\x1f\x8b not gzip", archive.UnknownFormatError),
        (packed(bytes(range(256)) * 4), archive.UnknownFormatError),
        (packed(TEX + bytes(range(1, 256)) * 900, 0)[:-5000], archive.BrokenArchiveError),
        (tar(("main.tex", TEX * 100))[:2000], archive.BrokenArchiveError),
    ],
)
def test_each_danger_has_its_error(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        unpack(data)


def test_limits_hold() -> None:
    many = tar(*[(f"{number}.tex", b"") for number in range(11)])
    with pytest.raises(archive.TooManyMembersError):
        unpack(many, max_members=10)
    with pytest.raises(archive.TooLargeError):
        unpack(packed(b"%" * 5000), max_bytes=4999)
    with pytest.raises(archive.TooLargeError):
        unpack(b"%" * 5000, max_bytes=4999)


def test_a_bomb_is_refused_long_before_its_end() -> None:
    bomb = packed(b"%" * (40 * 2**20), 9)
    with pytest.raises(archive.CompressionBombError):
        unpack(bomb)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (packed(TEX), True),
        (packed(TEX)[:-1], False),
        (packed(TEX) + packed(TEX)[:-9], False),
        (packed(TEX)[:-8] + bytes(8), False),
        (b"%PDF-1.5\n...\n%%EOF\n", True),
        (b"%PDF-1.5\n...", False),
        (TEX, True),
        (packed(bytes(40 * 2**20), 9), True),
    ],
)
def test_an_eprint_that_ends_early_is_told(data: bytes, whole: bool) -> None:
    assert is_whole(data) is whole


def test_files_of_several_gzip_members_are_joined() -> None:
    assert unpack(packed(TEX) + packed(b"% end")) == {"main.tex": TEX + b"% end"}


@settings(max_examples=30)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.tex", fullmatch=True), st.binary(max_size=900)))
def test_any_archive_of_plain_files_comes_back(files: dict[str, bytes]) -> None:
    data = packed(tar(*files.items()))
    if files:
        assert unpack(data) == files


@given(st.binary(max_size=2000), st.sampled_from([bytes, packed]))
def test_any_bytes_are_unpacked_or_refused(data: bytes, packed: Callable[[bytes], bytes]) -> None:
    try:
        files = unpack(packed(data))
    except archive.ArchiveError:
        return
    assert all(isinstance(content, bytes) for content in files.values())
