"""The library of candidate structures."""
