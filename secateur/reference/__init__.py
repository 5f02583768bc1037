"""The reference pages of the documentation, made from the code: `python -m secateur.reference docs/reference`."""
