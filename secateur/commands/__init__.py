"""The commands, by what they are about; `secateur.cli` puts them together."""
