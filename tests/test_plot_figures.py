"""Each kind of picture shows what it says, with labels that can be read, in files that are the same each time."""

import itertools
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

from firth import DataError, OptionError
from firth.plots import fonts, label_faults, style, word_map_figure
from firth.plots.analogy import analogy_figure, offset_agreement, relation_plane
from firth.plots.clusters import Clusters, name_clusters
from firth.plots.curves import Run, curves_figure, read_log
from firth.plots.labels import overlaps, place_labels, place_what_fits
from firth.plots.neighborhood import neighborhood_figure
from firth.plots.similarity import similarity_figure, similarity_order
from firth.plots.vocabulary_map import _looks, vocabulary_map_figure

WORDS = [f"word{i}" for i in range(600)]
PNG, SVG, PDF = b"\x89PNG", b"<?xml", b"%PDF"


def vectors(rows, columns=8, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


def the_map(rows=300, **options):
    matrix = vectors(rows)
    found = name_clusters(matrix, WORDS[:rows], 5)
    return vocabulary_map_figure(WORDS[:rows], matrix[:, :2], found, title="t", **options)


def the_curves():
    steps = np.arange(1.0, 6.0)
    entries = [
        {"words": 1e6 * k, "epoch": k, "seconds": k, "loss": 3 - k / 5, "learning_rate": 0.03 - k / 200} for k in steps
    ]
    entries[-1]["evaluation: ws353"] = 0.5
    return curves_figure([Run("a", entries), Run("b", entries[:3])], title="t")


FIGURES = {
    "words": lambda: word_map_figure(WORDS[:12], vectors(12), title="t", groups={"x": WORDS[:3]}),
    "map": the_map,
    "neighbors": lambda: neighborhood_figure("it", WORDS[:15], vectors(16), title="t"),
    "similarity": lambda: similarity_figure(WORDS[:9], vectors(9), title="t"),
    "analogy": lambda: analogy_figure([("a", "b"), ("c", "d")], vectors(2), vectors(2) + 1, title="t"),
    "curves": the_curves,
}


@pytest.mark.parametrize("suffix", ["png", "SVG", "pdf"])
@pytest.mark.parametrize("name", FIGURES)
def test_the_same_picture_has_the_same_bytes_in_each_format(name, suffix, tmp_path):
    for file in (tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"):
        style.write_figure(file, FIGURES[name]())
    first = (tmp_path / f"a.{suffix}").read_bytes()
    assert first.startswith({"png": PNG, "svg": SVG, "pdf": PDF}[suffix.lower()])
    assert first == (tmp_path / f"b.{suffix}").read_bytes()
    for dated in (b"CreationDate", b"dc:date", b"matplotlib.org", b"Matplotlib"):
        assert dated not in first


@pytest.mark.slow
def test_bytes_are_those_of_another_process(tmp_path):
    program = (
        "import numpy as np, sys; from firth.plots import style, word_map_figure; "
        "style.write_figure(sys.argv[1], word_map_figure(list('abc'), np.eye(3), title='t'))"
    )
    for suffix in ("svg", "pdf"):
        subprocess.run([sys.executable, "-c", program, str(tmp_path / f"a.{suffix}")], check=True)
        style.write_figure(tmp_path / f"b.{suffix}", word_map_figure(list("abc"), np.eye(3), title="t"))
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["a", "a.jpg", "png", "a.png.gz"])
def test_a_name_that_is_no_pictures_is_refused(name, tmp_path):
    with pytest.raises(OptionError, match=r"let it end in \.png, \.svg or \.pdf"):
        style.write_figure(tmp_path / name, style.new_figure(4, 4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(2, 9), (9, 61), (float("nan"), 9)])
def test_a_size_out_of_bounds_is_refused(size):
    with pytest.raises(OptionError, match="each side must be 3 to 60"):
        word_map_figure(["a"], [[1.0]], title="t", size=size)


HARD_NEIGHBORHOODS = {
    "sixty": (WORDS[:60], vectors(61)),
    "one": (["a"], vectors(2)),
    "two": (["a", "b"], vectors(3)),
    "equal": (WORDS[:20], np.ones((21, 3))),
    "one dimension": (WORDS[:5], np.array([[1.0], [1], [-1], [2], [-3], [0]])),
    "zeros": (WORDS[:9], np.zeros((10, 4))),
    "long": (["antidisestablishmentarianism" * k for k in range(1, 30)], vectors(30)),
    "near": (WORDS[:30], 1 + 1e-4 * vectors(31)),
    "scripts": (["国王", "مرحبا", "שלום", "$x_{$"], vectors(5)),
}


@pytest.mark.parametrize("name", HARD_NEIGHBORHOODS)
def test_no_label_of_a_neighborhood_overlaps_another(name):
    neighbors, matrix = HARD_NEIGHBORHOODS[name]
    figure = neighborhood_figure("the word", neighbors, matrix, title="t")
    assert label_faults(figure) == []
    assert len([text for text in figure.axes[0].texts if text.get_gid() == "word label"]) == len(neighbors) + 1


@pytest.mark.parametrize("size", [(9, 9), (14, 7)])
def test_neighbors_are_as_far_as_their_cosine_says(size):
    matrix = vectors(21)
    figure = neighborhood_figure("it", WORDS[:20], matrix, title="t", size=size)
    assert label_faults(figure) == []
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    places = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(np.hypot(*places.T), 1 - units[1:] @ units[0])
    box = figure.axes[0].transData.transform([[0, 0], [1, 0], [0, 1]])
    np.testing.assert_allclose(box[1][0] - box[0][0], box[2][1] - box[0][1])


def test_like_neighbors_stand_side_by_side():
    generator = np.random.default_rng(3)
    labels = np.arange(20) % 2
    matrix = np.eye(4)[labels + 1] + np.eye(4)[0] + 0.05 * generator.normal(size=(20, 4))
    figure = neighborhood_figure("it", WORDS[:20], np.vstack([np.eye(4)[0], matrix]), title="t")
    x, y = figure.axes[0].collections[0].get_offsets().T
    around = labels[np.argsort(np.arctan2(y, x))]
    assert (around != np.roll(around, 1)).sum() == 2


@pytest.mark.parametrize("even", [False, True])
def test_no_label_of_a_map_overlaps_another_and_the_subtitle_counts_them(even):
    figure = the_map(600, even=even, subtitle="s")
    assert label_faults(figure) == []
    words = {text.get_text() for text in figure.axes[0].texts} & set(WORDS)
    assert 60 < len(words) < 600
    assert figure.texts[1].get_text() == f"s; {len(words)} of 600 words are labelled"


def test_all_points_of_a_map_are_drawn_each_in_its_cluster_and_every_cluster_is_named():
    matrix = vectors(200)
    found = name_clusters(matrix, WORDS[:200], 5)
    axes = vocabulary_map_figure(WORDS[:200], matrix[:, :2], found, title="t").axes[0]
    for number, points in enumerate(axes.collections):
        np.testing.assert_allclose(points.get_offsets(), matrix[found.labels == number, :2])
    shown = [text.get_text()[2:] for text in axes.texts]
    assert set(found.names) <= set(shown)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_map_of_few_words_shows_them_all(rows):
    for places in (np.zeros((rows, 2)), np.arange(2.0 * rows).reshape(-1, 2)):
        for even in (False, True):
            figure = vocabulary_map_figure(
                WORDS[:rows],
                places,
                Clusters(np.zeros(rows, int), ["x"], [["x"]], np.ones((1, 2))),
                title="t",
                even=even,
            )
            assert label_faults(figure) == []


def test_even_places_keep_the_order_of_words():
    matrix = vectors(100)
    matrix[0] = 1000.0
    found = name_clusters(matrix, WORDS[:100], 1)
    plain, even = (
        vocabulary_map_figure(WORDS[:100], matrix[:, :2], found, title="t", even=even)
        .axes[0]
        .collections[0]
        .get_offsets()
        for even in (False, True)
    )
    for axis in (0, 1):
        np.testing.assert_array_equal(np.argsort(plain[:, axis]), np.argsort(even[:, axis]))
        assert np.ptp(np.sort(even[:, axis])[:99]) > 0.4
        assert np.ptp(np.sort(plain[:, axis])[:99]) < 0.01 * np.ptp(plain[:, axis])


def test_clusters_differ_in_colour_or_shape_and_neighbors_in_both():
    looks = _looks(np.stack([np.arange(24.0), np.zeros(24)], axis=1))
    assert len(set(looks)) == 24
    for (colour, marker), (next_colour, next_marker) in itertools.pairwise(looks):
        assert colour != next_colour
        assert marker != next_marker


def test_labels_that_fit_are_kept_the_first_ones_first_and_cover_few_dots():
    points = np.array([[100.0, 100.0], [101.0, 100.0], [102.0, 100.0], [103.0, 100.0], [300.0, 300.0]] * 3)
    frame = np.array([0.0, 0.0, 400.0, 400.0])
    boxes = place_what_fits(
        points, np.full((15, 2), [50.0, 12.0]), frame, points, np.array([[310.0, 290.0, 390.0, 310.0]])
    )
    kept = ~np.isnan(boxes[:, 0])
    assert kept[0]
    assert kept[4]
    assert not kept.all()
    assert overlaps(np.vstack([boxes[kept], [[310.0, 290.0, 390.0, 310.0]]])) == []
    dots = np.hstack([points - 3, points + 3])
    for box in boxes[kept]:
        assert sum(pair[0] == 0 for pair in overlaps(np.vstack([box, dots]))) <= 2


def test_labels_keep_off_fixed_boxes_and_lines_where_they_can():
    point, size, frame = np.array([[100.0, 100.0]]), np.array([[40.0, 12.0]]), np.array([0.0, 0.0, 200.0, 200.0])
    fixed = np.array([[101.0, 50.0, 200.0, 150.0]])
    assert len(overlaps(np.vstack([place_labels(point, size, frame), fixed]))) == 1
    assert overlaps(np.vstack([place_labels(point, size, frame, fixed=fixed), fixed])) == []
    x0, y0, x1, y1 = place_labels(point, size, frame, lines=np.array([[100.0, 100.0, 200.0, 110.0]]))[0]
    line = np.linspace([100, 100], [200, 110], 200)
    assert not ((line > [x0, y0]) & (line < [x1, y1])).all(axis=1).any()
    centered = place_labels(np.array([[100.0, 100.0]] * 2), np.full((2, 2), [40.0, 12.0]), frame, centered=True)
    assert (centered[0, :2] + centered[0, 2:]).tolist() == [200.0, 200.0]
    assert overlaps(centered) == []


def test_similarities_are_cosines_in_an_order_that_puts_like_words_together():
    labels = np.arange(30) % 3
    matrix = np.eye(5)[labels] + 0.1 * vectors(30, 5)
    order, cosines = similarity_order(matrix)
    assert sorted(order) == list(range(30))
    assert (np.diff(labels[order]) != 0).sum() == 2
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines, (units @ units.T)[np.ix_(order, order)], atol=1e-8)


