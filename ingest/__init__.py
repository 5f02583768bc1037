"""From arXiv to files and rows, politely."""
