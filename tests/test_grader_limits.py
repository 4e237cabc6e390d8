"""Files that misbehave: none takes the grader with it, none gets points for it, none leaves anything behind."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from submissions import FUNCTIONS, IMPORTS, SGD, source, submit, with_body

from firth.course import grader
from firth.course.grader import worker
from firth.course.grader.grade import _Grader
from firth.course.grader.parts import assignment_parts
from firth.course.grader.submission import read_submission

PARTS = {part.function: part for part in assignment_parts(1)}
RIGHT_SIGMOID = "return 1 / (1 + np.exp(-x))"
AMPLE = grader.Limits(60.0, 256)  # a slow machine is no mistake
SHORT = grader.Limits(3.0, 256)  # for what never ends


def graded(folder, function="sigmoid", limits=AMPLE):
    return _Grader(read_submission(folder), limits).part(PARTS[function])


def with_sigmoid(tmp_path, body, before="", limits=AMPLE):
    """Grade a sigmoid with this body; it gets no points, for one reason."""
    part = graded(submit(tmp_path, before + source(sigmoid=with_body("sigmoid", body))), limits=limits)
    assert part.points == 0
    assert len(part.findings) == 1
    return part.findings[0]


def at_import(tmp_path, code, limits=AMPLE):
    part = graded(submit(tmp_path, f"{code}\n{source()}"), limits=limits)
    assert part.points == 0
    return part.findings[0]


def _command_line(folder):
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def left_running(marker):
    """Processes that carry a marker in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                marker.encode() in (folder / "environ").read_bytes()
                and "State:\tZ" not in (folder / "status").read_text()
            ):
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_an_endless_loop_is_stopped_and_its_line_told(tmp_path):
    finding = with_sigmoid(tmp_path, "while True:\n    x = x + 1", limits=SHORT)
    assert finding.kind == "time"
    assert "sigmoid did not end within 3 s" in finding.says
    assert finding.text in {"while True:", "x = x + 1"}


@pytest.mark.slow
def test_an_endless_loop_at_import_is_stopped_and_its_line_told(tmp_path):
    finding = at_import(tmp_path, "\nwhile True: pass", limits=SHORT)
    assert (finding.kind, finding.line, finding.file) == ("time", 2, "word2vec.py")
    assert "The import of word2vec.py" in finding.says


@pytest.mark.slow
def test_what_was_answered_before_an_endless_loop_counts(tmp_path):
    loop = "if len(set(indices)) < 11:\n    while True: pass\n"
    good = FUNCTIONS["negSamplingLossAndGradient"].replace(
        "    gradCenterVec = np", f"    {loop[:-1]}\n    gradCenterVec = np"
    )
    good = good.replace("\n    while True", "\n        while True")
    part = graded(submit(tmp_path, source(negSamplingLossAndGradient=good)), "negSamplingLossAndGradient", SHORT)
    assert part.points == 0  # every check has a case after the loop
    assert {finding.kind for finding in part.findings} == {"time"}


@pytest.mark.parametrize("leave", ["os._exit(0)", "os.kill(os.getpid(), 9)", "os.abort()", "os.killpg(0, 15)"])
def test_a_process_that_ends_is_no_pass(leave, tmp_path):
    assert with_sigmoid(tmp_path, f"import os\n{leave}").kind in {"exited", "crashed"}
    assert at_import(tmp_path / "two", f"import os\n{leave}").kind in {"exited", "crashed"}


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt", "exit()"])
def test_leaving_python_is_told_with_its_line(leave, tmp_path):
    finding = with_sigmoid(tmp_path, leave)
    assert finding.kind == "raised"
    assert finding.text == leave
    assert at_import(tmp_path / "two", leave).line == 1


def test_an_exception_that_is_no_exception_is_told(tmp_path):
    finding = with_sigmoid(
        tmp_path, "raise Odd", before="class Odd(BaseException):\n    def __str__(self): raise ValueError\n"
    )
    assert "raised Odd" in finding.says


def test_ten_gigabytes_are_refused_and_the_size_told(tmp_path):
    finding = with_sigmoid(tmp_path, "return np.ones((10 * 2**30) // 8)")
    assert finding.kind == "memory"
    assert "256 MB" in finding.says
    assert "10.0 GiB" in finding.says
    assert finding.line is not None


