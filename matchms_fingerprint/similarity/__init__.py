"""matchms scores: thin adapters over models and kernels."""
