"""Binaries: flags, and a choice of model, data and loop. Run as `python -m experiments.NAME`."""