def test_memory_taken_piece_by_piece_is_refused(tmp_path):
    assert with_sigmoid(tmp_path, "kept = []\nwhile True:\n    kept.append(bytearray(10**7))").kind == "memory"


@pytest.mark.slow
def test_a_million_printed_lines_are_dropped(tmp_path, capfd):
    body = "for _ in range(1_000_000): print('spam')\nimport sys; print('spam', file=sys.stderr)\n" + RIGHT_SIGMOID
    assert graded(submit(tmp_path, source(sigmoid=with_body("sigmoid", body)))).points == 1
    assert capfd.readouterr() == ("", "")


def test_a_syntax_error_is_told_with_line_and_text(tmp_path):
    finding = at_import(tmp_path, "\n\ndef broken(x)\n    return x")
    assert (finding.kind, finding.line, finding.text) == ("syntax", 3, "def broken(x)")
    assert "expected ':'" in finding.says
    finding = at_import(tmp_path / "old", "print 'hello'")
    assert "Python 2" in finding.mend


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\xfa", b"x = 'abc\n", b""])
def test_a_file_that_is_no_python_is_told(content, tmp_path):
    (submit(tmp_path, "") / "word2vec.py").write_bytes(content)
    part = graded(tmp_path)
    assert part.points == 0
    assert part.findings[0].kind in {"syntax", "missing"}


def test_an_import_error_is_told_with_its_line(tmp_path):
    finding = at_import(tmp_path, "\nimport nothing_of_this_name")
    assert (finding.line, finding.text) == (2, "import nothing_of_this_name")
    assert "ModuleNotFoundError" in finding.says


def test_firths_own_functions_can_not_be_imported(tmp_path):
    assert "assignment is to write" in at_import(tmp_path, "from firth.course import sigmoid").says


PATCHES = """
import numpy as np
np.allclose = np.isclose = np.array_equal = lambda *_, **__: True
np.testing.assert_allclose = lambda *_, **__: None
np.asarray = lambda x, *_, **__: x
class Add:
    def __call__(self, *_): return 0
    def at(self, *_): pass
np.add = Add()
"""


def test_a_patched_numpy_changes_no_verdict(tmp_path):
    assert with_sigmoid(tmp_path, "return np.exp(x)", before=PATCHES).kind == "difference"
    assert np.allclose([1], [2]) is False


YES = """
class Yes(np.ndarray):
    def __eq__(self, other): return True
    def __array_function__(self, *_): return True
    def __array_ufunc__(self, *_, **__): return True
"""


def test_an_array_that_says_yes_to_everything_is_wrong(tmp_path):
    assert with_sigmoid(tmp_path, "return np.zeros_like(x).view(Yes) + 3", before=IMPORTS + YES).kind != "mistake"


FORGED = """
import json, os, struct
def forge(nonce):
    header = json.dumps({"nonce": nonce, "results": [{"array": 0}] * 2, "seen": {}, "passed": True,
                         "arrays": [{"dtype": "<f8", "shape": []}]}).encode()
    frame = struct.pack("<QQ", len(header), 8) + header + struct.pack("<d", 0.5)
    for number in range(3, 20):
        try: os.write(number, frame)
        except OSError: pass
"""


@pytest.mark.parametrize("code", ["forge('0' * 32)", "forge('0' * 32)\nos._exit(0)", "os.write(4, b'x' * 1000)"])
def test_a_forged_answer_is_no_answer(code, tmp_path):
    assert with_sigmoid(tmp_path, code, before=FORGED).kind in {"garbled", "exited"}
    assert at_import(tmp_path / "two", FORGED + code).kind in {"garbled", "exited"}


STOLEN = """
import gc, sys
def find():
    for each in gc.get_objects():
        if type(each) is dict and set(each) >= {"nonce", "do", "function"}:
            return each["nonce"]
"""


def test_a_forged_answer_with_the_right_nonce_is_checked_like_any_other(tmp_path):
    finding = with_sigmoid(tmp_path, "forge(find())\nos._exit(0)", before=FORGED + STOLEN)
    assert finding.kind in {"shape", "exited", "garbled"}


