"""What a result was measured on, as it is stored beside every run and timing."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from validate.kernels.library import instruction_set, kernel_name

_INSTRUCTION_SETS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


@cache
def _cpu() -> dict[str, Any]:
    """Model and instruction sets from Linux's cpuinfo; elsewhere what Python knows."""
    path = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    return {
        "cpu": fields.get("model name") or platform.processor() or platform.machine(),
        "instruction_sets": [name for name in _INSTRUCTION_SETS if name in flags],
        "cores": os.cpu_count(),
    }


@cache
def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe_machine(threads: int = 1) -> dict[str, Any]:
    """CPU, its instruction sets, load at this moment, threads used, and the versions that results depend on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        **_cpu(),
        "load": load,
        "threads": threads,
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": _installed("numpy"),
        "torch": _installed("torch"),
        "kernel": kernel_name(),
        "isa": instruction_set() if kernel_name() == "c" else None,
    }
