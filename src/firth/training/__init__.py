"""Ids to vectors: options, sampling, compiled kernels, and the loop that runs them."""
