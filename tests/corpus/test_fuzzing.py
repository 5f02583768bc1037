"""A minute of fuzzing of all readers from the seeds in the repository."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "fuzz"
SECONDS = 60
UNIT_SECONDS = 40
"""Instrumented code is some 25 times slower than the code that has 5 s a paper."""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="needs atheris, which has wheels for few systems")
def test_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(FOLDER / "seeds", corpus)
    limits = [f"-max_total_time={SECONDS}", f"-timeout={UNIT_SECONDS}", "-rss_limit_mb=1500", "-max_len=20000"]
    command = [sys.executable, str(FOLDER / "fuzz_readers.py"), str(corpus), *limits]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS * 5)
    found = [path.name for path in tmp_path.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-"))]
    assert (done.returncode, found) == (0, []), done.stderr[-4000:]
