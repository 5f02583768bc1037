"""Speed claims: plans frozen before timing, blocks that take turns in fresh processes, and verdicts of their own."""
