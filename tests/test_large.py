"""Arrays of more than 2^31 elements: pytest -m large tests/test_large.py.

They lie in a file with a hole, 9 GB long, of which only the last rows take space on the disk.
"""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr

pytestmark = pytest.mark.large

N_IN, LAST = 4096, 1024
N = 2**31 // N_IN + LAST  # so that the last rows begin with element 2^31


@pytest.fixture(scope="module")
def x(tmp_path_factory):
    """Return x (N, N_IN) in memory-mapped float32: zeros, but for the last rows."""
    path = tmp_path_factory.mktemp("large") / "x.npy"
    try:
        x = np.lib.format.open_memmap(path, "w+", "float32", (N, N_IN))
    except OSError as error:
        pytest.skip(f"no file of 9 GB: {error}")
    if path.stat().st_blocks * 512 > 10**9:
        pytest.skip("this file system fills holes")
    x[-LAST:] = np.random.default_rng(1).normal(size=(LAST, N_IN))
    yield np.load(path, mmap_mode="r")
    del x
    path.unlink()


@pytest.fixture(scope="module")
def y():
    """Return y (N, 3), of which each of the last rows is another one."""
    y = np.zeros((N, 3), "float32")
    y[-LAST:] = np.random.default_rng(2).normal(size=(LAST, 3))
    return y


def make():
    return cr.Network([cr.Input(N_IN), cr.Dense(16, "tanh"), cr.Dense(3)], rng=0)


def test_predict(x):
    net = make()
    s = net.predict(x)
    np.testing.assert_array_equal(s[-LAST:], net.predict(np.array(x[-LAST:])))
    np.testing.assert_array_equal(s[:-LAST], np.broadcast_to(s[0], (N - LAST, 3)))


def test_cost_and_gradient_of_the_last_rows(x, y):
    """Weights leave out all rows but the last ones."""
    net, weight = make(), np.zeros(N)
    weight[-LAST:] = 1
    few = np.array(x[-LAST:]), y[-LAST:]
    assert net.cost(x, y, sample_weight=weight) == pytest.approx(net.cost(*few), rel=1e-12)


def test_fit(x, y):
    """An epoch that only visits the last rows is as many as it takes of these rows alone."""
    assert N % LAST == 0
    epochs = N // LAST
    order = np.stack([np.random.default_rng(3).permutation(LAST) for _ in range(epochs)])
    large, small, optimizers = make(), make(), (cr.Adam(), cr.Adam())
    of_large = (N - LAST + order).reshape(1, N)
    large.fit(x, y, optimizer=optimizers[0], order=of_large, batch_size=LAST)
    few = np.array(x[-LAST:]), y[-LAST:]
    small.fit(*few, optimizer=optimizers[1], order=order, epochs=epochs, batch_size=LAST)
    assert large.parameters.tobytes() == small.parameters.tobytes()
    assert large.parameters.tobytes() != make().parameters.tobytes()


def test_shuffled_fit(x, y):
    """Every row is visited: the cost of an epoch with a rate of 0 is that of the whole."""
    net = make()
    history = net.fit(x, y, optimizer=cr.SGD(0), batch_size=LAST)
    assert history.cost[0] == pytest.approx(net.cost(x, y), rel=1e-5)


def test_a_number_that_is_not_finite_is_found(x, y):
    row, column = N - 2, N_IN - 3
    assert row * N_IN + column > 2**31
    net, changed = make(), np.load(x.filename, mmap_mode="c")  # the file stays as it is
    changed[row, column] = np.nan
    message = rf"x has nan in row {row}, column {column}"
    with pytest.raises(ValueError, match=message):
        net.predict(changed)
