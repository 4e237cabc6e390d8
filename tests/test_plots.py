"""Pictures can be read, are the same each time, and touch nothing but their file."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from firth import DataError, FirthError, MissingExtraError, OptionError
from firth.plots import (
    confusion_figure,
    fonts,
    label_faults,
    loss_figure,
    plot_confusion,
    plot_loss,
    plot_word_map,
    style,
    word_map_figure,
)
from firth.plots.labels import overlaps, place_labels
from firth.plots.layout import principal_components

WORDS = [f"word{i}" for i in range(100)]
AT = np.arange(1, 401) * 10
CURVE = 18 * np.exp(-AT / 800) + 10


def vectors(rows, columns=6, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


HARD_MAPS = {
    "24 identical vectors": (WORDS[:24], np.ones((24, 5))),
    "60 words": (WORDS[:60], vectors(60)),
    "a clump and outliers": (WORDS[:40], vectors(40) * np.where(np.arange(40) < 36, 0.01, 1)[:, np.newaxis]),
    "very long words": (["antidisestablishmentarianism" * n for n in range(1, 25)], vectors(24)),
    "on a line": (WORDS[:30], np.outer(np.arange(30), [1.0, 1.0])),
    "one dimension": (WORDS[:20], vectors(20, 1)),
    "one word": (["alone"], vectors(1)),
    "tiny numbers": (WORDS[:10], vectors(10) * 1e-12),
    "other scripts": (["国王", "女王", "雨", "कवि", "عربي", "🙂", "$x_{$", "a\tb\nc", "\ud800", "", " "], vectors(11)),
}  # fmt: skip
PICTURES = {
    "map": lambda path: plot_word_map(
        WORDS[:9], vectors(9), path, title="t", subtitle="s", groups={"a": WORDS[:3], "b": WORDS[3:5]}
    ),
    "loss": lambda path: plot_loss(AT, CURVE, path, raw=CURVE + 1, title="t", anneal_every=1000),
    "confusion": lambda path: plot_confusion(np.arange(25).reshape(5, 5), "abcde", path, title="t"),
}


@pytest.mark.parametrize("name", HARD_MAPS)
def test_no_label_overlaps_another_or_is_cut(name):
    words, matrix = HARD_MAPS[name]
    assert label_faults(word_map_figure(words, matrix, title="t")) == []


def test_a_moved_label_is_found_to_overlap_and_one_outside_to_be_cut():
    figure = word_map_figure(WORDS[:5], vectors(5), title="t")
    first, second, third, *_ = figure.axes[0].texts
    first.set_position(second.get_position())
    third.set_position((figure.axes[0].get_xlim()[1], 0))
    assert label_faults(figure) == ["'word0' overlaps 'word1'", "'word2' is cut by the frame"]


def test_labels_stay_off_points_and_near_their_own_where_there_is_room():
    points = np.array([[100.0, 100.0], [130.0, 110.0], [200.0, 300.0]])
    boxes = place_labels(points, np.full((3, 2), [60.0, 15.0]), np.array([0.0, 0.0, 400.0, 400.0]))
    dots = np.hstack([points - 6, points + 6])
    assert len(overlaps(np.vstack([boxes, dots]))) == 0
    nearest = np.clip(points, boxes[:, :2], boxes[:, 2:])
    assert (np.linalg.norm(nearest - points, axis=1) < 10).all()


def test_a_map_without_room_grows_instead_of_overlapping():
    assert place_labels(np.zeros((9, 2)) + 50, np.full((9, 2), 40.0), np.array([0.0, 0.0, 100.0, 100.0])) is None
    wide = [f"{i:03}" + "W" * 27 for i in range(100)]
    figure = word_map_figure(wide, np.ones((100, 2)), title="t")
    assert figure.get_size_inches()[0] > 10
    assert label_faults(figure) == []


def test_the_projection_is_that_of_the_covariance_matrix():
    matrix = vectors(30, 5)
    points, shares = principal_components(matrix)
    centered = matrix - matrix.mean(axis=0)
    values, axes = np.linalg.eigh(centered.T @ centered)
    expected = centered @ axes[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-10)
    np.testing.assert_allclose(shares, values[[-1, -2]] / values.sum())


def test_the_sign_of_the_projection_does_not_hang_on_the_order_of_words_or_columns():
    matrix = vectors(30, 5)
    points, _ = principal_components(matrix)
    np.testing.assert_allclose(principal_components(matrix[::-1, ::-1])[0][::-1], points, atol=1e-10)
    np.testing.assert_allclose(principal_components(-matrix)[0].max(axis=0), points.max(axis=0))


def test_identical_vectors_lie_in_the_middle():
    points, shares = principal_components(np.full((7, 3), 0.1))
    assert not points.any()
    assert shares == (0.0, 0.0)


def test_groups_have_colours_of_their_own_and_stand_in_the_legend():
    figure = word_map_figure(WORDS[:6], vectors(6), title="t", groups={"up": WORDS[:2], "down": [WORDS[2], "absent"]})
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["up", "down", "other words"]
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours[0] == colours[1]
    assert len(set(colours)) == 3


def test_every_colour_of_text_has_contrast_with_white():
    from matplotlib.colors import to_rgb

    for colour in style.OKABE_ITO:
        assert 1.05 / (style.luminance(to_rgb(style.readable(colour))) + 0.05) >= 4.49


def test_letters_that_our_font_lacks_are_found_in_another_or_shown_as_code_points():
    families = fonts.font_families(["a𝒜"])
    assert families[0] == "DejaVu Sans"
    assert len(families) == 2
    assert fonts.legible("a𝒜", families) == "a𝒜"
    assert fonts.legible("a𝒜\nb", ["DejaVu Sans"]) == "a‹1D49C·000A›b"


def test_long_words_keep_their_ends():
    assert fonts.legible("a" * 50 + "z" * 50, ["DejaVu Sans"]) == "a" * 20 + "…" + "z" * 10


def lines_of(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def test_the_loss_shows_its_curve_its_noise_and_its_last_value():
    figure = loss_figure(AT, CURVE, raw=CURVE + 1, title="t")
    lines = lines_of(figure)
    np.testing.assert_array_equal(lines["smoothed"].get_ydata(), CURVE)
    np.testing.assert_array_equal(lines["each batch"].get_ydata(), CURVE + 1)
    assert f"{CURVE[-1]:.4g}" in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (2000, ["step halved"]),
        (1000, ["step halved", "× 1/4", "× 1/8"]),
        (4000, []),
        (100, ["step halved every 100 iterations"]),
    ],
)
def test_halvings_of_the_step_are_marked_where_they_changed_something(every, expected):
    figure = loss_figure(AT, CURVE, title="t", anneal_every=every)
    assert [text.get_text() for text in figure.axes[0].texts][1:] == expected


def test_one_wild_batch_does_not_flatten_the_loss():
    raw = CURVE.copy()
    raw[5] = 1e6
    bottom, top = loss_figure(AT, CURVE, raw=raw, title="t").axes[0].get_ylim()
    assert bottom < CURVE.min() < CURVE.max() < top < 2 * CURVE.max()


def test_losses_over_orders_of_magnitude_get_a_log_scale():
    assert loss_figure(AT, np.geomspace(1e4, 1, 400), title="t").axes[0].get_yscale() == "log"
    assert loss_figure(AT, CURVE, title="t").axes[0].get_yscale() == "linear"


def test_a_single_loss_can_be_drawn(tmp_path):
    plot_loss([10], [23.4], tmp_path / "loss.png", raw=[23.4], title="t", anneal_every=20_000)
    plot_loss([0], [0.0], tmp_path / "zero.png", title="t")
    assert {path.name for path in tmp_path.iterdir()} == {"loss.png", "zero.png"}


def test_the_confusion_matrix_shows_counts_and_shares_of_the_true_class():
    figure = confusion_figure([[3, 1], [0, 0]], ["yes", "no"], title="t")
    assert [text.get_text() for text in figure.axes[0].texts] == ["3", "75%", "1", "25%", "0", "0%", "0", "0%"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["yes\n(n = 4)", "no\n(n = 0)"]
    assert figure.axes[0].get_ylabel() == "true class"


def test_text_on_cells_has_contrast():
    from matplotlib.colors import to_rgb

    figure = confusion_figure(np.diag(np.arange(6)) + np.arange(6)[::-1], "abcdef", title="t")
    axes = figure.axes[0]
    image = axes.get_images()[0]
    for text in axes.texts:
        column, row = (round(value) for value in text.get_position())
        light = style.luminance(image.to_rgba(image.get_array()[row, column])[:3])
        ink = style.luminance(to_rgb(text.get_color()))
        assert (max(light, ink) + 0.05) / (min(light, ink) + 0.05) > 3.5


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_picture_has_the_same_bytes_whatever_the_users_settings(name, tmp_path):
    import matplotlib

    PICTURES[name](tmp_path / "a.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 20, "savefig.facecolor": "k"}):
        PICTURES[name](tmp_path / "b.png")
    first = (tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert b"Software" not in first
    assert first == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_can_not_be_written_leaves_nothing(name, tmp_path):
    with pytest.raises(FirthError, match="cannot write"):
        PICTURES[name](tmp_path / "absent" / "a.png")
    PICTURES[name](tmp_path / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", PICTURES)
def test_without_matplotlib_the_install_line_is_given(name, tmp_path, monkeypatch):
    for module in [module for module in sys.modules if module.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'firth\[lab\]'"):
        PICTURES[name](tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_room_imports_no_matplotlib_and_drawing_no_pyplot(tmp_path):
    program = f"""
