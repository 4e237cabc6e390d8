"""The history of a run as a file that grows with it, a JSON object a line; null where there is no number."""

from __future__ import annotations

import json
from pathlib import Path

from firth.files import write_error
from firth.training.engine import Callback, TrainingRun


class HistoryLog(Callback):
    """Writes the history as it grows; that of a resumed run goes on from the checkpoint's.

    Parameters
    ----------
    path
        The file; what stands there is replaced.
    """

    sees_vectors = False

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._written = 0

    def on_start(self, run: TrainingRun) -> None:
        """Begin with what there is, mostly nothing, which shows before the training whether it can be written."""
        self._add(run, "w")

    def on_report(self, run: TrainingRun) -> None:
        """Add what is new."""
        self._add(run, "a")

    on_epoch = on_end = on_report

    def _add(self, run: TrainingRun, mode: str) -> None:
        new, self._written = run.history[self._written :], len(run.history)
        entries = [{name: None if value != value else value for name, value in entry.items()} for entry in new]
        text = "".join(json.dumps(entry) + "\n" for entry in entries)
        try:
            with self._path.open(mode) as stream:
                stream.write(text)
        except OSError as error:
            raise write_error(self._path, error) from error
