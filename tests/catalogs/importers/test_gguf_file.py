"""Headers of GGUF files: what is read, what is refused, and how much of a file that takes."""

import struct
from pathlib import Path

import pytest

from catalogs.importers.gguf_file import Skipped, read_gguf
from engine.errors import FileProblemError, UnsupportedModelError
from tests.catalogs.importers.gguf_files import gguf_bytes, size_of, string, write_gguf

BASIC = {"general.architecture": "llama", "general.file_type": 15}
ROWS = [
    ("token_embd.weight", (256, 10), "Q4_K"),
    ("output_norm.weight", (256,), "F32"),
    ("blk.0.odd", (3, 5), "F32"),
]


def damaged(path: Path, metadata=BASIC, rows=ROWS, *, change=lambda data: data) -> Path:
    header, size = gguf_bytes(metadata, rows)
    path.write_bytes(change(header + b"\0" * size))
    return path


def test_a_small_file(tmp_path):
    header = read_gguf(write_gguf(tmp_path / "m.gguf", BASIC, ROWS))
    assert header.architecture == "llama"
    assert header.preset == "Q4_K_M"
    assert header.version == 3
    assert [(t.name, t.dims, t.type.name, t.size, t.padded) for t in header.tensors] == [
        ("token_embd.weight", (256, 10), "Q4_K", 1440, 1440),
        ("output_norm.weight", (256,), "F32", 1024, 1024),
        ("blk.0.odd", (3, 5), "F32", 60, 64),
    ]
    assert header.data_bytes == 1440 + 1024 + 64
    assert header.file_bytes == header.header_bytes + header.data_bytes
    assert header.elements == 2560 + 256 + 15
    assert header.types == {"Q4_K": 1440, "F32": 1088}
    assert header.complete


def test_every_type_of_value(tmp_path):
    metadata = BASIC | {
        "a.i8": ("i8", -3),
        "a.u16": ("u16", 65_535),
        "a.i64": ("i64", -(2**60)),
        "a.f64": ("f64", 0.5),
        "a.flag": True,
        "a.text": "word",
        "a.long": "x" * 5000,
        "a.list": [1, 2, 3],
        "a.flags": [True, False],
        "a.words": ["one", "two"],
        "a.none": [],
        "a.many": [0] * 9000,
    }
    found = read_gguf(write_gguf(tmp_path / "m.gguf", metadata, ROWS)).metadata
    assert found["a.i8"] == -3
    assert found["a.u16"] == 65_535
    assert found["a.i64"] == -(2**60)
    assert found["a.f64"] == 0.5
    assert found["a.flag"] is True
    assert found["a.text"] == "word"
    assert found["a.long"] == Skipped(5000)
    assert found["a.list"] == (1, 2, 3)
    assert found["a.flags"] == (True, False)
    assert found["a.words"] == Skipped(2)
    assert found["a.none"] == ()
    assert found["a.many"] == Skipped(9000)


def test_a_header_alone_is_enough(tmp_path):
    path = write_gguf(tmp_path / "m.gguf", BASIC, ROWS, data=False)
    header = read_gguf(path)
    assert not header.complete
    assert header.data_bytes == 2528


def test_version_2_and_another_alignment(tmp_path):
    header = read_gguf(write_gguf(tmp_path / "m.gguf", BASIC | {"general.alignment": 64}, ROWS, version=2))
    assert header.version == 2
    assert [t.padded for t in header.tensors] == [1472, 1024, 64]


# --- split models -------------------------------------------------------------------------------------------------


def shards(folder: Path, count: int = 3, *, first: dict = BASIC) -> list[Path]:
    paths = []
    for number in range(count):
        metadata = {"split.no": ("u16", number), "split.count": ("u16", count), "split.tensors.count": ("i32", count)}
        path = folder / f"big-{number + 1:05}-of-{count:05}.gguf"
        rows = [(f"blk.{number}.attn_norm.weight", (256,), "F32")]
        paths.append(write_gguf(path, (first if number == 0 else {}) | metadata, rows))
    return paths


@pytest.mark.parametrize("given", [0, 2])
def test_all_files_of_a_split_model_are_read(tmp_path, given):
    header = read_gguf(shards(tmp_path)[given])
    assert header.files == 3
    assert header.architecture == "llama"
    assert [t.name for t in header.tensors] == [f"blk.{i}.attn_norm.weight" for i in range(3)]
    assert header.data_bytes == 3 * 1024


def test_a_missing_or_wrong_part_is_named(tmp_path):
    paths = shards(tmp_path)
    paths[1].unlink()
    with pytest.raises(FileProblemError, match=r"big-00002-of-00003\.gguf: no such file"):
        read_gguf(paths[0])
    paths[0].with_name("other.gguf").write_bytes(paths[0].read_bytes())
    with pytest.raises(FileProblemError, match="its name does not say which"):
        read_gguf(tmp_path / "other.gguf")
    paths[1].write_bytes(paths[2].read_bytes())
    with pytest.raises(FileProblemError, match="does not say that it is file 2 of 3"):
        read_gguf(paths[0])


# --- refusals -----------------------------------------------------------------------------------------------------


def patched(at: int, data: bytes):
    return lambda whole: whole[:at] + data + whole[at + len(data) :]


HUGE = struct.pack("<Q", 2**62)

