"""The living survey: one static, self-contained site written from the frames of the corpus."""

from analysis.report.data import SiteSummary, SurveyChoices, SurveyData
from analysis.report.site import write_site

__all__ = ["SiteSummary", "SurveyChoices", "SurveyData", "write_site"]
