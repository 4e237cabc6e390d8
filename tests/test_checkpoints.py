"""Checkpoints are whole or they are not used."""

import hashlib

import numpy as np
import pytest

from firth import Checkpoints, DataError, FirthError
from firth.checkpoints import read_snapshot


def save_some(folder, iterations):
    checkpoints = Checkpoints(folder)
    for iteration in iterations:
        checkpoints.save(iteration, {"x": np.arange(5.0) + iteration, "s": np.array([2**63], np.uint64)}, {"a": [1]})
    return checkpoints


def test_what_was_saved_comes_back(tmp_path):
    snapshot, notes = save_some(tmp_path, [7]).latest()
    assert (snapshot.iteration, snapshot.state, notes) == (7, {"a": [1]}, [])
    np.testing.assert_array_equal(snapshot.arrays["x"], np.arange(5.0) + 7)
    assert snapshot.arrays["s"][0] == 2**63


def test_an_empty_or_missing_folder_has_no_snapshot(tmp_path):
    assert Checkpoints(tmp_path / "none").latest() == (None, [])


def test_two_are_kept_and_the_newest_is_found_by_number_not_by_name(tmp_path):
    checkpoints = save_some(tmp_path, [5, 9_999_999_999, 10_000_000_000])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10000000000", "checkpoint-9999999999"]
    assert checkpoints.latest()[0].iteration == 10_000_000_000


def test_a_later_save_of_an_earlier_iteration_does_not_remove_itself(tmp_path):
    checkpoints = save_some(tmp_path, [10, 20])
    path = checkpoints.save(5, {"x": np.zeros(1)}, {})
    assert path.exists()


def test_what_lies_ahead_of_a_save_goes_and_the_whole_one_behind_it_stays(tmp_path):
    """A run goes on from the newest that is whole, so what is newer is damaged."""
    checkpoints = save_some(tmp_path, [10, 20])
    (tmp_path / "checkpoint-0000000020").write_bytes(b"damaged")
    checkpoints.save(15, {"x": np.zeros(1)}, {})
    assert [read_snapshot(path).iteration for path in checkpoints.paths()] == [15, 10]


def test_arrays_of_any_kind_and_shape_come_back(tmp_path):
    arrays = {
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(2.5),
        "flags": np.array([True, False]),
        "columns": np.arange(12.0).reshape(3, 4).T,
        "half": np.array([1.5], np.float16),
        "other_order": np.array([1, 2], ">i4"),
    }
    snapshot = read_snapshot(Checkpoints(tmp_path).save(1, arrays, {}))
    for name, array in arrays.items():
        np.testing.assert_array_equal(snapshot.arrays[name], array)
        assert snapshot.arrays[name].shape == array.shape


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff" * 8,
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (9).to_bytes(8, "little") + b"[" * 9,
        *(
            len(header).to_bytes(8, "little") + header
            for header in (
                b'{"__metadata__":{"state":"[]"}}',
                b'{"__metadata__":{"state":"{\\"iteration\\":1}"},"x":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}',
                b'{"__metadata__":{"state":"{\\"iteration\\":1}"},"x":{"dtype":"F99","shape":[0],"data_offsets":[0,0]}}',
                b'{"__metadata__":{"state":"{\\"iteration\\":1}"},"x":{"dtype":"U8","shape":[-1],"data_offsets":[0,-1]}}',
                b'{"__metadata__":{"state":"{\\"iteration\\":1}"},"x":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}',
                b'{"__metadata__":{"state":"{\\"iteration\\":1}"},"x":7}',
            )
        ),
    ],
)
def test_what_somebody_else_wrote_with_a_right_checksum_is_refused(tmp_path, payload):
    path = tmp_path / "checkpoint-0000000001"
    path.write_bytes(b"firth-checkpoint 1 " + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
    with pytest.raises(DataError, match="is not one that this version of Firth wrote"):
        read_snapshot(path)


@pytest.mark.parametrize("seed", range(40))
def test_every_cut_and_every_flipped_bit_is_detected_and_the_one_before_is_used(tmp_path, seed):
    checkpoints = save_some(tmp_path, [10, 20])
    newest = tmp_path / "checkpoint-0000000020"
    content = bytearray(newest.read_bytes())
    generator = np.random.default_rng(seed)
    if seed % 2:
        del content[generator.integers(len(content)) :]
    else:
        content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
    newest.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        read_snapshot(newest)
    snapshot, notes = checkpoints.latest()
    assert snapshot.iteration == 10
    assert len(notes) == 1
    assert "checkpoint-0000000020" in notes[0]


def test_where_all_are_damaged_it_is_said(tmp_path):
    checkpoints = save_some(tmp_path, [10, 20])
    for path in tmp_path.iterdir():
        path.write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match="every checkpoint"):
        checkpoints.latest()


def test_a_folder_that_can_not_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FirthError, match="cannot write"):
        Checkpoints(tmp_path / "file" / "below").save(1, {"x": np.zeros(1)}, {})


def test_clear_removes_snapshots_and_nothing_else(tmp_path):
    checkpoints = save_some(tmp_path, [10])
    (tmp_path / "checkpoint-notes.txt").write_text("mine")
    checkpoints.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-notes.txt"]
