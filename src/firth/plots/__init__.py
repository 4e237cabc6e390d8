"""Pictures of words and relations between them, of runs as they went, and of a classifier's mistakes.

matplotlib (the extra ``lab``) is imported when a picture is drawn and not before. The same input gives the same bytes.
"""

from firth.plots.analogy import analogy_figure
from firth.plots.clusters import name_clusters
from firth.plots.confusion import confusion_figure, plot_confusion
from firth.plots.curves import curves_figure, read_log
from firth.plots.layout import project
from firth.plots.loss import loss_figure, plot_loss
from firth.plots.neighborhood import neighborhood_figure
from firth.plots.plane import label_faults
from firth.plots.similarity import similarity_figure
from firth.plots.style import write_figure
from firth.plots.vocabulary_map import vocabulary_map_figure
from firth.plots.word_map import plot_word_map, word_map_figure

__all__ = [
    "analogy_figure",
    "confusion_figure",
    "curves_figure",
    "label_faults",
    "loss_figure",
    "name_clusters",
    "neighborhood_figure",
    "plot_confusion",
    "plot_loss",
    "plot_word_map",
    "project",
    "read_log",
    "similarity_figure",
    "vocabulary_map_figure",
    "word_map_figure",
    "write_figure",
]
