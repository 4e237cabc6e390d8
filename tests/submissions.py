"""Students' files for the grader's tests: right ones, each in another manner, and parts to put together."""

import re

IMPORTS = """
import random
import numpy as np
from utils.gradcheck import gradcheck_naive, grad_tests_softmax, grad_tests_negsamp
from utils.utils import normalizeRows, softmax
"""

FUNCTIONS = {
    "sigmoid": """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
""",
    "naiveSoftmaxLossAndGradient": """
def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    y_hat = softmax(outsideVectors @ centerWordVec)
    loss = -np.log(y_hat[outsideWordIdx])
    y_hat[outsideWordIdx] -= 1
    return loss, outsideVectors.T @ y_hat, np.outer(y_hat, centerWordVec)
""",
    "getNegativeSamples": """
def getNegativeSamples(outsideWordIdx, dataset, K):
    indices = [None] * K
    for k in range(K):
        drawn = dataset.sampleTokenIdx()
        while drawn == outsideWordIdx:
            drawn = dataset.sampleTokenIdx()
        indices[k] = drawn
    return indices
""",
    "negSamplingLossAndGradient": """
def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    indices = [outsideWordIdx] + getNegativeSamples(outsideWordIdx, dataset, K)
    gradCenterVec = np.zeros(centerWordVec.shape)
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    loss = 0.0
    for place, index in enumerate(indices):
        sign = 1 if place == 0 else -1
        probability = sigmoid(sign * np.dot(outsideVectors[index], centerWordVec))
        loss -= np.log(probability)
        gradCenterVec += -sign * (1 - probability) * outsideVectors[index]
        gradOutsideVecs[index] += -sign * (1 - probability) * centerWordVec
    return loss, gradCenterVec, gradOutsideVecs
""",
    "skipgram": """
def skipgram(currentCenterWord, windowSize, outsideWords, word2Ind, centerWordVectors, outsideVectors, dataset,
             word2vecLossAndGradient=naiveSoftmaxLossAndGradient):
    loss = 0.0
    gradCenterVecs = np.zeros(centerWordVectors.shape)
    gradOutsideVectors = np.zeros(outsideVectors.shape)
    center = word2Ind[currentCenterWord]
    for word in outsideWords:
        one, gradCenter, gradOutside = word2vecLossAndGradient(
            centerWordVec=centerWordVectors[center], outsideWordIdx=word2Ind[word], outsideVectors=outsideVectors,
            dataset=dataset)
        loss += one
        gradCenterVecs[center] += gradCenter
        gradOutsideVectors += gradOutside
    return loss, gradCenterVecs, gradOutsideVectors
""",
    "word2vec_sgd_wrapper": """
def word2vec_sgd_wrapper(word2vecModel, word2Ind, wordVectors, dataset, windowSize,
                         word2vecLossAndGradient=naiveSoftmaxLossAndGradient):
    batchsize = 50
    loss = 0.0
    grad = np.zeros(wordVectors.shape)
    half = wordVectors.shape[0] // 2
    for i in range(batchsize):
        size = random.randint(1, windowSize)
        center, context = dataset.getRandomContext(size)
        one, gin, gout = word2vecModel(center, size, context, word2Ind, wordVectors[:half, :], wordVectors[half:, :],
                                       dataset, word2vecLossAndGradient)
        loss += one / batchsize
        grad[:half, :] += gin / batchsize
        grad[half:, :] += gout / batchsize
    return loss, grad
""",
}

SGD = """
import glob, os, random
import numpy as np


def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    start, x, smoothed = 0, x0, None
    if useSaved:
        kept = sorted(glob.glob("saved_params_*.npy"))
        if kept:
            start, x = int(kept[-1][13:-4]), np.load(kept[-1])
            step *= 0.5 ** (start // 20000)
    if not postprocessing:
        postprocessing = lambda x: x
    for iteration in range(start + 1, iterations + 1):
        loss, grad = f(x)
        x = x - step * grad
        x = postprocessing(x)
        if iteration % PRINT_EVERY == 0:
            smoothed = loss if not smoothed else .95 * smoothed + .05 * loss
            print("iter %d: %f" % (iteration, smoothed))
        if iteration % 5000 == 0 and useSaved:
            np.save("saved_params_%06d.npy" % iteration, x)
        if iteration % 20000 == 0:
            step *= 0.5
    return x
"""

