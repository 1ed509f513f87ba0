"""Figures for papers, one function each: they draw into the axes that they are given, or into new ones."""

from matchms_fingerprint.report.figures.embedding_map import embedding_map
from matchms_fingerprint.report.figures.evidence_plot import evidence_plot
from matchms_fingerprint.report.figures.mirror_plot import mirror_plot
from matchms_fingerprint.report.figures.permutation_plot import permutation_plot

__all__ = ["embedding_map", "evidence_plot", "mirror_plot", "permutation_plot"]
