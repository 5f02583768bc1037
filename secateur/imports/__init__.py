"""What a user brings into the corpus: spreadsheets of results and comparisons, and tables of a project's page."""
