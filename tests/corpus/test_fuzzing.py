"""A minute of fuzzing of all readers from the seeds in the repository.

The seed of libFuzzer's random numbers is fixed, so that every run tries the same kinds of input; how far it gets in a
minute depends on the machine. The limit for one input is there for what hangs: it leaves a machine that is three times
slower the time of a paper, eight times over for the instrumentation. Whether time grows with the square of the input
is a matter for ``test_hostile_input.py``, which measures it without instrumentation.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from corpus.bounded import MAX_BYTES, MAX_SECONDS

FOLDER = Path(__file__).resolve().parents[1] / "fuzz"
SECONDS = 60
INSTRUMENTED, SLOW_MACHINE = 8, 3
"""How many times longer instrumented code takes (4 to 7 times was measured), and a machine with other work."""
UNIT_SECONDS = round(MAX_SECONDS * INSTRUMENTED * SLOW_MACHINE)
MEGABYTES = MAX_BYTES // 2**20 + 300
"""The memory that reading a paper may need, above that of the loaded knowledge base and the fuzzer."""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="needs atheris, which has wheels for few systems")
def test_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(FOLDER / "seeds", corpus)
    limits = [f"-max_total_time={SECONDS}", f"-timeout={UNIT_SECONDS}", f"-rss_limit_mb={MEGABYTES}", "-max_len=20000"]
    course = ["-seed=1", f"-dict={FOLDER / 'words.dict'}"]
    command = [sys.executable, str(FOLDER / "fuzz_readers.py"), str(corpus), *limits, *course]
    longest = SECONDS + 2 * UNIT_SECONDS + 120
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=longest)
    found = [path.name for path in tmp_path.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-"))]
    assert (done.returncode, found) == (0, []), done.stderr[-4000:]