def test_a_similarity_matrix_shows_every_cosine_but_that_of_a_word_with_itself():
    figure = similarity_figure(["a", "b", "c"], [[1.0, 0], [0, 1], [-1, 0.001]], title="t")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {(0, 1): ".00", (0, 2): "−1.00", (1, 0): ".00", (1, 2): ".00", (2, 0): "−1.00", (2, 1): ".00"}


@pytest.mark.parametrize("words", [2, 40, 100])
def test_names_of_a_similarity_matrix_do_not_overlap_and_are_not_cut(words):
    names = [f"{'long' * 4}{i}" for i in range(words)]
    figure = similarity_figure(names, vectors(words), title="t")
    renderer = figure.canvas.get_renderer()
    for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
        boxes = np.array([label.get_window_extent(renderer).extents for label in labels])
        assert overlaps(boxes) == []
        assert (boxes[:, :2] >= 0).all()
        assert (boxes[:, 2:] <= figure.bbox.max).all()
    title = figure.texts[0].get_window_extent(renderer)
    assert max(label.get_window_extent(renderer).y1 for label in figure.axes[0].get_xticklabels()) < title.y0


def test_zero_vectors_are_similar_to_nothing():
    _, cosines = similarity_order(np.zeros((4, 3)))
    np.testing.assert_array_equal(cosines, 0)


