"""Word vectors: look words up, compare them, save and load them.

`Vectors` holds words and their vectors; `native` is the file format they are kept in.
"""

from firth.vectors.vectors import Vectors

__all__ = ["Vectors"]
