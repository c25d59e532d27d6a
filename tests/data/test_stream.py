"""A streamed set gives the batches of a resident one, whatever the threads, processes or start."""

import time

import jax
import numpy as np
import pytest

from genjax.data import ArraySource, batch_indices, stream

KEY = jax.random.key(4)
SOURCE = ArraySource({"image": np.arange(53 * 6).reshape(53, 2, 3, 1), "label": np.arange(53) % 7})


def _stream(source=SOURCE, **options):
    defaults = {"batch_size": 8, "num_batches": 3, "start_step": 0, "stop_step": 9}
    return list(stream(source, KEY, **{**defaults, **options}))


def test_the_order_is_that_of_a_resident_set():
    rounds = _stream()
    assert len(rounds) == 9
    for step, batch in enumerate(rounds):
        index = np.asarray(batch_indices(KEY, step, 3, 8, 53))
        np.testing.assert_array_equal(batch["index"], index)
        np.testing.assert_array_equal(batch["image"], SOURCE.arrays()["image"][index])
        np.testing.assert_array_equal(batch["label"], index % 7)
        assert batch["image"].shape == (3, 8, 2, 3, 1) and batch["index"].dtype == np.int32


class _Slow:
    """Takes longer for some rows, so that threads finish out of turn."""

    def __len__(self):
        return len(SOURCE)

    def __getitem__(self, indices):
        time.sleep(0.004 * (indices[0] % 3))
        return SOURCE[indices]


@pytest.mark.parametrize("num_threads, prefetch", [(1, 1), (4, 2), (8, 16)])
def test_threads_do_not_change_it(num_threads, prefetch):
    expected = _stream()
    rounds = _stream(_Slow(), num_threads=num_threads, prefetch=prefetch)
    jax.tree.map(np.testing.assert_array_equal, rounds, expected)


def test_to_resume_is_to_start_at_the_step():
    jax.tree.map(np.testing.assert_array_equal, _stream(start_step=5), _stream()[5:])
    far = _stream(
        start_step=10**6, stop_step=10**6 + 1
    )  # blocks of indices align by step, not start
    np.testing.assert_array_equal(far[0]["index"], batch_indices(KEY, 10**6, 3, 8, 53))
    assert _stream(start_step=9) == []


def test_processes_share_every_minibatch():
    whole = _stream()
    parts = [_stream(process_index=number, process_count=4) for number in range(4)]
    for step, batch in enumerate(whole):
        together = np.concatenate([part[step]["index"] for part in parts], axis=1)
        np.testing.assert_array_equal(together, batch["index"])
        assert parts[0][step]["image"].shape == (3, 2, 2, 3, 1)


def test_it_reads_ahead():
    seen = []

    class Spy(_Slow):
        def __getitem__(self, indices):
            seen.append(indices)
            return SOURCE[indices]

    rounds = stream(Spy(), KEY, batch_size=8, num_batches=1, start_step=0, stop_step=100,
                    num_threads=2, prefetch=5)  # fmt: skip
    next(rounds)
    deadline = time.monotonic() + 5
    while len(seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 4 <= len(seen) < 20


def test_an_error_of_the_source_reaches_the_reader():
    class Broken(_Slow):
        def __getitem__(self, indices):
            raise ValueError("image 7.png is broken (truncated): mend or remove it")

    with pytest.raises(ValueError, match=r"image 7.png is broken"):
        _stream(Broken())


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 54}, "53 examples is too small for the batch size 54"),
        ({"process_count": 3}, "batch size 8 does not divide among 3 processes"),
        ({"num_threads": 0}, "at least 1 thread"),
        ({"prefetch": 0}, "1 round ahead"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        _stream(**options)


def test_entries_of_unlike_lengths_are_refused():
    with pytest.raises(ValueError, match=r"one length, got {'image': 3, 'label': 2}"):
        ArraySource({"image": np.zeros((3, 2)), "label": np.zeros(2)})
