"""The assignment to work in and the zip to hand in: nothing is overwritten, nothing depends on Firth, bytes repeat."""

import os
import subprocess
import sys
import zipfile

import pytest
from submissions import SGD, source

from firth.course import grader
from firth.course.workbook import ARCHIVE, REQUIRED, SKELETON, new_course, pack, skeleton_file
from firth.errors import DataError, FirthError


@pytest.fixture
def work(tmp_path):
    """A folder in which all is done."""
    folder = tmp_path / "work"
    new_course(folder)
    (folder / "word2vec.py").write_text(source())
    (folder / "sgd.py").write_text(SGD)
    (folder / "written.md").write_text("(ŷ - y)")
    return folder


def run(folder, *arguments):
    """Run Python in a folder with NumPy alone: Firth can't be imported there."""
    blocked = (
        "import sys; sys.modules['firth'] = None; import runpy; sys.argv = sys.argv[1:]; sys.path.insert(0, '.'); "
    )
    code = blocked + "runpy.run_path(sys.argv[0], run_name='__main__')"
    finished = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return finished.returncode, finished.stdout, finished.stderr


def test_the_empty_assignment_is_all_there_and_gets_no_points(tmp_path):
    written = new_course(tmp_path / "work")
    assert {path.relative_to(tmp_path / "work").as_posix() for path in written} == {*SKELETON, ".gitignore"}
    grade = grader.grade(tmp_path / "work")
    assert (grade.points, grade.of) == (0, 16)
    assert {finding.kind for part in grade.parts for finding in part.findings} == {"unfinished"}
    assert all(part.passed for part in grade.parts if part.given)


def test_the_empty_assignment_runs_without_firth_and_says_what_is_missing(tmp_path):
    new_course(tmp_path)
    code, out, err = run(tmp_path, "word2vec.py")
    assert (code, err) == (1, "")
    assert out.count("is not written yet") == 5
    assert run(tmp_path, "sgd.py") == (1, "", "sgd is not written yet\n")
    code, _, err = run(tmp_path, "word2vec.py", "everything")
    assert "there is no test 'everything': choose from sigmoid" in err
    code, _, err = run(tmp_path, "run.py", "--iterations", "1")
    assert code == 1
    assert "pip install" in err


def filled(name):
    """The skeleton with right functions in place of its empty ones."""
    if name == "sgd.py":
        text = skeleton_file(name).decode()
        return text.replace('raise NotImplementedError("sgd")', "loss, grad = f(x); x = x - step_now * grad")
    _, tests = skeleton_file(name).decode().split("# From here on: tests.")
    return source() + "import sys\n\n# From here on: tests." + tests


@pytest.mark.slow
def test_the_assignments_own_tests_pass_for_right_functions_and_fail_for_wrong_ones(tmp_path):
    new_course(tmp_path)
    for name in ("word2vec.py", "sgd.py"):
        (tmp_path / name).write_text(filled(name))
        code, out, err = run(tmp_path, name)
        assert (code, err) == (0, ""), out
        assert "passed" in out
        assert "FAILED" not in out
    assert grader.grade(tmp_path).passed
    right = (tmp_path / "word2vec.py").read_text()
    for change in (
        ("return 1 / (1 + np.exp(-x))", "return 1 / (1 + np.exp(x))"),
        ("y_hat[outsideWordIdx] -= 1", "y_hat[outsideWordIdx] += 1"),
        ("gradOutsideVecs[index] +=", "gradOutsideVecs[index] ="),
        ("loss += one\n", "loss = one\n"),
    ):
        assert change[0] in right
        (tmp_path / "word2vec.py").write_text(right.replace(*change))
        code, out, _ = run(tmp_path, "word2vec.py")
        assert code == 1, change
        assert "FAILED" in out


def test_the_skeletons_sgd_goes_on_from_what_it_saved(tmp_path):
    new_course(tmp_path)
    (tmp_path / "sgd.py").write_text(filled("sgd.py"))
    part = grader.grade(tmp_path).parts[4]
    assert (part.function, part.points, part.advice) == ("sgd", 4, ())


