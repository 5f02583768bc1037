"""Learning from a person's labels: which papers to ask about, and how the answers move the tagger's weights."""
