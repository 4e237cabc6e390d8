"""How good vectors are, measured on tasks whose answers are known, and how they lie in their space.

`evaluate_similarity` ranks pairs of words, `evaluate_analogies` answers a : b = c : ?, `probe` classifies sentences by
the mean of their words' vectors, with `evaluate_sentiment` as its classifier. `measure_geometry` looks at one model,
`compare` at two, `stability` at several. Coverage stands beside every score.
"""

from firth.evaluation.analogies import AnalogyResult, AnalogyScore, evaluate_analogies
from firth.evaluation.comparing import Comparison, Stability, compare, neighbors_side_by_side, stability
from firth.evaluation.geometry import Geometry, measure_geometry
from firth.evaluation.probe import ProbeResult, probe
from firth.evaluation.sentiment import SentimentResult, evaluate_sentiment, sentence_means
from firth.evaluation.similarity import SimilarityResult, evaluate_similarity

__all__ = [
    "AnalogyResult",
    "AnalogyScore",
    "Comparison",
    "Geometry",
    "ProbeResult",
    "SentimentResult",
    "SimilarityResult",
    "Stability",
    "compare",
    "evaluate_analogies",
    "evaluate_sentiment",
    "evaluate_similarity",
    "measure_geometry",
    "neighbors_side_by_side",
    "probe",
    "sentence_means",
    "stability",
]
