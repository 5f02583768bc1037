"""From a file to knowledge: knowledge base, readers, tagging and results. Pure: no database, no network."""
