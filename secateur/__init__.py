"""Secateur: reads the literature on sparsity and pruning of neural networks, and checks it.

``from secateur import Corpus`` opens a corpus for questions from Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secateur.library import Corpus

__all__ = ["Corpus", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # pandas takes half a second to import; commands that only read a file don't wait for it.
    if name == "Corpus":
        from secateur.library import Corpus

        return Corpus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
