"""Where networks are trained: the CPU, or an accelerator where there is one."""

from __future__ import annotations

import torch


class DeviceUnavailableError(ValueError):
    """A device was asked for that this machine does not have."""


def device_of(name: str) -> torch.device:
    """The device of that name, such as cpu, cuda or cuda:1. Raises DeviceUnavailableError."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise DeviceUnavailableError(
            f"there is no device {name!r} here ({reason}); without --device it is cpu"
        ) from error
    return device
