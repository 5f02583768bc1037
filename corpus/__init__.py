"""From a file to knowledge: the knowledge base, the readers, the tagging and the results. Pure: no database, no network."""