def test_parallel_offsets_are_parallel_arrows_of_their_length():
    generator = np.random.default_rng(0)
    relation = np.array([0.0, 0, 0, 1])
    angle = 0.3
    first = np.hstack([generator.normal(size=(6, 3)), np.zeros((6, 1))])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cos(angle) * first + np.sin(angle) * relation
    tails, heads = relation_plane(first, second)
    arrows = heads - tails
    np.testing.assert_allclose(arrows[:, 0] > 0, True)
    assert (offset_agreement(first, second) > 0.9).all()
    offsets = second - first
    mean = offsets.mean(axis=0)
    np.testing.assert_allclose(arrows[:, 0], offsets @ mean / np.linalg.norm(mean))


def test_unrelated_pairs_do_not_agree():
    assert abs(offset_agreement(vectors(40, 50), vectors(40, 50, 1)).mean()) < 0.1
    assert np.isnan(offset_agreement(vectors(1), vectors(1, seed=1))).all()


def test_an_agreement_is_with_the_other_pairs_alone():
    first, second = np.eye(4)[[0, 0]], np.eye(4)[[1, 2]]
    np.testing.assert_allclose(offset_agreement(first, second), [0.5, 0.5])


@pytest.mark.parametrize("pairs", [1, 2, 5, 40])
def test_no_label_of_an_analogy_overlaps_another(pairs):
    named = [(f"first{i}", f"second{i}") for i in range(pairs)]
    figure = analogy_figure(named, vectors(pairs), vectors(pairs, seed=1), title="t")
    assert label_faults(figure) == []
    assert ("one pair" in figure.texts[1].get_text()) == (pairs == 1)


