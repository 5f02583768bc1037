"""Claims that can be re-run: their schema, and the registry with one YAML file a paper."""

from validate.claims.registry import ClaimError, load_claim, load_claims, load_registry
from validate.claims.schema import Arm, Claim, Hardware, Layer, Part, Setting, Source

__all__ = [
    "Arm",
    "Claim",
    "ClaimError",
    "Hardware",
    "Layer",
    "Part",
    "Setting",
    "Source",
    "load_claim",
    "load_claims",
    "load_registry",
]