def test_nothing_is_overwritten_without_force(tmp_path):
    (tmp_path / "sgd.py").write_text("mine")
    with pytest.raises(DataError, match=r"already holds sgd\.py"):
        new_course(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sgd.py"]
    assert (tmp_path / "sgd.py").read_text() == "mine"
    new_course(tmp_path, force=True)
    assert (tmp_path / "sgd.py").read_bytes() == skeleton_file("sgd.py")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="is a file"):
        new_course(tmp_path / "file")


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FirthError, match="cannot write"):
        new_course(tmp_path / "file" / "work")


def test_the_zip_holds_what_counts_and_is_told_what_it_leaves_out(work):
    (work / "saved_params").mkdir()
    (work / "notes.txt").write_text("x")
    (work / "mine.py").write_text("x = 1")
    packed = pack(work)
    assert packed.path == work / ARCHIVE
    assert packed.files == ("mine.py", "run.py", "sgd.py", "word2vec.py", "written.md")
    assert set(packed.left_out) == {".gitignore", "Makefile", "README.md", "notes.txt", "saved_params/", "utils/"}
    assert packed.untouched == ()
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.namelist() == list(packed.files)
        assert archive.read("word2vec.py") == (work / "word2vec.py").read_bytes()
        assert archive.testzip() is None


def test_the_same_files_give_the_same_bytes(work, tmp_path):
    first = pack(work).path.read_bytes()
    for path in work.iterdir():
        os.utime(path, (1e9, 1e9))
        if path.is_file():
            path.chmod(0o755)
    assert pack(work).path.read_bytes() == first  # the older zip is replaced, and is not in the new one
    assert pack(work, tmp_path / "other.zip").path.read_bytes() == first


@pytest.mark.slow
def test_the_zip_is_graded_as_the_folder_is(work, tmp_path):
    packed = pack(work, tmp_path / "alice.zip")
    assert grader.grade(packed.path).points == grader.grade(work).points == 16
    nested = tmp_path / "nested.zip"
    with zipfile.ZipFile(nested, "w") as archive:
        for name in ("word2vec.py", "sgd.py"):
            archive.write(work / name, f"alice/a2/{name}")
        archive.writestr("../../outside.py", "x = 1")
        archive.writestr("__MACOSX/word2vec.py", "x = 1")
    assert grader.grade(nested).points == 16


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_file_is_named_and_nothing_is_packed(name, work):
    (work / name).unlink()
    with pytest.raises(DataError, match=f"lacks {name}: nothing is packed"):
        pack(work)
    assert not (work / ARCHIVE).exists()


def test_the_written_part_must_be_there_but_for_the_asking(work):
    (work / "written.md").unlink()
    with pytest.raises(DataError, match=r"lacks written.pdf or written.md.*--no-written"):
        pack(work)
    assert "written.md" not in pack(work, written=False).files


def test_only_a_zip_is_written_over(work):
    with pytest.raises(DataError, match="is no zip file"):
        pack(work, work / "word2vec.py")
    with pytest.raises(DataError, match="no such folder"):
        pack(work / "none")
    assert (work / "word2vec.py").read_text() == source()


def test_what_was_never_begun_is_told(work):
    (work / "sgd.py").write_bytes(skeleton_file("sgd.py"))
    assert pack(work).untouched == ("sgd.py",)


@pytest.mark.parametrize("damage", ["cut", "bomb", "empty"])
def test_a_damaged_zip_is_one_sentence(damage, work, tmp_path):
    path = tmp_path / "alice.zip"
    if damage == "cut":
        content = bytearray(pack(work).path.read_bytes())
        content[60:90] = bytes(30)
        path.write_bytes(content)
    with zipfile.ZipFile(path, "a" if damage == "cut" else "w", zipfile.ZIP_DEFLATED) as archive:
        if damage == "bomb":
            archive.writestr("word2vec.py", b"#" * 50_000_000)
    with pytest.raises(DataError, match=r"alice.zip|word2vec.py"):
        grader.grade(path)