import sys
import firth.plots
assert "matplotlib" not in sys.modules
firth.plots.plot_loss([1, 2], [3, 2], {str(tmp_path / "a.png")!r}, title="t")
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda path: plot_word_map([], np.ones((0, 2)), path, title="t"), OptionError, "map of 0 words"),
        (lambda path: plot_word_map(WORDS * 2, np.ones((200, 2)), path, title="t"), OptionError, "map of 200 words"),
        (lambda path: plot_word_map(WORDS[:3], np.ones((2, 2)), path, title="t"), OptionError, r"\(2, 2\) for 3 words"),
        (lambda path: plot_word_map(["a"], [[np.nan]], path, title="t"), DataError, "vector of 'a'"),
        (
            lambda path: plot_word_map(["a"], [[1]], path, title="t", groups={"x": ["a"], "y": ["a"]}),
            OptionError,
            "'a' is in two groups",
        ),
        (
            lambda path: plot_word_map(["a"], [[1]], path, title="t", groups={str(i): [] for i in range(8)}),
            OptionError,
            "8 groups",
        ),
        (lambda path: plot_loss([], [], path, title="t"), OptionError, "at least one"),
        (lambda path: plot_loss([2, 1], [1, 1], path, title="t"), OptionError, "must rise"),
        (lambda path: plot_loss([1, 2], [1], path, title="t"), OptionError, "smoothed has shape"),
        (lambda path: plot_loss([1, 2], [1, np.nan], path, title="t"), DataError, "smoothed 1 is nan"),
        (lambda path: plot_loss([1], [1], path, raw=[np.inf], title="t"), DataError, "raw 0 is inf"),
        (lambda path: plot_loss([1], [1], path, title="t", anneal_every=0), OptionError, "anneal_every is 0"),
        (lambda path: plot_confusion(np.ones((2, 3), int), "ab", path, title="t"), OptionError, "shape"),
        (lambda path: plot_confusion(np.ones((2, 2)), "ab", path, title="t"), OptionError, "whole numbers"),
        (lambda path: plot_confusion([[1, -1], [0, 0]], "ab", path, title="t"), OptionError, "whole numbers"),
    ],
)
def test_what_can_not_be_drawn_is_named_and_nothing_written(call, error, says, tmp_path):
    with pytest.raises(error, match=says):
        call(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_strange_text_is_drawn_without_warnings(tmp_path):
    words, matrix = HARD_MAPS["other scripts"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_word_map(words, matrix, tmp_path / "a.png", title="地図 $x", subtitle="\n" * 3, groups={"王": words[:2]})
        plot_confusion([[1, 2], [3, 4]], ["正", "$a_{$"], tmp_path / "b.png", title="🙂")
        plot_loss([1], [1], tmp_path / "c.png", title="损失 $^$")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png", "c.png"}
