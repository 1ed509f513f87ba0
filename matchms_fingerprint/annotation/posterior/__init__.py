"""From evidence to probabilities: which candidate is right, and whether any of them is."""
