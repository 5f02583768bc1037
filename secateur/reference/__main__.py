"""`python -m secateur.reference FOLDER` writes the pages of the reference into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from secateur.reference.pages import write_reference

if __name__ == "__main__":
    write_reference(Path(sys.argv[1]))
