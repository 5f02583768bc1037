"""``python -m secateur``: the command line where the script ``secateur`` is not on the path."""

from __future__ import annotations

from secateur.cli import main

if __name__ == "__main__":
    main()
