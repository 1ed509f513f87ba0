"""Scorers: how well candidates fit a spectrum, one idea a file; by name in `models.scorers.registry`."""
