"""The networks as torch modules: built from a seed, loaded from a checkpoint, wired, and cut smaller."""

from validate.engine.models.build import UnsuitableDataError, build_model
from validate.engine.models.layers import Prunable, chain, prunable_layers

__all__ = ["Prunable", "UnsuitableDataError", "build_model", "chain", "prunable_layers"]
