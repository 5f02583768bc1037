"""Data sets for the pruning engine: arrays in memory, a fixed test set, checked files."""

from validate.engine.data.dataset import Dataset
from validate.engine.data.files import ChecksumError, MissingAssetError
from validate.engine.data.registry import load_dataset

__all__ = ["ChecksumError", "Dataset", "MissingAssetError", "load_dataset"]
