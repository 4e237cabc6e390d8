"""What holds for every test: none touches the user's cache or asserts a time; what needs the treebank skips without."""

import os
import tempfile

import pytest
from hypothesis import settings

from firth.datasets import status


def pytest_configure(config):
    """Give the session a cache of its own, before anything asks where the treebank is.

    Compiled kernels are kept elsewhere, so nothing is compiled anew for it.
    """
    cache = tempfile.TemporaryDirectory(prefix="firth-test-cache-")
    config.add_cleanup(cache.cleanup)
    os.environ["FIRTH_CACHE"] = cache.name
    settings.register_profile("patient")  # how long an example takes says nothing about Firth
    settings.load_profile("patient")


def pytest_collection_modifyitems(items):
    needing = [item for item in items if item.get_closest_marker("needs_sst")]
    if not needing:
        return
    treebank = status("sst")
    if treebank.state == "ready":
        return
    problem = f" ({treebank.problem})" if treebank.state == "damaged" else ""
    for item in needing:
        item.add_marker(pytest.mark.skip(reason=f"SST is not here: set FIRTH_DATA{problem}"))