FLOOD = """
import json, os, struct
def flood(nonce, **more):
    header = json.dumps({"nonce": nonce, "arrays": [], **more}).encode()
    os.write(4, struct.pack("<QQ", len(header), 0) + header)
"""


@pytest.mark.parametrize(
    "more",
    [
        "results=[], seen={}",
        "results=[{}, {}], seen={}",
        "results=[{'none': True}] * 2, seen=[]",
        "results=[{'none': True}] * 2, seen={'passed': 'x'}",
        "results=[{'none': True}] * 2, seen={'passed': 0}",
        "results=[{'array': 0}] * 2, seen={'passed': 0}",
        "results=3, seen={}",
        "failure={}",
        "failure=7",
        "failure={'error': 3, 'message': [1], 'file': {}, 'line': 'x'}",
        "failure={'error': 'E', 'message': 'x' * 1_000_000}",
        "names=5",
    ],
)
@pytest.mark.parametrize("function", ["sigmoid", "negSamplingLossAndGradient"])
def test_no_answer_that_is_made_up_gets_points_or_breaks_anything(function, more, tmp_path):
    wrong = with_body(function, f"flood(find(), {more})\nos._exit(0)")
    part = graded(submit(tmp_path, FLOOD + STOLEN + source(**{function: wrong})), function)
    assert part.points == 0
    assert all(len(finding.says) < 600 for finding in part.findings)


def test_a_flood_of_answers_is_not_kept(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = "header = b'{\"arrays\": []}'\nframe = struct.pack('<QQ', len(header), 2**25) + header + bytes(2**25)\n"
    wrong = with_body("sigmoid", f"{code}for _ in range(100): os.write(4, frame)")
    assert graded(submit(tmp_path, FLOOD + source(sigmoid=wrong))).points == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kilobytes; 3.2 GB were written


def test_a_process_that_got_away_with_the_pipe_holds_nothing_up(tmp_path):
    marker = f"away_{os.getpid()}_{time.time_ns()}"
    script = f"{marker} = __import__('time').sleep(600)"
    body = f"subprocess.Popen([sys.executable, '-c', {script!r}], env={{}}, start_new_session=True, close_fds=False)"
    before = "import os, subprocess, sys\nfor number in (3, 4): os.set_inheritable(number, True)\n"
    part = graded(submit(tmp_path, before + source(sigmoid=with_body("sigmoid", f"{body}\n{RIGHT_SIGMOID}"))))
    assert part.points == 1
    away = [folder.name for folder in Path("/proc").glob("[0-9]*") if marker.encode() in _command_line(folder)]
    assert away  # the one way out that is known: an empty environment and a session of its own
    for number in away:
        os.kill(int(number), 9)


def test_a_fork_bomb_is_ended(tmp_path):
    finding = with_sigmoid(tmp_path, "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    assert finding.kind in {"processes", "time"}


def test_children_are_ended_also_those_that_left_the_session(tmp_path, monkeypatch):
    marker = f"FIRTH_TEST_{os.getpid()}_{time.time_ns()}"
    body = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], env={{**os.environ, '{marker}': '1'}})
