"""Splits, data sets and the training loop; never imported by inference."""