def test_a_word_in_two_pairs_is_drawn_once():
    figure = analogy_figure([("a", "b"), ("b", "c")], np.eye(3)[[0, 1]], np.eye(3)[[1, 2]], title="t")
    assert [text.get_text() for text in figure.axes[0].texts if text.get_gid()] == ["a", "b", "c"]


def test_in_one_dimension_arrows_have_places(tmp_path):
    figure = analogy_figure([("a", "b"), ("c", "d")], [[-1.0], [-2]], [[1.0], [3]], title="t")
    assert label_faults(figure) == []
    style.write_figure(tmp_path / "a.png", figure)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_log_is_read_with_gaps_scores_and_a_half_written_end(tmp_path):
    log = tmp_path / "run.jsonl"
    entries = [
        {"words": 1, "loss": None, "seconds": 0.5},
        {"words": 2, "loss": 3.5, "evaluation": {"ws353": 0.25, "bats": None}},
    ]
    log.write_text("".join(json.dumps(entry) + "\n" for entry in entries) + '\n{"words": 3, "lo')
    run = read_log(log)
    assert run.name == "run"
    assert run.entries == [{"words": 1, "seconds": 0.5}, {"words": 2, "loss": 3.5, "evaluation: ws353": 0.25}]
    assert [each.tolist() for each in run.curve("words", "loss")] == [[2.0], [3.5]]
    assert run.last() == {"words": 2, "seconds": 0.5, "loss": 3.5, "evaluation: ws353": 0.25}
    log.write_text('{"words": 1}')
    assert read_log(log, "name") == Run("name", [{"words": 1}])


@pytest.mark.parametrize(
    "line", ["[1]", "not json", '{"words": "many"}', '{"evaluation": 3}', '{"loss": true}', "9" * 5000]
)
def test_a_wrong_line_of_a_log_is_named(line, tmp_path):
    (tmp_path / "run.jsonl").write_text(f'{{"words": 1}}\n{line}\n')
    with pytest.raises(DataError, match=r"run\.jsonl, line 2 is no JSON object with numbers"):
        read_log(tmp_path / "run.jsonl")


def test_a_log_without_a_history_is_refused(tmp_path):
    for content in ("", "\n\n", "{}\n"):
        (tmp_path / "run.jsonl").write_text(content)
        with pytest.raises(DataError, match=r"run\.jsonl has no line of a training's history"):
            read_log(tmp_path / "run.jsonl")
    with pytest.raises(DataError, match="cannot read"):
        read_log(tmp_path / "absent")


def test_curves_have_a_panel_a_quantity_and_a_dash_a_run():
    figure = the_curves()
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "ws353", "learning rate"]
    lines = figure.axes[0].get_lines()
    np.testing.assert_allclose(lines[0].get_xdata(), [1, 2, 3, 4, 5])
    np.testing.assert_allclose(lines[0].get_ydata(), 3 - np.arange(1, 6) / 5)
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_the_held_out_loss_stands_beside_the_loss():
    entries = [{"words": 1e6, "loss": 2.0}, {"words": 2e6, "loss": 1.5, "held_out_loss": 1.75}]
    figure = curves_figure([Run("a", entries)], title="t")
    assert [line.get_ydata().tolist() for line in figure.axes[0].get_lines()] == [[2.0, 1.5], [1.75]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "held-out loss"]


