"""The highest memory of this process, and of nothing that it was started from."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """The highest resident memory so far, in MB of a million bytes.

    On Linux it is the kernel's VmHWM: ``ru_maxrss`` of a process that another one started begins at the highest memory
    of that other one (getrusage(2), exec keeps it).
    """
    if _STATUS.is_file():
        found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
