"""Other tools' files of vectors: one file here for each kind, and `registry.py`, which knows them all by name."""
