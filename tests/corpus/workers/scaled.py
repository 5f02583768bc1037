"""What the workers of test_scale.py do; they import it by name."""

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def die_once(task: tuple[Path, int]) -> int:
    """Kill the worker at the first sight of 7, and work from then on."""
    folder, number = task
    if number == 7 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def die_always(number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def refuse(number: int) -> int:
    raise ValueError(f"{number} is odd")


def who_and_square(task: tuple[Path, int]) -> int:
    """Leave a mark of the worker, so that a test can kill it, and take a moment."""
    folder, number = task
    (folder / f"pid-{os.getpid()}").touch()
    time.sleep(0.05)
    return square(number)
