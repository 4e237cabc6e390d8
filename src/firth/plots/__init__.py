"""Pictures of words, of a run's loss, and of a classifier's mistakes.

matplotlib (the extra ``lab``) is imported when a picture is drawn and not before. The same input gives the same bytes.
"""

from firth.plots.confusion import confusion_figure, plot_confusion
from firth.plots.loss import loss_figure, plot_loss
from firth.plots.plane import label_faults
from firth.plots.word_map import plot_word_map, word_map_figure

__all__ = [
    "confusion_figure",
    "label_faults",
    "loss_figure",
    "plot_confusion",
    "plot_loss",
    "plot_word_map",
    "word_map_figure",
]
