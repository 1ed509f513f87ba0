"""Metrics, baselines and the benchmark; never imported by inference."""