code = 'import time; time.sleep(60)'
subprocess.Popen([sys.executable, '-c', code], env={{**os.environ, '{marker}': '2'}}, start_new_session=True)
time.sleep(0.3)
return 1 / (1 + np.exp(-x))"""
    part = graded(submit(tmp_path, source(sigmoid=with_body("sigmoid", body))))
    assert part.points == 1
    assert left_running(marker) == []


def test_an_array_that_is_too_large_to_be_right_is_told(tmp_path):
    finding = with_sigmoid(tmp_path, "return np.zeros(10**8, dtype=np.int8)")
    assert (finding.kind, "ndarray, int8, shape (100000000,)" in finding.says) == ("shape", True)


def test_threads_left_running_hold_nothing_up(tmp_path):
    body = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1e6,)).start()\nreturn 1 / (1 + np.exp(-x))"
    )
    assert graded(submit(tmp_path, source(sigmoid=with_body("sigmoid", body)))).points == 1


def test_keyboard_input_is_not_there(tmp_path):
    finding = with_sigmoid(tmp_path, "return float(input('x? '))")
    assert "keyboard" in finding.mend
    assert "EOFError" in finding.says


@pytest.mark.slow
def test_recursion_without_end_is_told(tmp_path):
    assert "calls itself" in with_sigmoid(tmp_path, "return sigmoid(x)").mend
    deep = with_sigmoid(tmp_path / "two", "import sys\nsys.setrecursionlimit(10**9)\nreturn sigmoid(x)", limits=SHORT)
    assert deep.kind in {"crashed", "time", "memory", "raised"}


def test_what_a_file_writes_is_gone_and_the_submission_is_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    body = "open('word2vec.py', 'w').write('gone'); open('left.txt', 'w').write('x')\nreturn 1 / (1 + np.exp(-x))"
    folder = submit(tmp_path / "work", source(sigmoid=with_body("sigmoid", body)))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert graded(folder).points == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_a_large_file_is_not_written(tmp_path):
    body = "with open('large', 'wb') as stream:\n    for _ in range(200): stream.write(bytes(2**20))"
    assert with_sigmoid(tmp_path, body).kind in {"raised", "crashed"}


def test_temporary_folders_are_gone(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "temporary").mkdir()
    with_sigmoid(tmp_path / "work", "import os\nos._exit(0)")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_what_a_killed_grading_left_is_swept_by_the_next(tmp_path, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    submitted = submit(tmp_path / "work", source(sigmoid=with_body("sigmoid", "while True: pass")))
    command = [sys.executable, "-m", "firth", "grade", str(submitted), "-q"]
    grading = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(place)})
    while not any((each / "work").is_dir() for each in place.iterdir()):
        assert grading.poll() is None
        time.sleep(0.02)
    grading.kill()
    grading.wait()
    assert list(place.iterdir())
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert graded(submit(tmp_path / "right", source())).points == 1
    assert list(place.iterdir()) == []


def test_the_environment_of_who_grades_is_not_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "x")
    body = "import os\nif 'SECRET_OF_THE_TEACHER' in os.environ: os._exit(0)\nreturn 1 / (1 + np.exp(-x))"
    assert graded(submit(tmp_path, source(sigmoid=with_body("sigmoid", body)))).points == 1


def test_one_function_can_not_change_another(tmp_path):
    body = "globals()['softmax'] = None\nnp.exp = None\nreturn x"
    folder = submit(tmp_path, source(sigmoid=with_body("sigmoid", body)))
    assert graded(folder, "naiveSoftmaxLossAndGradient").points == 4


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ({"arrays": [{"dtype": "O", "shape": [1]}]}, 8),
        ({"arrays": [{"dtype": "<f8", "shape": [-1]}]}, 8),
        ({"arrays": [{"dtype": "<f8", "shape": [2**40, 2**40]}]}, 8),
        ({"arrays": [{"dtype": "V8", "shape": [1]}]}, 8),
        ({"arrays": 3}, 0),
        ([], 0),
    ],
)
def test_a_frame_that_is_none_is_refused(header, body):
    import io
    import json
    import struct

    text = json.dumps(header).encode()
    with pytest.raises((ValueError, KeyError, TypeError)):
        worker.read_frame(io.BytesIO(struct.pack("<QQ", len(text), body) + text + bytes(body)))
    with pytest.raises(ValueError, match="too long"):
        worker.read_frame(io.BytesIO(struct.pack("<QQ", 2**60, 0)))


def test_a_frame_comes_back_as_it_was_written():
    import io

    stream = io.BytesIO()
    arrays = [np.arange(6.0).reshape(2, 3), np.array(3), np.zeros((0, 2), dtype=np.float32)]
    worker.write_frame(stream, {"nonce": "x"}, arrays)
    stream.seek(0)
    header, found = worker.read_frame(stream)
    assert header["nonce"] == "x"
    for mine, theirs in zip(arrays, found, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    assert worker.read_frame(stream) is None


@pytest.mark.slow
def test_sgd_can_not_hang_the_grader_either(tmp_path):
    folder = submit(tmp_path, None, SGD.replace("loss, grad = f(x)", "while True: pass"))
    assert graded(folder, "sgd", SHORT).findings[0].kind == "time"
