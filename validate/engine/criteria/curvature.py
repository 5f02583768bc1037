"""Criteria that look at the curvature of the loss at the weights of a trained network.

The Hessian is that of Gauss and Newton: for a softmax with cross-entropy the mean over examples of
Jᵀ (diag(p) - p pᵀ) J, with J the slope of the logits. It is the exact Hessian for a linear network, and its diagonal is
exact for any network that is linear in each weight, such as one with ReLU.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from validate.engine.criteria.base import Choice, Criterion
from validate.engine.criteria.subject import InapplicableError, Subject, as_rows, evaluating

LARGEST_HESSIAN = 6000
"""Weights whose Hessian is inverted; one of 6,000 takes 288 MB."""
MOST_CLASSES = 1000
_EXAMPLES_AT_ONCE = 32


def _slopes(subject: Subject, begin: int) -> Iterator[dict[str, Tensor]]:
    """Roots of the curvature for some examples: for each class c the slope of sqrt(p_c) (e_c - p)ᵀ logits.

    By layer [n, outputs, inputs]; the sum over classes and examples of their outer products is n times the Hessian.
    """
    given: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        def hook(_layer: object, arguments: tuple[Tensor, ...], output: Tensor) -> None:
            given[name], outputs[name] = arguments[0].detach(), output

        handles.append(subject.layers[name].register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in subject.layers:
        keep(name)
    try:
        logits = subject.module(subject.x[begin : begin + _EXAMPLES_AT_ONCE])
    finally:
        for handle in handles:
            handle.remove()
    if logits.ndim > 2 or logits.shape[-1] > MOST_CLASSES:
        raise InapplicableError(
            f"curvature takes a pass for each class of each example, and these are {tuple(logits.shape[1:])}; "
            "use Wanda or SparseGPT for this network"
        )
    probabilities = logits.detach().softmax(-1)
    for number in range(logits.shape[-1]):
        direction = -probabilities.clone()
        direction[..., number] += 1
        direction *= probabilities[..., number : number + 1].sqrt()
        last = number == logits.shape[-1] - 1
        slopes = torch.autograd.grad((logits * direction).sum(), list(outputs.values()), retain_graph=not last)
        yield {
            name: torch.einsum("npo,npi->noi", _positions(slope), as_rows(subject.layers[name], given[name]))
            for name, slope in zip(outputs, slopes, strict=True)
        }


def _positions(slope: Tensor) -> Tensor:
    """The slope at a layer's output as [n, positions, outputs]."""
    return slope.flatten(2).transpose(1, 2) if slope.ndim == 4 else slope.reshape(len(slope), -1, slope.shape[-1])


def _all_slopes(subject: Subject) -> Iterator[dict[str, Tensor]]:
    subject.require_examples()
    with torch.enable_grad(), evaluating(subject.module):
        for begin in range(0, len(subject.x), _EXAMPLES_AT_ONCE):
            yield from _slopes(subject, begin)


def hessian_diagonals(subject: Subject) -> dict[str, Tensor]:
    """Second derivative of the mean loss by each weight, by layer."""
    sums = {name: torch.zeros_like(layer.weight) for name, layer in subject.layers.items()}
    for slopes in _all_slopes(subject):
        for name, slope in slopes.items():
            sums[name] += slope.square().sum(0).reshape(sums[name].shape)
    return {name: total / len(subject.x) for name, total in sums.items()}


class OptimalBrainDamage(Criterion):
    """½ h w², with h the second derivative of the loss by the weight (LeCun, Denker, Solla 1989, equation 5).

    The paper gets h by back-propagating second derivatives with their diagonals alone; here it is computed exactly.
    """

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Saliency. Raises InapplicableError for more than a thousand classes."""
        diagonals = hessian_diagonals(subject)
        return {name: 0.5 * diagonals[name] * weight.square() for name, weight in subject.weights.items()}


def _flat(values: Mapping[str, Tensor], subject: Subject) -> Tensor:
    """Entries of the weights that are not pruned yet, of all layers, in one row."""
    return torch.cat([values[name][subject.masks[name]] for name in subject.layers])


@dataclass(frozen=True)
class OptimalBrainSurgeon(Criterion):
    """w² / (2 [H⁻¹]_qq), and the other weights move by -w_q / [H⁻¹]_qq H⁻¹ e_q (Hassibi, Stork 1992, equation 5).

    H is the Hessian over all weights that are left. Weights that go together are made up for together:
    δw = -H⁻¹_P (H⁻¹_PP)⁻¹ w_P. The paper removes one weight at a time: as many rounds as weights to remove.
    """

    damping: float = 1e-4
    """Added to the diagonal; the paper begins its inversion with 1e-8 to 1e-4."""

    def _inverse_hessian(self, subject: Subject) -> Tensor:
        size = sum(int(mask.sum()) for mask in subject.masks.values())
        if size > LARGEST_HESSIAN:
            raise InapplicableError(
                f"OBS inverts the Hessian of all weights, and these are {size} (at most {LARGEST_HESSIAN}); "
                "SparseGPT inverts layer by layer"
            )
        total = torch.zeros(size, size, dtype=torch.float64, device=subject.x.device)
        for slopes in _all_slopes(subject):
            rows = torch.cat([slopes[name].flatten(1)[:, subject.masks[name].flatten()] for name in subject.layers], 1)
            total += rows.double().T @ rows.double()
        total /= len(subject.x)
        total.diagonal().add_(self.damping)
        return torch.linalg.inv(total)

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Saliency; 0 for weights that are pruned already. Raises InapplicableError for too many weights."""
        diagonal = self._inverse_hessian(subject).diagonal()
        pieces = diagonal.split([int(subject.masks[name].sum()) for name in subject.layers])
        scores = {}
        for piece, (name, weight) in zip(pieces, subject.weights.items(), strict=True):
            scores[name] = torch.zeros_like(weight)
            kept = weight[subject.masks[name]].double()
            scores[name][subject.masks[name]] = (kept.square() / (2 * piece)).float()
        return scores

    def compensate(self, subject: Subject, masks: Mapping[str, Tensor], choice: Choice | None) -> Mapping[str, Tensor]:
        """Moves the weights that stay to where the loss, as a parabola, is least."""
        removed = ~_flat(masks, subject)
        if not removed.any():
            return masks
        inverse = self._inverse_hessian(subject)
        gone = _flat(subject.weights, subject)[removed].double()
        multipliers = torch.linalg.solve(inverse[removed][:, removed], gone)
        moves = -(inverse[:, removed] @ multipliers)
        pieces = moves.split([int(subject.masks[name].sum()) for name in subject.layers])
        for piece, (name, layer) in zip(pieces, subject.layers.items(), strict=True):
            layer.weight[subject.masks[name]] += piece.to(layer.weight.dtype)
        return masks
