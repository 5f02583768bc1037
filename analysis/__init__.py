"""What the corpus says as a whole: computations from frames to frames, their figures, and the living survey."""
