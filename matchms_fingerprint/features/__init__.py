"""From a spectrum to the arrays that a model reads."""
