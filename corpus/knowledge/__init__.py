"""Facts of the field: methods, data sets, networks and metrics, with their names as papers write them.

The facts stand in the YAML files beside this module; `load_knowledge` reads and checks them.
"""

from corpus.knowledge.base import Knowledge
from corpus.knowledge.entries import KINDS, Dataset, Kind, Method, Metric, Network
from corpus.knowledge.loader import KnowledgeFileError, load_knowledge
from corpus.knowledge.matching import Mention

__all__ = [
    "KINDS",
    "Dataset",
    "Kind",
    "Knowledge",
    "KnowledgeFileError",
    "Mention",
    "Method",
    "Metric",
    "Network",
    "load_knowledge",
]
