"""Whether a claim holds when it is run: claims, plans, runs, verdicts, the pruning engine and the sparse kernels."""
