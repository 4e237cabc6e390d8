"""How good vectors are, measured on tasks whose answers are known.

`evaluate_sentiment` classifies sentences by the mean of their words' vectors, which `sentence_means` takes.
"""

from firth.evaluation.sentiment import SentimentResult, evaluate_sentiment, sentence_means

__all__ = ["SentimentResult", "evaluate_sentiment", "sentence_means"]
