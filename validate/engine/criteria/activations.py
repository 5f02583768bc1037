"""Criteria that look at what each layer is given: made for language models, they need no gradient and no training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from validate.engine.criteria.base import Choice, Criterion
from validate.engine.criteria.subject import Subject, as_matrix


class Wanda(Criterion):
    """|W_ij| ‖X_j‖₂, with X_j the j-th input over all examples (Sun et al. 2024, arXiv 2306.11695, equation 1).

    The paper compares within each output: ``compare: output`` of an arm.
    """

    layerwise: ClassVar[bool] = True

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Weight times norm of its input."""
        return {
            name: (as_matrix(weight).abs() * subject.input_norms[name].to(weight.dtype)).reshape(weight.shape)
            for name, weight in subject.weights.items()
        }


@dataclass(frozen=True)
class SparseGpt(Criterion):
    """w² / [H⁻¹]_jj of the weights from column j on, and later columns make up (Frantar, Alistarh 2023, algorithm 1).

    arXiv 2301.00774. H = X Xᵀ plus ``damping`` times its mean diagonal; the diagonals are those of the Cholesky factor
    U of H⁻¹ = Uᵀ U, whose squares are the inverses for the columns that are left. Where a pattern allows it, each
    ``block`` of columns chooses its weights anew, the same fraction of each, after earlier blocks have changed it.
    """

    damping: float = 0.01
    block: int = 128
    layerwise: ClassVar[bool] = True

    def _factor(self, gram: Tensor) -> tuple[Tensor, Tensor]:
        """Upper Cholesky factor of the inverse, and which inputs are always zero."""
        hessian = gram.clone()
        dead = hessian.diagonal() == 0
        hessian.diagonal()[dead] = 1
        hessian.diagonal().add_(self.damping * float(hessian.diagonal().mean()))
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(hessian))
        return torch.linalg.cholesky(inverse, upper=True), dead

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """(w / U_jj)²; 0 where the input is always zero."""
        scores = {}
        for name, weight in subject.weights.items():
            factor, dead = self._factor(subject.input_grams[name])
            errors = (as_matrix(weight).double() / factor.diagonal()).square().masked_fill(dead, 0)
            scores[name] = errors.to(weight.dtype).reshape(weight.shape)
        return scores

    def compensate(self, subject: Subject, masks: Mapping[str, Tensor], choice: Choice | None) -> Mapping[str, Tensor]:
        """Prunes column by column; what a column loses is made up for by the columns behind it, row by row."""
        chosen = {}
        for name, layer in subject.layers.items():
            factor, dead = self._factor(subject.input_grams[name])
            # Weights that were pruned before stay so: then there is nothing to choose anew.
            anew = choice if bool(subject.masks[name].all()) else None
            weight, mask = self._swept(as_matrix(layer.weight).double(), as_matrix(masks[name]), factor, dead, anew)
            layer.weight.copy_(weight.reshape(layer.weight.shape))
            chosen[name] = mask.reshape(layer.weight.shape)
        return chosen

    def _swept(
        self, weight: Tensor, mask: Tensor, factor: Tensor, dead: Tensor, choice: Choice | None
    ) -> tuple[Tensor, Tensor]:
        """Weight [outputs, inputs] and mask after all blocks of columns."""
        weight, mask, kept = weight.clone(), mask.clone(), int(mask.sum())
        columns, chosen = weight.shape[1], 0
        for begin in range(0, columns, self.block):
            part = slice(begin, min(begin + self.block, columns))
            own = factor[part, part]
            if choice is not None:
                scores = (weight[:, part] / own.diagonal()).square().masked_fill(dead[part], 0)
                share = round(kept * part.stop / columns) - chosen
                mask[:, part] = choice(scores, share)
                chosen += share
            errors = torch.zeros_like(weight[:, part])
            for column in range(part.stop - part.start):
                place = begin + column
                lost = weight[:, place].masked_fill(mask[:, place], 0)
                errors[:, column] = lost / own[column, column]
                weight[:, place : part.stop] -= errors[:, column, None] * own[column, column:]
                weight[:, place].masked_fill_(~mask[:, place], 0)
            weight[:, part.stop :] -= errors @ factor[part, part.stop :]
        return weight, mask
