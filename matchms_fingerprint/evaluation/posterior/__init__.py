"""How good a posterior is: what each evidence brings, whether probabilities hold, and what becomes of poor spectra."""
