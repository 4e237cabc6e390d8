"""The grader: full marks for what is right in any manner, the right name for what is wrong, no points by force."""

import numpy as np
import pytest
from submissions import FUNCTIONS, IMPORTS, SGD, source, submit, with_body
from submissions import RIGHT as MANNERS

from firth.course import grader
from firth.course.grader.explain import passes
from firth.course.grader.grade import _Grader
from firth.course.grader.more_mistakes import mistakes_in
from firth.course.grader.outcomes import outcomes_here
from firth.course.grader.parts import assignment_parts
from firth.course.grader.submission import read_submission
from firth.course.mistakes import RIGHT
from firth.errors import DataError, OptionError

PARTS = {part.function: part for part in assignment_parts(1)}
AMPLE = grader.Limits(60.0, 512)  # a slow machine is no mistake


def graded(folder, function, limits=AMPLE):
    """Grade one function of a submission."""
    return _Grader(read_submission(folder), limits).part(PARTS[function])


def one_finding(part):
    assert len(part.findings) == 1, part.findings
    return part.findings[0]


def named_in(part):
    return {name for finding in part.findings for name in finding.mistakes}


# What is right.


@pytest.mark.slow
@pytest.mark.parametrize("manner", MANNERS)
def test_a_right_solution_has_full_marks_in_any_manner(manner, tmp_path):
    grade = grader.grade(submit(tmp_path, source(**MANNERS[manner])), limits=AMPLE)
    assert (grade.points, grade.of, grade.passed) == (16, 16, True)
    assert [part.points for part in grade.parts if not part.given] == [1, 4, 4, 3, 4]
    assert grade.as_json()["points"] == 16


@pytest.mark.slow
def test_other_inputs_give_the_same_grade_and_are_other_inputs(tmp_path):
    folder = submit(tmp_path, source(), sgd=None)
    assert [grader.grade(folder, limits=AMPLE, seed=seed).points for seed in (2, 3)] == [12, 12]
    one, other = (assignment_parts(seed)[1].cases[0].arrays[0] for seed in (2, 3))
    assert not np.allclose(one, other)


@pytest.mark.parametrize("function", PARTS)
def test_firths_own_functions_pass_every_check(function):
    part = PARTS[function]
    outcomes = outcomes_here(RIGHT[function], part)
    assert all(passes(check, part, outcomes) for check in part.checks)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_no_inputs_hide_a_mistake(seed):
    for part in assignment_parts(seed):
        if part.function != "sgd" or not seed:  # long, and its mistakes don't depend on the numbers
            for mistake in mistakes_in(part.function):
                outcomes = outcomes_here(mistake.wrong, part)
                assert not all(passes(check, part, outcomes) for check in part.checks), mistake.name


def test_sgd_may_stand_in_word2vec_py(tmp_path):
    assert graded(submit(tmp_path, source() + SGD, sgd=None), "sgd").points == 4


def test_a_file_of_another_name_is_graded_alone(tmp_path):
    submit(tmp_path, with_body("sigmoid", "return x"))
    (tmp_path / "alice.py").write_text(source(sigmoid=with_body("sigmoid", "return 1 / 0")))
    grade = grader.grade(tmp_path / "alice.py", limits=AMPLE)
    assert (grade.points, grade.parts[0].file) == (11, "alice.py")
    assert grade.parts[0].findings[0].file == "alice.py"


# What is wrong, by name.

APPLIES = [each for function in PARTS for each in mistakes_in(function)]


def planted(mistake):
    """A submission with one function wrong, the gallery's code in the student's file."""
    helpers = "from __future__ import annotations\n" + IMPORTS
    helpers += "\ndef log_sigmoid(x):\n    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))\n"
    helpers += "\ndef log_softmax(x):\n    return x - x.max() - np.log(np.exp(x - x.max()).sum())\n"
    helpers += CHECKPOINTS
    if mistake.function == "sgd":
        return None, helpers + mistake.source
    functions = {**FUNCTIONS, mistake.function: f"\n{mistake.source}\n"}
    return helpers + "\n".join(functions.values()), SGD


