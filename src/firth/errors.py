"""What can go wrong, as sentences for people.

Every error that a person can mend is a `FirthError`, whose message is one sentence that names the file, line or
option and says what to do. The command line prints it and exits with its `exit_code`; anything else
is a fault of Firth.
"""

from __future__ import annotations

import importlib
from types import ModuleType


class FirthError(Exception):
    """Something that a person can mend; the message says how."""

    exit_code = 1


class OptionError(FirthError, ValueError):
    """An option or argument has a value that is not allowed."""

    exit_code = 2


class DataError(FirthError):
    """A file is missing, damaged or not what it should be."""


class MissingExtraError(FirthError, ImportError):
    """An optional dependency is not installed."""


def import_extra(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or say how to install it.

    Parameters
    ----------
    module
        The module to import, for example ``"matplotlib.figure"``.
    extra
        The extra of Firth that installs it, for example ``"lab"``.

    Raises
    ------
    MissingExtraError
        The module is not installed; the message holds the exact ``pip install`` line.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(f"{package} is not installed: run  pip install 'firth[{extra}]'") from error
