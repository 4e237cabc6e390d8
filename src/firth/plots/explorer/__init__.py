"""The explorer: a map of words to search, ask and wander in, as one HTML file that needs no server and no network.

`page.py` puts it together from `page.html`, `style.css` and the scripts beside them, and from the vectors' numbers.
"""

from firth.plots.explorer.page import Explorer, write_explorer

__all__ = ["Explorer", "write_explorer"]