CHECKPOINTS = """
import glob, os
SAVED_FOLDER = "saved"


class _Found:
    def __init__(self, name):
        self.iteration, self.arrays = int(os.path.basename(name)[:-4]), dict(np.load(name))


class Checkpoints:
    def __init__(self, folder):
        self.folder = folder

    def save(self, iteration, arrays, state):
        os.makedirs(self.folder, exist_ok=True)
        np.savez(f"{self.folder}/{iteration:08d}.npz", **arrays)

    def latest(self):
        kept = sorted(glob.glob(f"{self.folder}/*.npz"))
        return (_Found(kept[-1]) if kept else None), []
"""


def test_the_gallery_has_mistakes_in_every_function_that_is_graded():
    assert {each.function for each in APPLIES} == set(PARTS)
    assert len(APPLIES) >= 25


@pytest.mark.slow
@pytest.mark.parametrize("mistake", APPLIES, ids=[each.name for each in APPLIES])
def test_a_mistake_of_the_gallery_is_named_in_a_students_file(mistake, tmp_path):
    part = graded(submit(tmp_path, *planted(mistake)), mistake.function)
    if part.passed:  # then it shows where nothing is asked of it: large numbers, resumed runs
        assert [name for finding in part.advice for name in finding.mistakes] == [mistake.name]
    else:
        assert named_in(part) == {mistake.name}
        finding = one_finding(part)
        assert finding.mend == mistake.mend
        assert mistake.what_is_wrong in finding.says
        assert part.points < part.of or part.given


# Two mistakes at once.

NEGATIVE = """
rows = np.array([outsideWordIdx] + getNegativeSamples(outsideWordIdx, dataset, K))
signs = np.array([1.0] + [-1.0] * K)
scores = signs * (outsideVectors[rows] @ centerWordVec)
d_scores = -signs * sigmoid(-scores)
loss = -np.log(sigmoid(scores)).sum()
gradCenterVec = d_scores @ outsideVectors[rows]
gradOutsideVecs = np.zeros_like(outsideVectors)
{}
return loss, gradCenterVec, gradOutsideVecs
"""
FILL = "np.add.at(gradOutsideVecs, rows, np.outer(d_scores, centerWordVec))"


def negative_sampling(body, before=""):
    return before + with_body("negSamplingLossAndGradient", body)


def graded_negatives(tmp_path, fill, **functions):
    function = negative_sampling(NEGATIVE.format(fill))
    return graded(submit(tmp_path, source(negSamplingLossAndGradient=function, **functions)), PAIR)


PAIR = "negSamplingLossAndGradient"


def test_the_body_that_mistakes_are_put_into_is_right(tmp_path):
    assert graded_negatives(tmp_path, FILL).points == 4


def test_two_mistakes_in_two_gradients_are_both_named(tmp_path):
    wrong = (
        f"{FILL}\ngradOutsideVecs[:] = 0\nnp.add.at(gradOutsideVecs, rows, d_scores[:, None] * outsideVectors[rows])"
    )
    part = graded_negatives(tmp_path, f"{wrong}\ngradCenterVec = d_scores[0] * outsideVectors[outsideWordIdx]")
    assert named_in(part) == {"u-for-v", "center-without-negatives"}
    assert len(part.findings) == 2
    assert part.points == 1


def test_two_mistakes_in_one_gradient_are_both_named(tmp_path):
    part = graded_negatives(tmp_path, "gradOutsideVecs[rows] += np.outer(-sigmoid(-scores), centerWordVec)")
    finding = one_finding(part)
    assert set(finding.mistakes) == {"repeats-dropped", "negatives-sign-flipped"}
    assert "Two mistakes at once" in finding.says


def test_two_mistakes_whose_differences_add_up_are_both_named(tmp_path):
    right = "right = gradCenterVec\nsame_step = (-signs * sigmoid(scores)) @ outsideVectors[rows]"
    both = "gradCenterVec = d_scores[0] * outsideVectors[outsideWordIdx] + same_step - right"
    part = graded_negatives(tmp_path, f"{FILL}\n{right}\n{both}")
    assert named_in(part) == {"center-without-negatives", "one-minus-sigmoid-of-minus-x"}