def test_letters_that_no_font_has_are_told_with_the_font_to_install(monkeypatch):
    real = fonts._letters_of
    monkeypatch.setattr(fonts, "_installed", lambda: ("DejaVu Sans",))
    assert fonts.missing_fonts(["king", "naïve"]) is None
    said = fonts.missing_fonts(["国王", "कवि", "king"])
    assert "install Noto Sans Devanagari and Noto Sans CJK (package fonts-noto-cjk on Debian and Ubuntu)" in said
    assert "王" in said
    assert fonts.legible("国", fonts.font_families(["国"])) == "‹56FD›"
    assert fonts.missing_fonts(["\ud800"]) == "no installed font has ‹D800›, shown as code points: no font has such"
    monkeypatch.setattr(fonts, "_installed", lambda: ("Some CJK",))
    monkeypatch.setattr(
        fonts, "_letters_of", lambda name: frozenset(map(ord, "国王")) if name == "Some CJK" else real(name)
    )
    assert fonts.missing_fonts(["国王", "king"]) is None
    assert fonts.font_families(["国王", "king"]) == ["DejaVu Sans", "Some CJK"]
    assert fonts.legible("国", fonts.font_families(["国"])) == "国"


def test_a_font_of_the_letters_own_country_is_preferred(monkeypatch):
    real = fonts._letters_of
    names = [f"Noto Sans CJK {region}" for region in ("HK", "JP", "KR", "SC")]
    monkeypatch.setattr(fonts, "_installed", lambda: (*names, "Aardvark"))
    letters = frozenset(map(ord, "国王かな한"))
    monkeypatch.setattr(fonts, "_letters_of", lambda name: real(name) if name == "DejaVu Sans" else letters)
    assert fonts.font_families(["国王"])[1] == "Noto Sans CJK SC"
    assert fonts.font_families(["国王", "かな"])[1] == "Noto Sans CJK JP"
    assert fonts.font_families(["한"])[1] == "Noto Sans CJK KR"


def test_chinese_is_drawn_in_every_format_without_warnings(tmp_path):
    if fonts.missing_fonts(["国王女王"]):
        pytest.skip("no font with Chinese letters is installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for suffix in ("png", "svg", "pdf"):
            figure = word_map_figure(["国王", "女王", "שלום", "ملك"], vectors(4), title="国王")
            assert label_faults(figure) == []
            style.write_figure(tmp_path / f"a.{suffix}", figure)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: neighborhood_figure("a", [], [[1.0]], title="t"), OptionError, "0 neighbors"),
        (lambda: neighborhood_figure("a", WORDS[:61], vectors(62), title="t"), OptionError, "61 neighbors"),
        (lambda: neighborhood_figure("a", ["b"], [[1.0], [np.nan]], title="t"), DataError, "vector of 'b'"),
        (lambda: similarity_figure(["a"], [[1.0]], title="t"), OptionError, "of 1 words"),
        (lambda: similarity_figure(WORDS[:101], vectors(101), title="t"), OptionError, "of 101 words"),
        (lambda: similarity_figure(["a", "b"], [[1.0], [np.inf]], title="t"), DataError, "vector of 'b'"),
        (lambda: similarity_figure(WORDS[:90], vectors(90), title="t", size=(3, 3)), OptionError, "too small"),
        (lambda: analogy_figure([], np.ones((0, 2)), np.ones((0, 2)), title="t"), OptionError, "0 pairs"),
        (lambda: analogy_figure([("a", "b")], [[1.0]], [[np.nan]], title="t"), DataError, "vector of 'b'"),
        (lambda: analogy_figure([("a", "b")], [[1.0]], [[2.0]], title="t"), DataError, "no offset in common"),
        (lambda: curves_figure([], title="t"), OptionError, "0 runs"),
        (lambda: curves_figure([Run("a", [{"words": 1}])] * 2, title="t"), OptionError, "two runs are named a"),
        (lambda: curves_figure([Run("a", [{"words": 1}])], title="t"), DataError, "nothing to draw along words"),
        (lambda: curves_figure([Run("a", [{"words": 1}])], title="t", along="x"), OptionError, "along is 'x'"),
        (
            lambda: vocabulary_map_figure(["a"], [[1.0]], name_clusters([[1.0]], ["a"]), title="t"),
            OptionError,
            "two coordinates",
        ),
    ],
)
def test_what_can_not_be_drawn_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_map_grows_from_a_small_size_and_where_that_is_not_enough_says_so(monkeypatch):
    words = [f"{i:02}" + "W" * 28 for i in range(25)]
    figure = word_map_figure(words, np.ones((25, 2)), title="t", size=(3, 3))
    assert label_faults(figure) == []
    monkeypatch.setattr(style, "LARGEST", 3.5)
    with pytest.raises(OptionError, match=r"no room for all labels in a picture of 3\.5 inches"):
        word_map_figure(words, np.ones((25, 2)), title="t", size=(3, 3))
