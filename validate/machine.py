"""What a result was measured on, as it is stored beside every run and timing."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from validate.kernels.library import instruction_set, kernel_name

_INSTRUCTION_SETS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def read_cpuinfo(text: str) -> dict[str, str]:
    """The fields of the first processor."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    return fields


def cpu_name(fields: Mapping[str, str]) -> str:
    """The name of a CPU. Virtual machines leave the number out, so that every one of a maker's line has one name: then
    family and model stand behind it, as in ``AMD EPYC (family 25, model 17)``.
    """
    name = fields.get("model name", "")
    known = [f"{word} {fields[key]}" for word, key in (("family", "cpu family"), ("model", "model")) if key in fields]
    return f"{name} ({', '.join(known)})" if name and known and not re.search(r"\d", name) else name


@cache
def _cpu() -> dict[str, Any]:
    """Model and instruction sets from Linux's cpuinfo; elsewhere what Python knows."""
    path = Path("/proc/cpuinfo")
    fields = read_cpuinfo(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else {}
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    return {
        "cpu": cpu_name(fields) or platform.processor() or platform.machine(),
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