def test_an_error_is_no_mistake_that_raises_another(tmp_path):
    body = "if outsideVectors.shape[0] != outsideVectors.shape[1]:\n    raise KeyError('V')\n"
    rest = (
        FUNCTIONS["naiveSoftmaxLossAndGradient"].split("dataset):\n")[1].replace("outsideVectors.T", "outsideVectors")
    )
    function = with_body("naiveSoftmaxLossAndGradient", body) + rest
    part = graded(submit(tmp_path, source(naiveSoftmaxLossAndGradient=function)), "naiveSoftmaxLossAndGradient")
    assert named_in(part) == set()
    assert one_finding(part).says == "naiveSoftmaxLossAndGradient raised KeyError: 'V'."
    function = function.replace("KeyError", "ValueError")
    part = graded(submit(tmp_path, source(naiveSoftmaxLossAndGradient=function)), "naiveSoftmaxLossAndGradient")
    assert named_in(part) == {"transposed"}


def test_a_flipped_sign_beside_a_known_mistake_is_told(tmp_path):
    part = graded_negatives(tmp_path, "gradOutsideVecs[rows] -= np.outer(d_scores, centerWordVec)")
    finding = next(finding for finding in part.findings if finding.mistakes)
    assert finding.mistakes == ("repeats-dropped",)
    assert finding.says.endswith("Besides, the sign is wrong everywhere.")


@pytest.mark.slow
def test_a_wrong_sigmoid_costs_its_points_once(tmp_path):
    wrong = with_body("sigmoid", "return 1 / (1 + np.exp(x))")
    grade = grader.grade(submit(tmp_path, source(sigmoid=wrong), sgd=None), limits=AMPLE)
    assert grade.points == 11
    assert "sigmoid-mirrored" in grade.parts[0].findings[0].mistakes
    assert "right sigmoid" in next(part for part in grade.parts if part.function == PAIR).remark


# What the gallery has no name for.


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (f"{FILL}\ngradOutsideVecs *= 3", "gradOutsideVecs is 3 times what it must be"),
        (f"{FILL}\ngradOutsideVecs *= -1", "gradOutsideVecs has the right size and the wrong sign"),
        (f"{FILL}\ngradOutsideVecs[outsideWordIdx] = 7", "differs only in the outside word's row"),
        (f"{FILL}\ngradOutsideVecs[0] = np.nan", "is not finite"),
        ("pass", "is all zeros: not written yet, or never filled in"),
        (f"{FILL}\ngradOutsideVecs = None", "is None: not written yet"),
        (f"{FILL}\ngradOutsideVecs = 'many'", "the function returns a value of type str"),
        (f"{FILL}\ngradOutsideVecs = gradOutsideVecs.T", "transposed, its numbers are right"),
        (f"{FILL}\ngradCenterVec = gradCenterVec[None]", "its numbers are right. Use np.squeeze or .reshape(4,)"),
        (f"{FILL}\nreturn loss, gradCenterVec", "The function returns 2 values and must return 3: loss, gradCenterVec"),
        (f"{FILL}\nreturn loss", "The function returns 1 value and must return 3"),
        (f"{FILL}\noutsideVectors += 1", "Change no argument in place"),
        (f"{FILL}\ngradOutsideVecs += np.random.rand(15, 4)", "gradOutsideVecs"),
    ],
)
def test_a_difference_is_described(fill, said, tmp_path):
    part = graded_negatives(tmp_path, fill)
    assert any(said in f"{finding.says} {finding.mend}" for finding in part.findings), part.findings
    assert not named_in(part)
    assert part.points < 4


def test_numbers_are_shown_where_they_differ_most(tmp_path):
    finding = one_finding(graded_negatives(tmp_path, f"{FILL}\ngradOutsideVecs[outsideWordIdx, 2] += 1000"))
    label, yours, right = finding.evidence
    assert label.startswith("gradOutsideVecs[")
    assert yours.split()[0] == "yours"
    assert right.split()[0] == "right"
    assert float(yours.split()[3]) - float(right.split()[3]) == pytest.approx(1000, abs=1)