DAMAGED = [
    (patched(0, b"GGML"), "is no GGUF file"),
    (patched(4, struct.pack("<I", 1)), "is GGUF version 1; known are 2 and 3"),
    (patched(4, struct.pack(">I", 3)), "big-endian"),
    (patched(8, HUGE), "more than any model has"),
    (patched(16, HUGE), "more than any model has"),
    (patched(24, HUGE), "a key is 4,611,686,018,427,387,904 bytes long"),
    (lambda data: data[:3], "ends in the middle of its header"),
    (lambda data: data[:60], "ends in the middle of its header"),
    (lambda data: data[:0], "ends in the middle of its header"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED)
def test_damaged_files(tmp_path, change, message):
    with pytest.raises(FileProblemError, match=message) as caught:
        read_gguf(damaged(tmp_path / "m.gguf", change=change))
    assert "\n" not in str(caught.value)


def replaced(old: bytes, new: bytes):
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return change


def test_duplicates_are_refused(tmp_path):
    two = {"aaaa.key": 1, "bbbb.key": 2}
    with pytest.raises(FileProblemError, match=r"has the key 'aaaa\.key' twice"):
        read_gguf(damaged(tmp_path / "k.gguf", two, change=replaced(b"bbbb.key", b"aaaa.key")))
    rows = [("aaaa", (4,), "F32"), ("bbbb", (4,), "F32")]
    with pytest.raises(FileProblemError, match="has the tensor 'aaaa' twice"):
        read_gguf(damaged(tmp_path / "t.gguf", {}, rows, change=replaced(b"bbbb", b"aaaa")))


def test_lists_of_lists_are_refused(tmp_path):
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IIQ", 9, 9, 1)
    (tmp_path / "m.gguf").write_bytes(data)
    with pytest.raises(FileProblemError, match="is a list of lists"):
        read_gguf(tmp_path / "m.gguf")


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (struct.pack("<I", 0), "has 0 dimensions"),
        (struct.pack("<I", 9), "has 9 dimensions"),
        (struct.pack("<IQ", 1, 0) + struct.pack("<IQ", 0, 0), "a size that no tensor has"),
        (struct.pack("<IQQ", 2, 2**39, 2**39) + struct.pack("<IQ", 0, 0), "a size that no tensor has"),
        (struct.pack("<IQ", 1, 100) + struct.pack("<IQ", 12, 0), "rows of 100 do not divide into blocks of 256"),
        (struct.pack("<IQ", 1, 4) + struct.pack("<IQ", 0, 32), "begins at 32 of the data, not at 0"),
    ],
)
def test_tensors_that_make_no_sense(tmp_path, tail, message):
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + string("t") + tail + b"\0" * 100)
    with pytest.raises(FileProblemError, match=message):
        read_gguf(tmp_path / "m.gguf")


@pytest.mark.parametrize(("number", "message"), [(99, "unknown type 99"), (31, "type Q4_0_4_4, which llama.cpp has")])
def test_unknown_types_are_refused_by_name(tmp_path, number, message):
    tail = struct.pack("<IQ", 1, 256) + struct.pack("<IQ", number, 0)
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + string("t") + tail)
    with pytest.raises(UnsupportedModelError, match=message):
        read_gguf(tmp_path / "m.gguf")


@pytest.mark.parametrize("alignment", [0, 3, 2**30, True])
def test_alignment_is_a_power_of_two(tmp_path, alignment):
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("general.alignment")
    data += struct.pack("<I?", 7, True) if alignment is True else struct.pack("<II", 4, alignment)
    (tmp_path / "m.gguf").write_bytes(data)
    with pytest.raises(FileProblemError, match="is no power of two"):
        read_gguf(tmp_path / "m.gguf")


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FileProblemError, match="is a folder"):
        read_gguf(tmp_path)
    with pytest.raises(FileProblemError, match="no such file"):
        read_gguf(tmp_path / "none.gguf")


# --- bounds -------------------------------------------------------------------------------------------------------


def test_a_real_vocabulary_and_two_thousand_tensors(tmp_path):
    metadata = BASIC | {
        "tokenizer.ggml.tokens": [f"token{i}" for i in range(150_000)],
        "tokenizer.ggml.scores": [float(i) for i in range(1000)] * 150,
        "tokenizer.ggml.merges": [f"a{i} b" for i in range(280_000)],
    }
    rows = [(f"blk.{i}.ffn_down.weight", (4096, 4096), "Q4_K") for i in range(2000)]
    path = write_gguf(tmp_path / "m.gguf", metadata, rows)
    header = read_gguf(path)
    assert len(header.tensors) == 2000
    assert header.metadata["tokenizer.ggml.merges"] == Skipped(280_000)
    assert header.data_bytes == 2000 * size_of((4096, 4096), "Q4_K")


@pytest.mark.parametrize("kind", [0, 8, 10])
def test_no_count_of_a_file_is_believed(tmp_path, kind):
    """A list that claims 2^60 elements: refused after what the limit allows, in a file with a hole of 200 MB."""
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IIQ", 9, kind, 2**60)
    path = tmp_path / "m.gguf"
    with path.open("wb") as stream:
        stream.write(data)
        stream.truncate(200_000_000)
    with pytest.raises(FileProblemError, match=r"is longer than|strings"):
        read_gguf(path)


def test_as_many_strings_as_are_read(tmp_path):
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IIQ", 9, 8, 4_000_000)
    path = tmp_path / "m.gguf"
    with path.open("wb") as stream:
        stream.write(data)
        stream.truncate(100_000_000)
    assert read_gguf(path).metadata["k"] == Skipped(4_000_000)


def test_a_text_of_a_hundred_megabytes_is_refused(tmp_path):
    data = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("k") + struct.pack("<IQ", 8, 100_000_000)
    path = tmp_path / "m.gguf"
    with path.open("wb") as stream:
        stream.write(data)
        stream.truncate(200_000_000)
    with pytest.raises(FileProblemError, match="is longer than"):
        read_gguf(path)
