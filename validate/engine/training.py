"""The training loop: deterministic for a generator on one thread, with masks that hold after every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from validate.claims.schema import Setting
from validate.engine.models import prunable_layers


class DivergedError(ArithmeticError):
    """The loss is no longer a number."""


@dataclass(frozen=True, eq=False)
class Trainer:
    """Trains networks in one setting on one training set; ``generator`` decides the order of the examples."""

    setting: Setting
    x: Tensor
    y: Tensor
    generator: torch.Generator

    def _optimizer(self, model: nn.Sequential, factor: float) -> torch.optim.Optimizer:
        setting = self.setting
        assert setting.learning_rate is not None
        rate = setting.learning_rate * factor
        if setting.optimizer == "adam":
            return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=setting.weight_decay, fused=True)
        return torch.optim.SGD(
            model.parameters(), lr=rate, momentum=setting.momentum, weight_decay=setting.weight_decay, fused=True
        )

    def train(
        self, model: nn.Sequential, epochs: int, masks: Mapping[str, Tensor], learning_rate_factor: float = 1.0
    ) -> None:
        """Trains ``model`` in place with a fresh optimiser; weights outside ``masks`` stay zero.

        Raises DivergedError at the end of the epoch in which the loss stopped being a finite number.
        """
        if epochs == 0:
            return
        batch = self.setting.batch
        assert batch is not None
        optimizer = self._optimizer(model, learning_rate_factor)
        weights = [(layer.weight, masks[name]) for name, layer in prunable_layers(model).items() if name in masks]
        loss_of = nn.CrossEntropyLoss()
        for _ in range(epochs):
            total = torch.zeros(())
            for chosen in torch.randperm(len(self.y), generator=self.generator).split(batch):
                optimizer.zero_grad()
                loss = loss_of(model(self.x[chosen]), self.y[chosen])
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    for weight, mask in weights:
                        weight.mul_(mask)
                    total += loss.detach()
            if not torch.isfinite(total):
                raise DivergedError("the loss is not finite")
