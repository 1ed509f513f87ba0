"""Losses: plain functions on tensors, one idea a file, registered in `models.losses.registry`.

Losses of fingerprints take logits and bits, losses of rankings take the scores of candidate lists; all return one value
a spectrum. Which of them suits which candidates is what `evaluation.conflict.recommend_loss` says.
"""
