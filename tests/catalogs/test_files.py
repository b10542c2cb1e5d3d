"""Bounds of reading, and a writer that is killed between any two steps."""

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from catalogs.files import read_text, read_toml, write_text_atomic
from engine.errors import FileProblemError


def refusal(function, *arguments, **options):
    with pytest.raises(FileProblemError) as caught:
        function(*arguments, **options)
    assert caught.value.field == os.fspath(arguments[0])
    assert "\n" not in caught.value.message
    return caught.value.message


def test_reads_text_and_drops_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfname = '\xc3\xa9'\n")
    assert read_text(path) == "name = 'é'\n"
    assert read_toml(str(path)) == {"name": "é"}


def test_refuses_what_is_no_readable_file(tmp_path):
    assert refusal(read_text, tmp_path / "none.toml") == "no such file or folder"
    assert refusal(read_text, tmp_path) == "is a folder, not a file"
    assert refusal(read_text, "/dev/zero") == "is not a regular file"
    assert refusal(read_text, "") == "no such file or folder"
    assert refusal(read_text, "a\0b") == "is no possible file name"
    assert refusal(read_text, tmp_path / ("x" * 300)) == "the name is too long"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert refusal(read_text, fifo) == "is not a regular file"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refusal(read_text, loop) == "its symbolic links go round in circles"
    (tmp_path / "file").write_text("")
    assert refusal(read_text, tmp_path / "file" / "inner") == "a part of the path is not a folder"


def test_refuses_a_file_without_permission(tmp_path, monkeypatch):
    path = tmp_path / "secret.toml"
    path.write_text("a = 1")

    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    # not by its mode, which does not stop root
    monkeypatch.setattr(os, "open", refuse)
    assert refusal(read_text, path) == "no permission"


def test_refuses_a_large_file(tmp_path):
    path = tmp_path / "large.toml"
    path.write_text("x" * 11)
    assert read_text(path, limit_bytes=11) == "x" * 11
    assert refusal(read_text, path, limit_bytes=10) == "is larger than the 10 bytes that are read"


def test_a_file_that_does_not_tell_its_size_is_bounded_too():
    # files of /proc have size 0 and content
    assert refusal(read_text, "/proc/self/status", limit_bytes=10).startswith("is larger")


def test_refuses_what_is_not_utf8(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b"caf\xe9")
    assert refusal(read_text, path) == "is not UTF-8 text: byte 3 is wrong"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = ", "is not valid TOML: Invalid value (at end of document)"),
        ("a = 1\na = 2\n", "line 2"),
        ("a = " + "9" * 5000, "is not valid TOML"),
        ("a = " + "[" * 100_000, "is nested too deeply"),
    ],
    ids=["cut", "twice", "digits", "deep"],
)
def test_refuses_what_is_not_toml(tmp_path, text, said):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert said in refusal(read_toml, path)


def test_writes_a_new_file_with_the_usual_mode(tmp_path):
    before = os.umask(0o027)
    try:
        write_text_atomic(tmp_path / "a.toml", "é")
    finally:
        os.umask(before)
    assert (tmp_path / "a.toml").read_bytes() == "é".encode()
    assert stat.S_IMODE((tmp_path / "a.toml").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.toml"]


def test_keeps_the_mode_and_follows_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.toml"
    target.write_text("old")
    target.chmod(0o604)
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    write_text_atomic(str(link), "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604
    assert sorted(os.listdir(tmp_path)) == ["link.toml", "real"]


def test_refuses_targets_that_cannot_be_replaced(tmp_path):
    assert refusal(write_text_atomic, tmp_path, "x") == "is a folder, not a file"
    assert refusal(write_text_atomic, tmp_path / "none" / "a", "x") == "no such file or folder"
    assert refusal(write_text_atomic, "/dev/null", "x") == "is not a regular file"
    assert refusal(write_text_atomic, tmp_path / "a", "\ud800").startswith("cannot hold this text")
    assert os.listdir(tmp_path) == []


def test_refuses_a_file_that_is_marked_read_only(tmp_path, monkeypatch):
    path = tmp_path / "a.toml"
    path.write_text("old")
    path.chmod(0o444)
    # what anyone but root is told
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    assert refusal(write_text_atomic, path, "new") == "no permission"
    assert path.read_text() == "old"


@pytest.mark.parametrize("step", ["write", "fsync", "fchmod", "replace"])
def test_a_failing_step_keeps_the_old_file_and_leaves_nothing(tmp_path, monkeypatch, step):
    path = tmp_path / "a.toml"
    path.write_text("old")

    def fail(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    assert refusal(write_text_atomic, path, "new") == "no space left on the disk"
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.toml"]


KILLED = '''
"""Write in children that are killed before their n-th step, for every n; print what each left."""
import json, os, sys
from pathlib import Path
from catalogs.files import write_text_atomic

folder, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
target = folder / "a.toml"
STEPS = ("stat", "open", "fchmod", "write", "fsync", "close", "replace")
passed = 0

def counted(step, limit):
    def call(*arguments, **options):
        global passed
        if passed == limit:
            os._exit(9)
        passed += 1
        if step is os_write:
            # in small pieces, to be killed between them
            return step(arguments[0], bytes(arguments[1][:7]))
        return step(*arguments, **options)
    return call

os_write = os.write
left = []
for limit in range(1000):
    target.write_text(old)
    target.chmod(0o640)
    child = os.fork()
    if child == 0:
        for name in STEPS:
            setattr(os, name, counted(getattr(os, name), limit))
        write_text_atomic(target, new)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    others = sorted(set(os.listdir(folder)) - {"a.toml"})
    mode = oct(target.stat().st_mode & 0o777)
    left.append([os.waitstatus_to_exitcode(status), target.read_text(), mode, others])
    for name in others:
        (folder / name).unlink()
    if status == 0:
        break
print(json.dumps(left))
'''


def test_killed_at_any_step_leaves_one_whole_file(tmp_path):
    old, new = "old " * 10, "new " * 20
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(tmp_path), old, new]
    done = subprocess.run(
        command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, check=True
    )
    left = json.loads(done.stdout)
    assert len(left) > 15
    assert [code for code, *_ in left] == [9] * (len(left) - 1) + [0]
    contents = [content for _, content, _, _ in left]
    assert set(contents) == {old, new}
    assert contents == sorted(contents, reverse=True)  # from one step on it is the new one
    for _, _, mode, others in left:
        assert mode == "0o640"
        assert len(others) <= 1
        assert all(name.startswith(".whatfits-") and name.endswith(".tmp") for name in others)
    assert left[-1][3] == []
