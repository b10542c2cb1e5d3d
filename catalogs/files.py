"""Reading and writing of files, with bounds: no endless device, no huge file, no half-written result."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import FileProblemError, WhatfitsError

LIMIT_BYTES = 5_000_000
"""Largest text file that is read [byte]: far above any scenario, catalog or model config."""


def read_text(path: str | os.PathLike[str], *, limit_bytes: int = LIMIT_BYTES) -> str:
    """The text of a regular UTF-8 file; a byte order mark is dropped.

    Raises `FileProblemError`, whose field is the path as given, for whatever is not such a file of at most
    `limit_bytes` [byte]. Never waits for a pipe or a device.
    """
    shown = os.fspath(path)
    with open_regular(path) as (stream, size):
        # one byte more than allowed tells a file that grew, or whose size is not told, from one that fits
        data = b"" if size > limit_bytes else stream.read(limit_bytes + 1)
    if size > limit_bytes or len(data) > limit_bytes:
        raise FileProblemError(shown, f"is larger than the {limit_bytes:,} bytes that are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblemError(shown, f"is not UTF-8 text: byte {error.start} is wrong") from error


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file to read bytes from, with its size [byte], while the context lasts.

    Raises `FileProblemError` as `read_text` does, also for what goes wrong while the context reads.
    """
    shown = os.fspath(path)
    with _told(shown):
        # looked at before it is opened, because opening a device can already do something
        _require_regular(os.stat(path).st_mode, shown)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            _require_regular(status.st_mode, shown)
            yield stream, status.st_size


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """Whatever the system says of a file, as one of our errors."""
    try:
        yield
    except OSError as error:
        raise _problem(shown, error) from error
    except ValueError as error:
        if isinstance(error, WhatfitsError):
            raise
        raise FileProblemError(shown, "is no possible file name") from error


def read_toml(path: str | os.PathLike[str], *, limit_bytes: int = LIMIT_BYTES) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises `FileProblemError` as `read_text` does, and with line and column for text that is not TOML.
    """
    # a run that reads no file need not load the parser
    import tomllib

    text = read_text(path, limit_bytes=limit_bytes)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise FileProblemError(os.fspath(path), "is nested too deeply") from error
    except ValueError as error:
        # not only TOMLDecodeError: a number of thousands of digits is a plain ValueError
        raise FileProblemError(os.fspath(path), f"is not valid TOML: {error}") from error


def write_text_atomic(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 file so that at any moment either the old or the new content is there, whole.

    The text goes to a temporary file in the same folder, to disk, and then over the target in one step. An
    existing file keeps its mode; a symbolic link is followed. Raises `FileProblemError`; no temporary file is
    then left.
    """
    shown = os.fspath(path)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise FileProblemError(shown, "cannot hold this text: it has characters outside Unicode") from error
    with _told(shown):
        target = Path(os.path.realpath(path))
        _replace(target, data, _mode_of(target, shown))
        _sync_folder(target.parent)


def _mode_of(target: Path, shown: str) -> int | None:
    """Permission bits of an existing file that may be replaced; None if there is none yet."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    _require_regular(mode, shown)
    # a rename needs no right on the file itself, so a file that is marked read-only would be lost
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(mode)


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    temporary = target.with_name(f".whatfits-{secrets.token_hex(8)}.tmp")
    # created with the usual mode, so that the umask counts for a new file
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            if mode is not None:
                os.fchmod(descriptor, mode)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network file systems cannot sync a folder; the rename itself is done
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _require_regular(mode: int, shown: str) -> None:
    if stat.S_ISDIR(mode):
        raise FileProblemError(shown, "is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise FileProblemError(shown, "is not a regular file")


def _problem(shown: str, error: OSError) -> FileProblemError:
    messages = {
        errno.ENOENT: "no such file or folder",
        errno.EACCES: "no permission",
        errno.EPERM: "no permission",
        errno.ENOTDIR: "a part of the path is not a folder",
        errno.ELOOP: "its symbolic links go round in circles",
        errno.ENAMETOOLONG: "the name is too long",
        errno.ENOSPC: "no space left on the disk",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the disk is read-only",
    }
    usual = os.strerror(error.errno).lower() if error.errno else "cannot be used"
    return FileProblemError(shown, messages.get(error.errno or 0, usual))
