"""Zips that are what they should be, and zips that are traps; memory and time stay small."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from catalogs import archive
from catalogs.archive import is_zip, member_lines, text_lines
from engine.errors import FileProblemError


def packed(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in members:
            made.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, data, compress_type=method)
    return out.getvalue()


def lines(data):
    name, found = member_lines(data, suffix=".csv", where="here")
    return name, list(found)


def test_one_file_line_by_line():
    data = packed(("aws.csv", "a,b\n1,2\n"))
    assert is_zip(data)
    assert lines(data) == ("aws.csv", ["a,b\n", "1,2\n"])
    assert not is_zip(b"a,b\n")


@pytest.mark.parametrize(
    "name", ["../aws.csv", "/etc/aws.csv", "a/aws.csv", "..\\aws.csv", "c:aws.csv", ".aws.csv", "a\x00.csv"]
)
def test_no_paths(name):
    data = packed(("xxxxxxxxxxxxxxxx.csv", "a\n"))
    padded = name + "x" * (len("xxxxxxxxxxxxxxxx.csv") - len(name) - 4) + ".csv"
    hostile = data.replace(b"xxxxxxxxxxxxxxxx.csv", padded.encode())
    with pytest.raises(FileProblemError, match="a path in its name"):
        lines(hostile)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed(("a.csv", "1"), ("b.csv", "2")), "must hold one file, holds 2"),
        (packed(), "must hold one file, holds 0"),
        (packed(("a.exe", "1")), r"must hold a file \*\.csv, holds 'a.exe'"),
        (packed(("a.csv", "1"))[:-5], "its end is missing"),
        (b"PK\x03\x04" + b"\x00" * 100, "its end is missing"),
        (packed(("a.csv", b"\xff\xfe\xfd\n")), "is not UTF-8 text"),
        (packed(("a.csv", "x" * 70_000)), "a line of more than 65,536 characters"),
    ],
)
def test_what_is_refused(data, said):
    with pytest.raises(FileProblemError, match=said):
        lines(data)


def test_a_bomb_is_stopped_early():
    bomb = packed(("a.csv", (b"0" * 60_000 + b"\n") * 1_300))  # 78 MB in 80 kB
    tracemalloc.start()
    with pytest.raises(FileProblemError, match="unpacks to more than"):
        for _ in member_lines(bomb, suffix=".csv", where="here")[1]:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_size_that_lies(monkeypatch):
    monkeypatch.setattr(archive, "LIMIT_BYTES", 1_000)
    with pytest.raises(FileProblemError, match="unpacks to 5,000 bytes, more than the 1,000 allowed"):
        lines(packed(("a.csv", "0123456789" * 500)))
    # the directory says 10 bytes, the data are 5,000
    data = packed(("a.csv", "0\n" * 2_500), method=zipfile.ZIP_STORED)
    size = struct.pack("<L", 5_000)
    start = data.rfind(b"PK\x01\x02")
    lying = data[:start] + data[start:].replace(size * 2, size + struct.pack("<L", 10))
    with pytest.raises(FileProblemError, match=r"damaged|more than"):
        lines(lying)


def test_a_table_of_contents_that_is_huge_is_not_read():
    data = bytearray(packed(("a.csv", "1\n")))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<L", data, end + 12, 2**31)
    with pytest.raises(FileProblemError, match="a table of contents of 2,147,483,648 bytes"):
        lines(bytes(data))


def test_encrypted_and_unknown_methods():
    data = bytearray(packed(("a.csv", "1\n")))
    at = data.rfind(b"PK\x01\x02")
    locked = bytearray(data)
    struct.pack_into("<H", locked, at + 8, 1)
    with pytest.raises(FileProblemError, match="is encrypted"):
        lines(bytes(locked))
    odd = bytearray(data)
    struct.pack_into("<H", odd, at + 10, 99)
    with pytest.raises(FileProblemError, match=r"here: is (damaged|no zip)"):
        lines(bytes(odd))


def test_damaged_data():
    data = packed(("a.csv", "hello,world\n" * 50))
    for place in range(30, len(data) - 60, 7):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        try:
            lines(bytes(broken))
        except FileProblemError:
            continue


def test_plain_text_drops_a_byte_order_mark():
    assert list(text_lines(io.BytesIO(b"\xef\xbb\xbfa,b\r\n1"), "here")) == ["a,b\r\n", "1"]
