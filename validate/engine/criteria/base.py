"""What every criterion is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import Tensor

from validate.engine.criteria.subject import Subject

Choice = Callable[[Tensor, int], Tensor]
"""Scores of some columns of a weight [outputs, columns] and how many to keep, to their mask."""


class Criterion(ABC):
    """Scores weights; some also change those that stay."""

    layerwise: ClassVar[bool] = False
    """Whether the scores of a layer follow from its weight and what it is given, so that layers can be pruned one
    behind the other, each on what the pruned ones before it give."""

    @abstractmethod
    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """A score for each weight, by layer, higher for those to keep. Raises InapplicableError."""

    def compensate(self, subject: Subject, masks: Mapping[str, Tensor], choice: Choice | None) -> Mapping[str, Tensor]:
        """Changes the weights that stay, to make up for those that go; most criteria leave them as they are.

        Returns the masks; a criterion that chooses anew on the way does so by ``choice``, which is None where the
        masks have to stay as they are.
        """
        return masks