ADD_AT = """
def negSamplingLossAndGradient(v, o, U, dataset, K=10):
    rows = np.array([o] + getNegativeSamples(o, dataset, K))
    signs = np.where(np.arange(K + 1) == 0, 1.0, -1.0)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    grad = np.zeros_like(U)
    np.add.at(grad, rows, d_scores[:, None] * v)
    return -np.sum(np.log(sigmoid(scores))), d_scores @ U[rows], grad
"""

BINCOUNT = """
def negSamplingLossAndGradient(v, o, U, dataset, K=10):
    times = np.bincount(getNegativeSamples(o, dataset, K), minlength=len(U))
    scores = U @ v
    positive = sigmoid(scores[o])
    d_scores = times * sigmoid(scores)
    d_scores[o] += positive - 1
    loss = -np.log(positive) - times @ np.log(sigmoid(-scores))
    return loss, U.T @ d_scores, d_scores[:, np.newaxis] * v[np.newaxis, :]
"""

# As the files of some years have it: other names, no K, shapes of one number, columns.
ANOTHER_YEAR = {
    "sigmoid": """
from utils.sanity_checks import *


def sigmoid(x):
    return np.exp(x) / (1 + np.exp(x))
""",
    "naiveSoftmaxLossAndGradient": """
def naive_softmax_loss_and_gradient(center_word_vec, outside_word_idx, outside_vectors, dataset):
    y = np.zeros(len(outside_vectors))
    y[outside_word_idx] = 1
    y_hat = softmax(outside_vectors.dot(center_word_vec).reshape(1, -1)).reshape(-1)
    loss = -np.log(y_hat[[outside_word_idx]])
    grad = (y_hat - y)[:, np.newaxis].dot(np.array([center_word_vec]))
    return loss, np.dot(y_hat - y, outside_vectors), grad
""",
    "negSamplingLossAndGradient": """
def neg_sampling_loss_and_gradient(center_word_vec, outside_word_idx, outside_vectors, dataset):
    K = 10
    negatives = getNegativeSamples(outside_word_idx, dataset, K)
    unique, times = np.unique(negatives, return_counts=True)
    u_o, u_k = outside_vectors[outside_word_idx], outside_vectors[unique]
    s_o, s_k = sigmoid(u_o @ center_word_vec), sigmoid(-u_k @ center_word_vec)
    grad = np.zeros(outside_vectors.shape)
    grad[outside_word_idx] = (s_o - 1) * center_word_vec
    grad[unique] += (times * (1 - s_k))[:, None] * center_word_vec
    return -np.log(s_o) - np.sum(times * np.log(s_k)), (s_o - 1) * u_o + (times * (1 - s_k)) @ u_k, grad
""",
    "skipgram": """
def skipgram(current_center_word, window_size, outside_words, word2ind, center_word_vectors, outside_vectors, dataset,
             loss_and_gradient=naive_softmax_loss_and_gradient):
    c = word2ind[current_center_word]
    answers = [loss_and_gradient(center_word_vectors[c], word2ind[w], outside_vectors, dataset) for w in outside_words]
    grad = np.zeros(center_word_vectors.shape)
    grad[c] = sum(a[1] for a in answers)
    return sum(a[0] for a in answers), grad, sum(a[2] for a in answers)
""",
    "word2vec_sgd_wrapper": "",
}

RIGHT = {
    "loops": {},
    "np.add.at": {"negSamplingLossAndGradient": ADD_AT},
    "np.bincount": {"negSamplingLossAndGradient": BINCOUNT},
    "another year's names": ANOTHER_YEAR,
}


def source(**functions):
    """A word2vec.py: the right functions, and those given in their place; an empty one is left out."""
    assert not functions.keys() - FUNCTIONS.keys()
    return IMPORTS + "\n".join({**FUNCTIONS, **functions}.values())


def with_body(name, body):
    """A function of the assignment with the arguments that it has, and another body."""
    head = re.match(r"\ndef \w+\(.*?\):\n", FUNCTIONS[name], flags=re.DOTALL).group()
    return head + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())


def submit(folder, word2vec=None, sgd=SGD):
    """Write a submission; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if word2vec is not None:
        (folder / "word2vec.py").write_text(word2vec)
    if sgd is not None:
        (folder / "sgd.py").write_text(sgd)
    return folder
