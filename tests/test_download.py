"""A download is kept whole and as pinned, or nothing of it is kept."""

import contextlib
import hashlib
import http.server
import io
import socket
import threading
import time
import zipfile

import pytest

from firth import DataError, FirthError
from firth.datasets import DATASETS, Archive, DataFile, Dataset, NotAvailableError, download, fetch, locate

ONE, SPARE = b"one\n" * 10, b"spare\n"
MEMBERS = {"release/one.txt": ONE, "release/spare.txt": SPARE}


def zipped(members, **more):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **more) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with `content`; each attribute is one way to misbehave."""

    content = zipped(MEMBERS)
    announced: int | None = -1  # Content-Length, -1 for the true one and None for none
    code = 200
    location = ""
    requests = 0
    pause = 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.requests += 1
        self.send_response(self.server.code)
        if self.server.announced is not None:
            length = len(self.server.content) if self.server.announced < 0 else self.server.announced
            self.send_header("Content-Length", str(length))
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        if not self.server.pause:
            self.wfile.write(self.server.content)
            return
        with contextlib.suppress(OSError):  # the other side has given up
            for letter in self.server.content:
                self.wfile.write(bytes([letter]))
                time.sleep(self.server.pause)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch, server):
    """Register the data set "tiny", served by `server`; yield the empty cache."""
    monkeypatch.setattr(download, "SCHEMES", ("http",))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("FIRTH_DATA", raising=False)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    register(monkeypatch, server.server_port)
    return tmp_path / "cache"


def register(monkeypatch, port, size_limit=1000):
    members = (("release/one.txt", "tiny/one.txt"), ("release/spare.txt", "tiny/spare.txt"))
    archive = Archive(f"http://127.0.0.1:{port}/tiny.zip", size_limit, members)
    files = (DataFile("tiny/one.txt", len(ONE), hashlib.sha256(ONE).hexdigest()),)
    unpinned = (("tiny/spare.txt", 20),)
    monkeypatch.setitem(DATASETS, "tiny", Dataset("tiny", "", "", "", "tiny", files, unpinned, (archive,)))


def kept(cache):
    return {path.name: path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def test_the_wanted_members_are_kept_and_not_downloaded_again(cache, server):
    server.content = zipped(MEMBERS | {"release/README": b"unwanted", "../outside.txt": b"hostile"})
    told = []
    assert locate("tiny", lambda *report: told.append(report)) == cache / "data" / "tiny"
    assert kept(cache.parent) == {"one.txt": ONE, "spare.txt": SPARE}
    assert told[-1] == (len(server.content), len(server.content), "tiny.zip")
    assert locate("tiny") == fetch("tiny") == cache / "data" / "tiny"
    assert server.requests == 1


def test_fetch_replaces_a_damaged_file_of_the_cache_which_locate_only_names(cache, server):
    fetch("tiny")
    (cache / "data" / "tiny" / "one.txt").write_bytes(b"garbage")
    with pytest.raises(DataError, match=r"one\.txt is damaged .*run  firth data fetch tiny"):
        locate("tiny")
    fetch("tiny")
    assert kept(cache) == {"one.txt": ONE, "spare.txt": SPARE}


def test_a_download_that_breaks_off_is_not_kept(cache, server):
    server.announced = len(server.content) + 100
    with pytest.raises(NotAvailableError, match=r"broke off|could not be downloaded"):
        locate("tiny")
    assert kept(cache) == {}


@pytest.mark.parametrize("announced", [-1, None])
def test_more_than_the_size_limit_is_not_kept(cache, server, monkeypatch, announced):
    register(monkeypatch, server.server_port, size_limit=len(server.content) - 1)
    server.announced = announced
    with pytest.raises(DataError, match=r"sends more than .* bytes, so it is not tiny: nothing was kept"):
        locate("tiny")
    assert kept(cache) == {}


def test_a_server_that_trickles_is_not_waited_for_for_ever(cache, server, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    server.content, server.pause = b"x" * 900, 0.01
    with pytest.raises(NotAvailableError, match="sends less than 1,000 bytes a second"):
        locate("tiny")
    assert kept(cache) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(MEMBERS, compression=zipfile.ZIP_LZMA), "packed in a way that no archive of ours is"),
        (zipped(MEMBERS | {"release/one.txt": ONE[::-1]}), r"release/one\.txt of .* does not have the pinned checksum"),
        (zipped({"release/spare.txt": SPARE}), r"tiny\.zip lacks a file .*release/one\.txt"),
        (zipped(MEMBERS | {"release/one.txt": ONE + b"x"}), r"release/one\.txt unpacks to more than 40 bytes"),
        (zipped(MEMBERS | {"release/spare.txt": b"0" * 21}), r"release/spare\.txt unpacks to more than 20 bytes"),
        (b"<html>log in to this network</html>", "not a whole zip file"),
        (b"", "not a whole zip file"),
        (zipped(MEMBERS)[:-30], "not a whole zip file"),
        (zipped(MEMBERS).replace(ONE, b"x" + ONE[1:]), "not a whole zip file"),
    ],
    ids=["strange", "changed", "lacking", "larger", "unpinned-larger", "page", "empty", "cut", "flipped"],
)
def test_an_archive_that_is_not_the_pinned_one_is_not_kept(cache, server, content, message):
    server.content = content
    with pytest.raises(DataError, match=message):
        fetch("tiny")
    assert kept(cache) == {}


def test_a_small_archive_that_unpacks_to_much_is_not_unpacked(cache, server, monkeypatch):
    register(monkeypatch, server.server_port, size_limit=10_000)
    server.content = zipped(MEMBERS | {"release/one.txt": b"0" * 5_000_000}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="unpacks to more than"):
        fetch("tiny")


def test_a_changed_archive_leaves_what_was_there(cache, server):
    fetch("tiny")
    (cache / "data" / "tiny" / "one.txt").unlink()
    server.content = zipped(MEMBERS | {"release/one.txt": b"?" * 40, "release/spare.txt": b"changed"})
    with pytest.raises(DataError, match="pinned checksum"):
        fetch("tiny")
    assert kept(cache) == {"spare.txt": SPARE}


def test_a_server_that_refuses_is_named_with_its_answer_and_what_to_do(cache, server):
    server.code = 404
    with pytest.raises(NotAvailableError, match=r"tiny\.zip could not be .* \(the server answers 404\).* FIRTH_DATA"):
        locate("tiny")


def test_a_server_that_is_not_there_is_one_sentence(cache, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        register(monkeypatch, unused.getsockname()[1])
        with pytest.raises(NotAvailableError, match=r"could not be downloaded \(.+\): connect to the network"):
            locate("tiny")


def test_only_https_is_asked(cache, server, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("FIRTH_CACHE", str(cache))
    monkeypatch.delenv("FIRTH_DATA", raising=False)
    register(monkeypatch, server.server_port)
    with pytest.raises(DataError, match="is not an https address"):
        locate("tiny")
    assert server.requests == 0


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/tiny.zip", "https://127.0.0.1:9/tiny.zip"])
def test_a_redirect_to_another_scheme_is_not_followed(cache, server, location):
    server.code, server.location = 302, location
    with pytest.raises(DataError, match="is not an https address"):
        locate("tiny")
    assert kept(cache) == {}


def test_a_cache_that_can_not_be_written_to_is_told_before_the_download(cache, server):
    cache.write_text("a file where the folder should be")
    with pytest.raises(NotAvailableError, match="could not be stored when downloaded: cannot write"):
        locate("tiny")
    assert server.requests == 0


def test_a_disk_that_is_full_leaves_no_part(cache, server, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FirthError, match="No space left on device"):
        fetch("tiny")
    assert kept(cache) == {}
