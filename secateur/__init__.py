"""Secateur: reads the literature on sparsity and pruning of neural networks, and checks it."""

__version__ = "0.1.0"
