"""Download over https: the members that are asked for come out of the archive, checked, and are written whole.

Nothing that the archive says about paths is used, so no member can land outside the data folder. Sizes are bounded
before anything is unpacked, and every file is checked before the first is written.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from email.message import Message
from pathlib import Path
from typing import IO

from firth.datasets.places import NotAvailableError
from firth.datasets.registry import Archive, Dataset
from firth.errors import DataError
from firth.files import make_folder, write_whole
from firth.progress import Report, silent

SCHEMES = ("https",)
TIMEOUT = 10.0
"""Seconds to wait for a connection, and for each piece after it."""
PATIENCE, SLOWEST = 60.0, 1_000
"""After so many seconds, a server must have sent so many bytes a second."""

_PIECE = 1 << 16


class _SameSchemeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _demand_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def download_archive(dataset: Dataset, archive: Archive, root: Path, report: Report = silent) -> None:
    """Download a zip file and put its members into the data folder.

    Parameters
    ----------
    dataset
        Whose archive it is; holds the pinned sizes and checksums.
    archive
        URL and wanted members.
    root
        The data folder.
    report
        Told the bytes received, and how many there will be.

    Raises
    ------
    NotAvailableError
        The server can't be reached, refuses, or breaks off.
    DataError
        What came is not what is pinned: too large, no zip file, a member missing or changed. Nothing is written.
    FirthError
        The folder can't be written to.
    """
    received = _download(archive.url, archive.size_limit, dataset.name, report)
    contents = _take_members(received, dataset, archive)
    for path, content in contents.items():
        target = root / path
        make_folder(target.parent)
        write_whole(target, content)


def _download(url: str, size_limit: int, name: str, report: Report) -> bytes:
    _demand_scheme(url)
    opener = urllib.request.build_opener(_SameSchemeRedirects())
    pieces: list[bytes] = []
    done = 0
    note = url.rpartition("/")[2]
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "firth"})  # noqa: S310  (scheme checked above)
        with opener.open(request, timeout=TIMEOUT) as response:
            total = int(response.headers.get("Content-Length") or 0)
            started = time.monotonic()
            while piece := response.read1(_PIECE):
                pieces.append(piece)
                done += len(piece)
                if max(done, total) > size_limit:
                    raise DataError(
                        f"{url} sends more than {size_limit:,} bytes, so it is not {name}: nothing was kept"
                    )
                waited = time.monotonic() - started
                if waited > PATIENCE and done < waited * SLOWEST:
                    raise TimeoutError(f"it sends less than {SLOWEST:,} bytes a second")
                report(done, total, note)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotAvailableError(
            f"{name} is not here and {url} could not be downloaded ({_reason(error)}): connect to the network, or put "
            f"the files into the folder {name} of the folder that FIRTH_DATA names"
        ) from error
    if done < total:
        raise NotAvailableError(
            f"{name} is not here and the download of {url} broke off after {done:,} of {total:,} bytes: try again"
        )
    return b"".join(pieces)


def _take_members(received: bytes, dataset: Dataset, archive: Archive) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    limits = {file.path: file.size for file in dataset.files} | dict(dataset.unpinned)
    checksums = {file.path: file.sha256 for file in dataset.files}
    try:
        with zipfile.ZipFile(io.BytesIO(received)) as unpacked:
            for member, path in archive.members:
                content = _take_member(unpacked, member, limits[path])
                if path in checksums and hashlib.sha256(content).hexdigest() != checksums[path]:
                    raise DataError(f"{member} of {archive.url} does not have the pinned checksum: nothing was kept")
                contents[path] = content
    except KeyError as error:
        raise DataError(f"{archive.url} lacks a file ({error.args[0]}): nothing was kept") from error
    except DataError:
        raise
    except Exception as error:  # of a damaged archive, zipfile raises nearly any
        raise DataError(f"{archive.url} is not a whole zip file ({error}): nothing was kept, try again") from error
    return contents


def _take_member(unpacked: zipfile.ZipFile, member: str, limit: int) -> bytes:
    if unpacked.getinfo(member).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The other ways of packing let an archive ask for gigabytes of memory before a byte is unpacked.
        raise DataError(f"{member} is packed in a way that no archive of ours is: nothing was kept")
    with unpacked.open(member) as stream:
        content = stream.read(limit + 1)  # a header may lie about the size
    if len(content) > limit:
        raise DataError(f"{member} unpacks to more than {limit:,} bytes, so it is not what is pinned: nothing was kept")
    return content


def _demand_scheme(url: str) -> None:
    if urllib.parse.urlsplit(url).scheme not in SCHEMES:
        raise DataError(f"{url} is not an https address: data is downloaded over https alone")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "its certificate can't be verified"
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__
