"""Compiled inner loops: one file draws, one file an objective learns. Importing them imports Numba.

Each has a readable twin in `firth.theory` or `firth.training.sampling`, and a test that holds the two equal.
"""
