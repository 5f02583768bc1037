"""Counts corrected for the classifier: what it misses and what it takes in wrongly drifts with the field's words.

From an audit sample of each year (papers drawn at random, judged by people) precision and recall are estimated; the
share of papers that counting finds is recall / precision. It enters a fit as an offset, and its error widens the
interval of the rate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

AUDIT_COLUMNS = ("year", "called", "called_right", "relevant", "relevant_found")


class AuditError(ValueError):
    """An audit sample says too little, or something impossible."""


def audit_by_year(audit: pd.DataFrame) -> pd.DataFrame:
    """Precision, recall and the share that counting finds, by year.

    Args:
        audit: One row a year with AUDIT_COLUMNS: of how many papers that were called relevant people judged the truth
            (``called``) and how many of them are (``called_right``); of how many relevant papers of a random sample
            (``relevant``) how many were called so (``relevant_found``).

    Returns:
        Columns year, precision, recall, found (recall / precision) and found_error (standard error of its logarithm).
        A half is added to each count, so that a sample without a miss is not taken for certainty.

    Raises:
        AuditError: a column is absent, a count is impossible, or a year has no sample.
    """
    absent = [name for name in AUDIT_COLUMNS if name not in audit]
    if absent:
        raise AuditError(f"an audit has the columns {', '.join(AUDIT_COLUMNS)}; {absent[0]} is absent")
    counts = audit[list(AUDIT_COLUMNS)].astype(float)
    for part, whole in (("called_right", "called"), ("relevant_found", "relevant")):
        wrong = counts[(counts[whole] <= 0) | (counts[part] < 0) | (counts[part] > counts[whole])]
        if not wrong.empty:
            row = wrong.iloc[0]
            raise AuditError(
                f"{row['year']:.0f}: {part} is {row[part]:g} of {row[whole]:g}; it must be 0 to that, of 1 up"
            )
    precision = (counts["called_right"] + 0.5) / (counts["called"] + 1)
    recall = (counts["relevant_found"] + 0.5) / (counts["relevant"] + 1)
    variance = (1 - precision) / (precision * (counts["called"] + 1)) + (1 - recall) / (
        recall * (counts["relevant"] + 1)
    )
    return pd.DataFrame(
        {
            "year": counts["year"].astype(int),
            "precision": precision,
            "recall": recall,
            "found": recall / precision,
            "found_error": np.sqrt(variance),
        }
    )


def correct_counts(counts: pd.DataFrame, audit: pd.DataFrame) -> pd.DataFrame:
    """Adds found, found_error and corrected (papers / found) to the counts of `analysis.growth`.

    Raises AuditError when a year with papers has no row in the audit.
    """
    rates = audit_by_year(audit).set_index("year")
    years = counts["start"].dt.year
    missing = sorted(set(years[counts["papers"] > 0]) - set(rates.index))
    if missing:
        raise AuditError(f"the audit has no sample of {missing[0]}: a trend can't be corrected in some years only")
    found = years.map(rates["found"]).fillna(1.0)
    error = years.map(rates["found_error"]).fillna(0.0)
    return counts.assign(found=found, found_error=error, corrected=counts["papers"] / found)
