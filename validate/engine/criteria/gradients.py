"""Criteria that look at the slope of the loss, or of a flow of their own, at the weights.

Networks are scored in evaluation mode: batch normalisation uses what it has learned, at initialisation nothing.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from validate.engine.criteria.base import Criterion
from validate.engine.criteria.subject import InapplicableError, Subject, evaluating, loss_of, portions


def loss_gradients(subject: Subject) -> dict[str, Tensor]:
    """Gradient of the mean loss over the subject's examples, by layer."""
    weights = [layer.weight for layer in subject.layers.values()]
    totals = [torch.zeros_like(weight) for weight in weights]
    subject.require_examples()
    with torch.enable_grad(), evaluating(subject.module):
        for part in portions(subject.x):
            loss = loss_of(subject.module(subject.x[part]), subject.y[part])
            share = len(subject.x[part]) / len(subject.x)
            for total, gradient in zip(totals, torch.autograd.grad(loss, weights), strict=True):
                total += share * gradient
    return dict(zip(subject.layers, totals, strict=True))


class Snip(Criterion):
    """|g w| / Σ |g w|, with g the gradient of the loss on one batch (Lee et al. 2019, arXiv 1810.02340, equation 5)."""

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Connection sensitivity; it adds up to 1 over all layers."""
        gradients = loss_gradients(subject)
        products = {name: (gradients[name] * weight).abs() for name, weight in subject.weights.items()}
        total = sum(float(product.sum()) for product in products.values())
        return {name: product / total if total else product for name, product in products.items()}


class Taylor(Criterion):
    """(g w)²: the squared change of the loss, to first order, if the weight were zero.

    Molchanov et al. 2019, arXiv 1906.10771, equation 8; a filter has the mean of its weights' scores.
    """

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """(g w)²."""
        gradients = loss_gradients(subject)
        return {name: (gradients[name] * weight).square() for name, weight in subject.weights.items()}


@dataclass(frozen=True)
class Grasp(Criterion):
    """w ⊙ H g: how much gradient flow a weight carries (Wang et al. 2020, arXiv 2002.07376, equations 6 to 8).

    H is the Hessian of the loss and g its gradient over all scored weights. The paper removes the weights for which
    -w ⊙ H g is greatest; its code divides logits by a temperature of 200.
    """

    temperature: float = 200.0

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """w ⊙ H g, from one batch, since H g of a mean is no mean over batches."""
        subject.require_examples()
        weights = [layer.weight for layer in subject.layers.values()]
        with torch.enable_grad(), evaluating(subject.module):
            loss = loss_of(subject.module(subject.x) / self.temperature, subject.y)
            gradients = torch.autograd.grad(loss, weights, create_graph=True)
            flow = torch.stack([(one * one.detach()).sum() for one in gradients]).sum()
            products = torch.autograd.grad(flow, weights)
        return {
            name: product * weight for product, (name, weight) in zip(products, subject.weights.items(), strict=True)
        }


class SynFlow(Criterion):
    """|w| ∂R/∂|w| with R = 1ᵀ (Π |W|) 1: the flow through a weight when all are positive and all inputs are 1.

    Tanaka et al. 2020, arXiv 2006.05467, equation 3 and algorithm 1. No examples are used. The paper prunes in 100
    rounds at initialisation. Computed in double precision, since the flow grows with every layer.
    """

    def scores(self, subject: Subject) -> dict[str, Tensor]:
        """Synaptic flow. Raises InapplicableError for networks that take token ids."""
        if not subject.x.is_floating_point():
            raise InapplicableError("SynFlow sends ones through a network, and this one takes token ids")
        positive = copy.deepcopy(subject.module).double().eval()
        with torch.no_grad():
            for value in (*positive.parameters(), *positive.buffers()):
                if value.is_floating_point():
                    value.abs_()
        weights = [positive.get_parameter(f"{name}.weight") for name in subject.layers]
        with torch.enable_grad():
            ones = torch.ones(1, *subject.x.shape[1:], dtype=torch.float64, device=subject.x.device)
            gradients = torch.autograd.grad(positive(ones).sum(), weights)
        scored = zip(subject.layers, weights, gradients, strict=True)
        return {name: gradient * weight.detach() for name, weight, gradient in scored}
