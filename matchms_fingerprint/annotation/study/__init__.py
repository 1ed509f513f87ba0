"""Whole samples by what is in them: their embeddings, and whether these tell groups of samples apart."""

from matchms_fingerprint.annotation.study.groups import AgainstChance, GroupTest, check_groups, tell_groups_apart
from matchms_fingerprint.annotation.study.labels import SampleLabels, read_sample_labels
from matchms_fingerprint.annotation.study.samples import StudySamples, check_samples, embed_samples, sample_embeddings
from matchms_fingerprint.annotation.study.study import Study, analyse_study, check_study

__all__ = [
    "AgainstChance",
    "GroupTest",
    "SampleLabels",
    "Study",
    "StudySamples",
    "analyse_study",
    "check_groups",
    "check_samples",
    "check_study",
    "embed_samples",
    "read_sample_labels",
    "sample_embeddings",
    "tell_groups_apart",
]
