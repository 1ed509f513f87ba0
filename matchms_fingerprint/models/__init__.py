"""Encoders, their registry, and the bundles they are shipped in."""
