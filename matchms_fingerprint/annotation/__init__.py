"""The main job: spectra, a library and a model to annotations."""