def test_skip_gram_must_use_the_loss_that_it_is_given(tmp_path):
    function = FUNCTIONS["skipgram"].replace("= word2vecLossAndGradient(", "= naiveSoftmaxLossAndGradient(")
    part = graded(submit(tmp_path, source(skipgram=function)), "skipgram")
    assert part.points == 0
    assert "word2vecLossAndGradient" in one_finding(part).mend


@pytest.mark.slow
def test_a_changed_wrapper_costs_no_points_but_is_told(tmp_path):
    wrong = FUNCTIONS["word2vec_sgd_wrapper"].replace("one / batchsize", "one")
    grade = grader.grade(submit(tmp_path, source(word2vec_sgd_wrapper=wrong)), limits=AMPLE)
    assert (grade.points, grade.passed) == (16, False)
    assert not next(part for part in grade.parts if part.function == "word2vec_sgd_wrapper").passed


def test_evaluating_f_twice_is_advised_against_and_costs_nothing(tmp_path):
    twice = SGD.replace("loss, grad = f(x)", "loss = f(x)[0]; grad = f(x)[1]")
    part = graded(submit(tmp_path, None, twice), "sgd")
    assert part.points == 4
    assert "2 times" in part.advice[0].says


# What is not written yet.


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "...",
        "raise NotImplementedError",
        "return None, None, None",
        "### YOUR CODE HERE\n### END YOUR CODE\nreturn loss, gradCenterVec, gradOutsideVecs",
        "loss = 0.0\nreturn loss, np.zeros(centerWordVec.shape), np.zeros(outsideVectors.shape)",
        "indices = getNegativeSamples(outsideWordIdx, dataset, 10)\nreturn loss, gradCenterVec, gradOutsideVecs",
    ],
)
def test_what_is_not_written_is_told_so(body, tmp_path):
    part = graded(submit(tmp_path, source(negSamplingLossAndGradient=negative_sampling(body))), PAIR)
    assert (one_finding(part).kind, part.points) == ("unfinished", 0)


@pytest.mark.parametrize("step", ["loss = None", "raise NotImplementedError", "pass"])
def test_an_sgd_without_its_step_is_told_so(step, tmp_path):
    part = graded(
        submit(tmp_path, None, SGD.replace("loss, grad = f(x)", step).replace("x = x - step * grad", "")), "sgd"
    )
    assert (one_finding(part).kind, part.points) == ("unfinished", 0)


def test_a_function_that_is_not_there_is_named(tmp_path):
    part = graded(submit(tmp_path, source(sigmoid="")), "sigmoid")
    assert one_finding(part).says == "There is no function sigmoid in word2vec.py."


def test_a_missing_file_is_named(tmp_path):
    part = graded(submit(tmp_path, source(), sgd=None), "sgd")
    assert one_finding(part).says == "There is no sgd.py."


# What is handed in.


def test_bad_paths_and_limits_are_one_sentence(tmp_path):
    for path, said in (
        (tmp_path / "none", "no such file or folder"),
        (tmp_path, "holds neither word2vec.py nor sgd.py"),
    ):
        with pytest.raises(DataError, match=said):
            grader.grade(path)
    submit(tmp_path, source())
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match="no Python file"):
        grader.grade(tmp_path / "notes.txt")
    for limits, said in ((grader.Limits(seconds=0), "--timeout"), (grader.Limits(megabytes=1), "--memory")):
        with pytest.raises(OptionError, match=said):
            grader.grade(tmp_path, limits=limits)
    with pytest.raises(OptionError, match="--seed"):
        grader.grade(tmp_path, seed=-1)
    (tmp_path / "word2vec.py").write_bytes(b"#" * 3_000_000)
    with pytest.raises(DataError, match="larger than 2 MB"):
        grader.grade(tmp_path)


def test_the_assignments_helpers_are_supplied_and_always_the_same(tmp_path):
    (submit(tmp_path, source()) / "utils").mkdir()
    (tmp_path / "utils" / "utils.py").write_text("def softmax(x): return x\ndef normalizeRows(x): return x\n")
    (tmp_path / "mine.py").write_text("half = 0.5\n")
    (tmp_path / "word2vec.py").write_text("from mine import half\n" + source())
    assert graded(tmp_path, "naiveSoftmaxLossAndGradient").points == 4
