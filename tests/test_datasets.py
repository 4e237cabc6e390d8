"""A data set is found whole where it should be, or one sentence says which file is not and what to do."""

import hashlib
from pathlib import Path, PurePosixPath

import pytest

from firth import DataError, FirthError, OptionError
from firth.datasets import (
    DATASETS,
    Archive,
    DataFile,
    Dataset,
    NotAvailableError,
    cache_folder,
    fetch,
    is_available_offline,
    locate,
    status,
    verify,
)

ONE, TWO, SPARE = b"one\n" * 10, b"two\n" * 20, b"spare\n"


def pinned(path, content, **more):
    return DataFile(path, len(content), hashlib.sha256(content).hexdigest(), **more)


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Register the data set "tiny", whose second file a spare one may replace, and make an empty FIRTH_DATA."""
    files = (pinned("tiny/one.txt", ONE), pinned("tiny/below/two.txt", TWO, replaced_by="tiny/spare.txt"))
    monkeypatch.setitem(DATASETS, "tiny", Dataset("tiny", "for tests", "nowhere", "none", "tiny", files))
    monkeypatch.setenv("FIRTH_DATA", str(tmp_path / "given"))
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


@pytest.fixture
def cached(given):
    return given.parent / "cache" / "data"


def put(root, one=ONE, two=TWO, spare=None):
    for name, content in (("one.txt", one), ("below/two.txt", two), ("spare.txt", spare)):
        if content is not None:
            (root / "tiny" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "tiny" / name).write_bytes(content)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_the_registry_stays_inside_the_data_folder_and_pins_what_it_downloads(dataset):
    pins = {file.path for file in dataset.files}
    bounded = pins | {path for path, _ in dataset.unpinned}
    assert dataset.description
    assert dataset.source
    assert dataset.licence
    for path in bounded:
        assert PurePosixPath(path).parts[0] == dataset.folder
        assert ".." not in PurePosixPath(path).parts
    for file in dataset.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.size > 0
        assert file.replaced_by is None or file.replaced_by in bounded
    for archive in dataset.archives:
        assert archive.url.startswith("https://")
        assert {path for _, path in archive.members} <= bounded
    if dataset.archives:
        assert pins <= {path for archive in dataset.archives for _, path in archive.members}


def test_the_given_folder_comes_before_the_cache(given, cached):
    put(cached)
    assert locate("tiny") == cached / "tiny"
    assert (status("tiny").state, status("tiny").place) == ("ready", "cache")
    put(given)
    assert locate("tiny") == given / "tiny"
    assert (status("tiny").state, status("tiny").place) == ("ready", "FIRTH_DATA")


@pytest.mark.parametrize("change", [b"", ONE[:-1], ONE + b"x", b"\0" + ONE[1:]])
def test_a_damaged_given_file_is_named_and_the_cache_is_not_used_instead(given, cached, change):
    put(cached)
    put(given, one=change)
    with pytest.raises(DataError, match=r"given/tiny/one\.txt is damaged .*put a whole copy there, or remove it"):
        locate("tiny")
    with pytest.raises(DataError, match=r"given/tiny/one\.txt is damaged"):
        fetch("tiny")
    assert (given / "tiny" / "one.txt").read_bytes() == change
    assert (status("tiny").state, is_available_offline("tiny")) == ("damaged", False)


def test_a_given_folder_with_a_part_of_the_files_is_an_error_that_names_the_missing_one(given):
    put(given, two=None)
    with pytest.raises(DataError, match=r"given/tiny/below/two\.txt is missing: put the whole of tiny there"):
        locate("tiny")
    assert [check.state for check in verify("tiny")] == ["ready", "missing"]
    assert status("tiny").state == "damaged"


def test_a_file_that_another_replaces_may_be_absent_but_not_damaged(given):
    put(given, two=None, spare=SPARE)
    assert locate("tiny") == given / "tiny"
    assert [check.state for check in verify("tiny")] == ["ready", "ready"]
    put(given, two=TWO[1:])
    with pytest.raises(DataError, match=r"two\.txt is damaged"):
        locate("tiny")


def test_verify_lists_every_file_with_its_state_and_problem(given, cached):
    checks = verify("tiny")
    assert [check.path for check in checks] == [cached / "tiny" / "one.txt", cached / "tiny" / "below" / "two.txt"]
    assert [check.state for check in checks] == ["missing", "missing"]
    put(cached, one=b"x" * len(ONE))
    damaged, ready = verify("tiny")
    assert (damaged.state, ready.state, ready.problem) == ("damaged", "ready", "")
    assert "checksum is not the pinned one): run  firth data fetch tiny" in damaged.problem


def test_a_path_that_is_no_file_is_an_error_that_names_it(given):
    (given / "tiny" / "one.txt").mkdir(parents=True)
    with pytest.raises(DataError, match=r"one\.txt"):
        locate("tiny")


def test_a_data_set_without_a_download_says_which_files_to_put_where(given):
    with pytest.raises(NotAvailableError, match=r"put one\.txt, two\.txt into the folder tiny of the folder that"):
        locate("tiny")
    assert (status("tiny").state, status("tiny").folder) == ("missing", None)


def test_a_given_folder_that_is_not_there_is_an_error_and_not_ignored(given, monkeypatch):
    monkeypatch.setenv("FIRTH_DATA", str(given / "none"))
    for ask in (locate, fetch, verify):
        with pytest.raises(DataError, match=r"FIRTH_DATA is .*none, which is not a folder"):
            ask("tiny")
    assert status("tiny").state == "missing"


@pytest.mark.parametrize("ask", [locate, fetch, verify, status, is_available_offline])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(ask):
    with pytest.raises(OptionError, match="there is no data set 'sts': choose one of sst, eval"):
        ask("sts")


def test_what_is_built_here_is_always_available_and_has_no_folder():
    assert is_available_offline("python-docs")
    with pytest.raises(DataError, match="load it by load_python_docs"):
        locate("python-docs")


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("FIRTH_CACHE")
    assert cache_folder() == tmp_path / "shared" / "firth"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, folder in (("linux", ".cache/firth"), ("darwin", "Library/Caches/firth")):
        monkeypatch.setattr("sys.platform", platform)
        assert cache_folder() == tmp_path / folder


def test_no_home_folder_is_one_sentence(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.delenv("FIRTH_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(FirthError, match="set FIRTH_CACHE to a folder"):
        cache_folder()


def test_data_that_can_be_downloaded_says_how(given, monkeypatch):
    archive = Archive("https://127.0.0.1:9/tiny.zip", 1000, (("one.txt", "tiny/one.txt"),))
    dataset = Dataset("tiny", "", "", "", "tiny", DATASETS["tiny"].files, archives=(archive,))
    monkeypatch.setitem(DATASETS, "tiny", dataset)
    assert status("tiny").problem == "run  firth data fetch tiny"


@pytest.mark.needs_sst
def test_the_real_treebank_is_whole():
    assert [check.problem for check in verify("sst")] == [""] * 6
