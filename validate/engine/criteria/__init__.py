"""Pruning criteria: which weights matter. A criterion is a small class with one method that returns scores.

The weights with the highest scores are kept; how many of them in which layer is the distribution's business, and which
of them go together is the pattern's.
"""

from collections.abc import Mapping

from validate.engine.criteria.activations import SparseGpt, Wanda
from validate.engine.criteria.base import Criterion
from validate.engine.criteria.curvature import OptimalBrainDamage, OptimalBrainSurgeon
from validate.engine.criteria.gradients import Grasp, Snip, SynFlow, Taylor
from validate.engine.criteria.subject import InapplicableError, Subject
from validate.engine.criteria.weights import FilterNorm, Magnitude, Random

CRITERIA: Mapping[str, Criterion] = {
    "magnitude": Magnitude(),
    "random": Random(),
    "l1-filter": FilterNorm(),
    "snip": Snip(),
    "grasp": Grasp(),
    "synflow": SynFlow(),
    "taylor": Taylor(),
    "obd": OptimalBrainDamage(),
    "obs": OptimalBrainSurgeon(),
    "wanda": Wanda(),
    "sparsegpt": SparseGpt(),
}
"""Every criterion, by the name that claims use."""

__all__ = ["CRITERIA", "Criterion", "InapplicableError", "Subject"]
