"""Places on a plane and clusters: right where the answer is known, the same each time, and refusals that name."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from firth import DataError, MissingExtraError, OptionError
from firth.plots import layout
from firth.plots.clusters import name_clusters
from firth.plots.layout import chosen_method, principal_components, project


def planted(clusters=4, each=30, dimensions=10, noise=0.1, seed=0):
    """Vectors around orthogonal directions, with lengths of all sizes; the cluster of each."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(clusters), each))
    directions = np.eye(dimensions)[labels] + noise * generator.normal(size=(len(labels), dimensions))
    return directions * generator.uniform(0.1, 10, size=(len(labels), 1)), labels


def agree(found, planted_labels):
    pairs = set(zip(found.tolist(), planted_labels.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(planted_labels.tolist()))


def separation(places, labels):
    """Mean distance between clusters' middles over the mean distance of points from their own."""
    middles = np.array([places[labels == label].mean(axis=0) for label in np.unique(labels)])
    own = np.linalg.norm(places - middles[labels], axis=1).mean()
    return np.linalg.norm(middles[:, np.newaxis] - middles, axis=2).mean() / own


@pytest.mark.parametrize("shape", [(300, 7), (5, 40), (8, 8), (50, 2), (2, 3)])
def test_principal_components_are_those_of_the_singular_value_decomposition(shape):
    matrix = np.random.default_rng(1).normal(size=shape) + 5
    centered = matrix - matrix.mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    places, shares = principal_components(matrix)
    np.testing.assert_allclose(np.abs(places), np.abs(left * singular)[:, :2], atol=1e-9)
    np.testing.assert_allclose(shares, (singular**2 / (singular**2).sum())[:2], atol=1e-12)
    np.testing.assert_array_equal(project(matrix, "pca"), places.astype(np.float32))


STRANGE = {
    "one": np.ones((1, 3)),
    "two": np.eye(2),
    "three": np.eye(3),
    "five": np.eye(5),
    "one dimension": np.linspace(-1, 1, 20)[:, np.newaxis],
    "zeros": np.zeros((20, 4)),
    "equal": np.ones((20, 4)),
    "ten of each": np.repeat(np.eye(4), 10, axis=0),
    "tiny": 1e-25 * np.random.default_rng(0).normal(size=(30, 4)),
    "huge": 1e30 * np.random.default_rng(0).normal(size=(30, 4)),
}


@pytest.mark.parametrize("method", ["pca", "umap", "tsne", "auto"])
def test_every_matrix_has_places(method):
    if method in ("umap", "tsne"):
        pytest.importorskip({"umap": "umap", "tsne": "sklearn"}[method])
    for name, matrix in STRANGE.items():
        places = project(matrix, method)
        assert places.shape == (len(matrix), 2), name
        assert places.dtype == np.float32
        assert np.isfinite(places).all(), name


@pytest.mark.slow
@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_neighbors_stay_together_with_the_same_places_each_time_and_other_ones_by_another_seed(method):
    pytest.importorskip({"umap": "umap", "tsne": "sklearn"}[method])
    matrix, labels = planted()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        places = project(matrix, method, seed=3)
    assert separation(places, labels) > 3
    np.testing.assert_array_equal(project(matrix, method, seed=3), places)
    assert not np.array_equal(project(matrix, method, seed=4), places)


def test_umap_tells_how_far_it_is_and_prints_nothing(capfd):
    pytest.importorskip("umap")
    told = []
    project(planted(each=10)[0], "umap", report=lambda *each: told.append(each))
    assert [note for _, _, note in told[:2]] == ["nearest neighbors", "preparing"]
    assert told[-1] == (500, 500, "UMAP")
    assert capfd.readouterr() == ("", "")


def test_auto_is_umap_for_many_words_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(layout, "_has_umap", lambda: True)
    assert chosen_method("auto", layout.MANY - 1) == "pca"
    assert chosen_method("auto", layout.MANY) == "umap"
    assert chosen_method("umap", 4) == chosen_method("tsne", 1) == "pca"
    monkeypatch.setattr(layout, "_has_umap", lambda: False)
    assert chosen_method("auto", 10_000) == "pca"
    assert chosen_method("umap", 10_000) == "umap"


@pytest.mark.parametrize(("method", "module"), [("umap", "umap"), ("tsne", "sklearn")])
def test_without_its_library_a_method_gives_the_install_line_and_auto_does_without(method, module, monkeypatch):
    for name in [module, *(name for name in sys.modules if name.startswith(f"{module}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"{module} is not installed: run  pip install 'firth\[lab\]'"):
        project(np.eye(9), method)
    if method == "umap":
        assert chosen_method("auto", 10_000) == "pca"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: project(np.eye(3), "pac"), OptionError, "layout is 'pac': it must be one of pca, umap, tsne, auto"),
        (lambda: project(np.eye(3), seed=-1), OptionError, "seed is -1"),
        (lambda: project(np.ones(3)), OptionError, r"shape \(3,\)"),
        (lambda: project(np.ones((0, 3))), OptionError, r"shape \(0, 3\)"),
        (lambda: project(np.ones((3, 0))), OptionError, r"shape \(3, 0\)"),
        (lambda: project([[1.0], [np.nan]]), DataError, "row 1 holds"),
        (lambda: project([[1.0], [np.inf]], words=["a", "b"]), DataError, "the vector of 'b' holds"),
        (lambda: project([[1.0], [2.0]], words=["a"]), OptionError, r"\(2, 1\) for 1 words"),
        (lambda: name_clusters([[np.nan]], ["a"]), DataError, "the vector of 'a' holds"),
        (lambda: name_clusters([[1.0]], ["a", "b"]), OptionError, r"\(1, 1\) for 2 words"),
        (lambda: name_clusters([[1.0]], ["a"], 0), OptionError, "clusters is 0"),
        (lambda: name_clusters([[1.0]], ["a"], words_a_name=0), OptionError, "words_a_name is 0"),
    ],
)
def test_what_has_no_places_or_clusters_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_importing_the_layouts_imports_none_of_their_libraries():
    program = (
        "import sys, firth.plots.layout, firth.plots.clusters; "
        "assert not {'umap', 'sklearn', 'scipy', 'numba', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_planted_clusters_are_found_largest_first():
    matrix, labels = planted()
    matrix = np.vstack([matrix, np.eye(10)[4] + 0.01 * matrix[:50]])
    labels = np.append(labels, np.full(50, 4))
    found = name_clusters(matrix, [f"word{i}" for i in range(len(matrix))], 5)
    assert agree(found.labels, labels)
    assert np.bincount(found.labels).tolist() == [50, 30, 30, 30, 30]
    assert set(labels[found.labels == 0]) == {4}
    np.testing.assert_allclose(np.linalg.norm(found.centers, axis=1), 1)


def test_clusters_are_the_same_each_time():
    matrix, words = np.random.default_rng(2).normal(size=(300, 8)), [f"word{i}" for i in range(300)]
    first, second = (name_clusters(matrix, words, 9, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.names == second.names
    assert not np.array_equal(name_clusters(matrix, words, 9, seed=6).labels, first.labels)


def test_there_are_no_more_clusters_than_different_directions_and_none_is_empty():
    for name, matrix in STRANGE.items():
        found = name_clusters(matrix, [f"word{i}" for i in range(len(matrix))], 7)
        assert (np.bincount(found.labels, minlength=len(found)) > 0).all(), name
        assert len(found.names) == len(found.words) == len(found.centers) == len(found)
    assert len(name_clusters(STRANGE["ten of each"], [f"w{i}" for i in range(40)], 7)) == 4
    assert len(name_clusters(STRANGE["equal"], [f"w{i}" for i in range(20)], 7)) == 1


def test_a_cluster_is_named_by_frequent_words_in_its_middle_and_not_by_function_words_or_numbers():
    generator = np.random.default_rng(4)
    words = [f"word{'abcdefghij'[i % 10]}x{'abcdefghij'[i // 10 % 10]}{'abcdefgh'[i // 100]}" for i in range(800)]
    words = [word.replace("x", "") for word in words]
    labels = np.arange(800) % 2
    matrix = np.eye(6)[labels] + 0.3 * generator.normal(size=(800, 6))
    for row, word in [(0, "the"), (2, "of"), (50, "1984"), (60, "a_b"), (70, "xy"), (52, "river")]:
        words[row], matrix[row] = word, np.eye(6)[0]
    words[71], matrix[71] = "王", np.eye(6)[1]
    found = name_clusters(matrix, words, 2, words_a_name=1)
    assert found.names[found.labels[0]] == "river"
    assert found.names[found.labels[1]] == "王"


def test_function_words_name_a_cluster_that_has_nothing_else():
    assert name_clusters(np.eye(3)[:2], ["the", "1"], 1).names == ["the · 1"]
