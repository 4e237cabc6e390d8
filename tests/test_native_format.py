"""The native file: what is saved comes back, and every damaged or foreign file is named in one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from firth.errors import DataError, FirthError, OptionError
from firth.vectors import Vectors
from firth.vectors.native import to_bytes


def example(outside: bool = True) -> Vectors:
    rng = np.random.default_rng(5)
    words = ["king", "reine", "naïve", "王", "🌧", "a b", "..."]
    matrix = rng.normal(size=(len(words), 3)).astype(np.float32)
    return Vectors(words, matrix, range(7, 0, -1), -matrix if outside else None, {"seed": 7, "name": "é", "x": [0.1]})


def read(path, content: bytes) -> Vectors:
    """Everything is checked, as nothing but a question would check it otherwise."""
    path.write_bytes(content)
    return Vectors.load(path, verify=True)


def assert_same(a: Vectors, b: Vectors) -> None:
    assert a.words == b.words
    assert a.settings == b.settings
    assert a.counts.tolist() == b.counts.tolist()
    assert a.matrix.tobytes() == b.matrix.tobytes()
    assert a.matrix.shape == b.matrix.shape
    assert (a.outside is None) == (b.outside is None)
    assert a.outside is None or a.outside.tobytes() == b.outside.tobytes()


@pytest.mark.parametrize("outside", [True, False])
def test_what_is_saved_comes_back(tmp_path, outside):
    vectors = example(outside)
    vectors.save(tmp_path / "v.safetensors")
    loaded = Vectors.load(str(tmp_path / "v.safetensors"))
    assert_same(vectors, loaded)
    assert loaded.matrix.dtype == np.float32
    assert loaded.counts.dtype == np.int64


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True))
@settings(max_examples=50)
def test_any_words_come_back(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("v") / "v.safetensors"
    vectors = Vectors(words, np.ones((len(words), 2)), settings={"words": words})
    vectors.save(path)
    assert_same(vectors, Vectors.load(path))


def test_equal_content_gives_equal_bytes():
    vectors = example()
    shuffled = Vectors(
        vectors.words,
        np.asfortranarray(vectors.matrix),
        vectors.counts,
        vectors.outside,
        dict(reversed(vectors.settings.items())),
    )
    content = to_bytes(vectors)
    assert content == to_bytes(shuffled)
    assert hashlib.sha256(content).hexdigest() == PINNED


PINNED = "99a174d89afe3b136ad7521395988b944272fc09a68e87b451f807cd17b29e9a"


def test_the_file_is_what_the_specification_says():
    vectors = example()
    content = to_bytes(vectors)
    tensors = from_safetensors(content)
    assert sorted(tensors) == ["center", "counts", "outside", "word_ends", "words"]
    assert bytes(tensors["words"]).decode() == "".join(vectors.words)
    assert tensors["word_ends"][-1] == len(tensors["words"])
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    digest = hashlib.sha256(metadata["settings"].encode() + b"\n")
    for name, dtype, shape in [
        ("counts", "I64", "7"),
        ("word_ends", "I64", "7"),
        ("center", "F32", "7 3"),
        ("outside", "F32", "7 3"),
        ("words", "U8", str(len(tensors["words"]))),
    ]:
        digest.update(f"{name} {dtype} {shape}\n".encode() + tensors[name].tobytes())
    assert metadata["sha256"] == digest.hexdigest()


def test_every_truncation_is_detected(tmp_path):
    content = to_bytes(example())
    for size in range(len(content)):
        with pytest.raises(DataError, match=r"v\.safetensors"):
            read(tmp_path / "v.safetensors", content[:size])


def test_every_flipped_bit_is_detected(tmp_path):
    content = to_bytes(example())
    for position in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(DataError, match=r"v\.safetensors"):
            read(tmp_path / "v.safetensors", bytes(damaged))


def test_bytes_added_at_the_end_are_detected(tmp_path):
    with pytest.raises(DataError, match="damaged"):
        read(tmp_path / "v.safetensors", to_bytes(example()) + b"\0")


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_garbage_is_refused(tmp_path_factory, garbage):
    with pytest.raises(DataError):
        read(tmp_path_factory.mktemp("v") / "v.safetensors", garbage)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("content", [{"king": [1.0]}, ["king"], np.ones((3, 2)), example().settings])
def test_a_pickle_is_never_opened_and_says_what_to_do(tmp_path, content, protocol):
    with pytest.raises(DataError, match=r"pickle.*never opened; .* tool that wrote it") as caught:
        read(tmp_path / "v.safetensors", pickle.dumps(content, protocol))
    assert isinstance(caught.value, ValueError)


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (npz(), "pickle"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"\n <html>", "web page"),
        (b"cat\ndog\n", "no file of vectors that Firth knows"),
        (to_safetensors({"weight": np.ones(3)}), "not of word vectors"),
        (to_safetensors({"weight": np.ones(3)}, {"format": "pt"}), "not of word vectors"),
        (to_safetensors({"a": np.ones(3)}, {"format": "firth-vectors", "version": "2"}), "version '2'.*upgrade"),
    ],
)
def test_another_kind_of_file_is_named_in_one_sentence(tmp_path, content, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        read(tmp_path / "v.safetensors", content)
    assert "\n" not in str(caught.value)
    assert "v.safetensors" in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*absent"):
        Vectors.load(tmp_path / "absent")
    with pytest.raises(DataError, match="cannot read"):
        Vectors.load(tmp_path)


def forged(**changed) -> bytes:
    """A file whose checksum is right and whose content breaks a rule."""
    tensors = {
        "counts": np.array([2, 1]),
        "word_ends": np.array([1, 2]),
        "center": np.ones((2, 2), dtype=np.float32),
        "words": np.frombuffer(b"ab", dtype=np.uint8),
    }
    options = changed.pop("settings", "{}")
    tensors |= changed
    names = {"int64": "I64", "float32": "F32", "float64": "F64", "uint8": "U8", "int32": "I32"}
    digest = hashlib.sha256(options.encode() + b"\n")
    for name, tensor in tensors.items():
        sizes = " ".join(map(str, tensor.shape))
        digest.update(f"{name} {names[str(tensor.dtype)]} {sizes}\n".encode() + tensor.tobytes())
    metadata = {"format": "firth-vectors", "version": "1", "settings": options, "sha256": digest.hexdigest()}
    return to_safetensors(tensors, metadata)


def test_a_file_written_by_another_writer_is_read(tmp_path):
    assert read(tmp_path / "v.safetensors", forged()).words == ["a", "b"]


@pytest.mark.parametrize(
    "changed",
    [
        {"counts": np.array([2, -1])},
        {"counts": np.array([2, 1], dtype=np.int32)},
        {"counts": np.array([2, 1, 0])},
        {"counts": np.array([[2, 1]])},
        {"word_ends": np.array([2, 1])},
        {"word_ends": np.array([0, 2])},
        {"word_ends": np.array([1, 3])},
        {"word_ends": np.array([-1, 2])},
        {"center": np.ones((2, 2))},
        {"center": np.ones((3, 2), dtype=np.float32)},
        {"center": np.ones((2, 0), dtype=np.float32)},
        {"center": np.full((2, 2), np.nan, dtype=np.float32)},
        {"words": np.frombuffer(b"aa", dtype=np.uint8)},
        {"words": np.frombuffer(b"a\xff", dtype=np.uint8)},
        {"outside": np.ones((2, 3), dtype=np.float32)},
        {"more": np.ones((2, 2), dtype=np.float32)},
        {"settings": "[]"},
        {"settings": "{"},
        {"settings": "[" * 200_000},
        {"settings": '{"a": NaN}'},
        {"settings": '{"a": 1e999}'},
        {"settings": '{"a": "\\ud800"}'},
    ],
)
def test_a_forged_file_with_a_right_checksum_is_still_refused(tmp_path, changed):
    with pytest.raises(DataError, match=r"v\.safetensors is damaged"):
        read(tmp_path / "v.safetensors", forged(**changed))


def stored(tmp_path, dtype, matrix):
    matrix = np.asarray(matrix, dtype=np.float32)
    vectors = Vectors([f"w{row}" for row in range(len(matrix))], matrix, outside=-matrix)
    vectors.save(tmp_path / "v.safetensors", dtype=dtype)
    return Vectors.load(tmp_path / "v.safetensors", verify=True)


@given(
    st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1)
)
@settings(max_examples=100)
def test_any_float32_comes_back_to_the_bit_and_int8_within_half_a_step(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("v")
    matrix = np.array(rows, dtype=np.float32)
    assert stored(folder, "float32", matrix).matrix.tobytes() == matrix.tobytes()
    loaded = stored(folder, "int8", matrix)
    step = np.abs(matrix.astype(np.float64)).max(axis=1, keepdims=True) / 127
    assert (np.abs(loaded.matrix - matrix.astype(np.float64)) <= 0.5001 * step + 1e-43).all()
    assert (loaded.outside == -loaded.matrix).all()


def test_float16_is_numpys_float16(tmp_path):
    matrix = np.random.default_rng(1).normal(size=(20, 5)).astype(np.float32)
    loaded = stored(tmp_path, "float16", matrix)
    assert (loaded.matrix == matrix.astype(np.float16)).all()
    assert loaded.dtype == "float16"
    assert loaded["w3"].dtype == np.float32
    assert loaded.most_similar("w3") == Vectors(loaded.words, loaded.matrix).most_similar("w3")
    with pytest.raises(OptionError, match="up to 65,504 and here is 70000"):
        stored(tmp_path, "float16", [[7e4]])
    with pytest.raises(OptionError, match="float32, float16, int8"):
        stored(tmp_path, "float64", [[1.0]])


@pytest.mark.parametrize(("dtype", "bytes_a_number"), [("float32", 4), ("float16", 2), ("int8", 1)])
def test_what_is_stored_is_as_large_as_promised_and_aligned(tmp_path, dtype, bytes_a_number):
    loaded = stored(tmp_path, dtype, np.ones((1000, 64)))
    size = (tmp_path / "v.safetensors").stat().st_size
    assert size < 2 * 64_000 * bytes_a_number + 1000 * (8 + 8 + 4 + 8) + 2000
    assert loaded._center.stored.flags.aligned


def test_opening_reads_neither_words_nor_numbers(tmp_path):
    """What is wrong with them is said when they are asked for; a file is opened for its structure alone."""
    path = tmp_path / "v.safetensors"
    path.write_bytes(forged(words=np.frombuffer(b"aa", dtype=np.uint8)))
    vectors = Vectors.load(path)
    assert len(vectors) == 2
    with pytest.raises(DataError, match=r"v\.safetensors is damaged: the word 'a' is there twice"):
        _ = vectors.words
    path.write_bytes(forged(center=np.array([[1, 2], [np.inf, 3]], dtype=np.float32)))
    vectors = Vectors.load(path)
    assert vectors["a"].tolist() == [1, 2]
    for ask in (
        lambda: vectors["b"],
        lambda: vectors.similarity("a", "b"),
        lambda: vectors.sentence_vectors(["a b"]),
        lambda: vectors.most_similar("a"),
        lambda: vectors.matrix,
        lambda: vectors.save(tmp_path / "v.txt"),
        lambda: vectors.save(tmp_path / "w.safetensors"),
    ):
        with pytest.raises(DataError, match=r"v\.safetensors is damaged: the vector of 'b' holds a number"):
            ask()


def test_an_outside_number_that_is_not_finite_is_never_a_probability(tmp_path):
    path = tmp_path / "v.safetensors"
    path.write_bytes(forged(outside=np.array([[1, 2], [np.inf, 3]], dtype=np.float32)))
    for ask in (lambda: Vectors.load(path).predict_outside("a"), lambda: Vectors.load(path).outside):
        with pytest.raises(DataError, match=r"v\.safetensors is damaged: the vector of 'b'"):
            ask()


def test_a_mapped_file_is_not_copied(tmp_path):
    example().save(tmp_path / "v.safetensors")
    vectors = Vectors.load(tmp_path / "v.safetensors")
    assert np.shares_memory(vectors.matrix, vectors._center.stored)
    assert not vectors.matrix.flags.writeable
    example(outside=False).save(tmp_path / "v.safetensors")  # replaces the file; what is mapped stays
    assert_same(vectors, example())


def test_a_header_that_lies_is_one_sentence(tmp_path):
    content = to_bytes(example())
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].rstrip()
    for old, new in [
        (b"[7,3]", b"[7,3000000000000]"),
        (b"[7,3]", b"[-7,-3]"),
        (b"[7,3]", b"[7.0,3]"),
        (b"[7,3]", b"[true,21]"),
        (b'"F32"', b'"F64"'),
        (b'"F32"', b"null"),
        (b'"shape"', b'"sharp"'),
        (b"[0,56]", b"[0,1000000000000]"),
        (b"[0,56]", b"[-56,0]"),
        (b"[0,56]", b"[56,112]"),
        (b'"counts"', b'"outer"'),
        (b"[7,3]", b"[" * 100_000),
    ]:
        lying = header.replace(old, new, 1)
        assert lying != header
        with pytest.raises(DataError, match=r"v\.safetensors is damaged"):
            read(tmp_path / "v.safetensors", len(lying).to_bytes(8, "little") + lying + content[8 + length :])


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "v.safetensors"
    example().save(path)
    before = path.read_bytes()
    path.with_name("folder").mkdir()
    with pytest.raises(FirthError, match="cannot write"):
        example().save(tmp_path / "absent" / "v.safetensors")
    with pytest.raises(FirthError, match="cannot write"):
        example().save(tmp_path / "folder", "native")
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "v.safetensors"]
