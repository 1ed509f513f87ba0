"""Numba kernels: arrays in, arrays out; neither matchms nor torch."""
