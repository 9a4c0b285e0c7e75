"""What NumPy can hold works as it is: the bits of the plain array, and nothing written into it."""
# SPDX-License-Identifier: BSD-3-Clause

import array

import numpy as np
import pytest

import chainrule as cr

N, N_IN, N_OUT = 13, 5, 3
DTYPES = ("float32", "float64")

rng = np.random.default_rng(4)
# Whole numbers from 0 to 100: every real dtype but bool holds them, and so does a weight.
WHOLE = rng.integers(0, 101, (N, N_IN))
FRACTIONS = rng.normal(size=(N, N_IN))
Y = rng.normal(size=(N, N_OUT))
WEIGHT = rng.integers(1, 101, N)


OUTPUT = {"mse": "sigmoid", "cross_entropy": "softmax"}


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


def make(dtype, loss="mse", n_in=N_IN, n_out=N_OUT):
    layers = [cr.Input(n_in), cr.Dense(7, "tanh"), cr.Dense(n_out, OUTPUT[loss])]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=3)


def bits(value):
    """Everything in a result, as bytes."""
    return (
        [bits(each) for each in value]
        if isinstance(value, tuple | list)
        else np.array(value).tobytes()
    )


def results(dtype, x, y, loss="mse", order=None, **more):
    """Return the bits of everything that comes out of a network for these samples."""
    net = make(dtype, loss)
    found = [net.predict(x), net.cost(x, y, **more), net.value_and_grad(x, y, **more)]
    found += [net.train_step(x, y, cr.SGD(0.1), **more), net.parameters]
    trace = net.trace(x, y)
    found += [trace.cost, trace.a(1), trace.delta(2), trace.dW(1)]
    found = bits(found)
    history = net.fit(x, y, epochs=2, batch_size=4, validation_data=(x, y), order=order, **more)
    return [*found, *bits([history.cost, history.validation_cost, net.parameters])]


def plain(values, dtype):
    return np.ascontiguousarray(values, dtype)


def misaligned(values):
    """Return the same array, one byte off every alignment."""
    values = np.ascontiguousarray(values)
    block = np.zeros(values.nbytes + 1, np.uint8)
    moved = np.frombuffer(block.data, values.dtype, values.size, offset=1).reshape(values.shape)
    moved[...] = values
    assert moved.flags.aligned == (moved.dtype.alignment == 1)
    return moved


def field_of_packed_records(values):
    """Return the same array with rows whose distance is no multiple of an element's size."""
    values = np.asarray(values)
    records = np.zeros(len(values), [("flag", "i1"), ("values", values.dtype, values.shape[1:])])
    records["values"] = values
    return records["values"]


def inside_larger(values):
    larger = np.full([2 * n + 3 for n in values.shape], 99, values.dtype)
    part = larger[tuple(slice(2, 2 + 2 * n, 2) for n in values.shape)]
    part[...] = values
    return part


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def reversed_memory(values):
    everywhere = (slice(None, None, -1),) * values.ndim
    return np.ascontiguousarray(values[everywhere])[everywhere]


class Frame:
    """As a data frame or a tensor: no array, but it turns into one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


LAYOUTS = {
    "list of lists": lambda v: v.tolist(),
    "tuple of arrays": lambda v: tuple(v),
    "Fortran order": np.asfortranarray,
    "negative strides": reversed_memory,
    "slice of a larger array": inside_larger,
    "read-only": read_only,
    "misaligned": misaligned,
    "field of packed records": field_of_packed_records,
    "big-endian": lambda v: v.astype(v.dtype.newbyteorder(">")),
    "little-endian": lambda v: v.astype(v.dtype.newbyteorder("<")),
    "big-endian, misaligned": lambda v: misaligned(v.astype(v.dtype.newbyteorder(">"))),
    "subclass of ndarray": lambda v: v.view(np.ma.MaskedArray),
    "memoryview": lambda v: memoryview(np.ascontiguousarray(v)),
    "object with __array__": Frame,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("stored", ["float32", "float64", "int64"])
def test_layouts(layout, stored, dtype):
    x, y = (WHOLE if stored == "int64" else FRACTIONS).astype(stored), Y.astype(stored)
    expected = results(dtype, plain(x, dtype), plain(y, dtype))
    lay_out = LAYOUTS[layout]
    assert results(dtype, lay_out(x), lay_out(y)) == expected


REAL = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
REAL += ["float16", "float32", "float64", "longdouble"]


@pytest.mark.parametrize("stored", REAL)
@pytest.mark.parametrize("order", ["<", ">"])
def test_element_types(stored, order, dtype):
    stored = np.dtype(stored).newbyteorder(order)
    x, y, weight = WHOLE.astype(stored), WHOLE[:, :N_OUT].astype(stored), WEIGHT.astype(stored)
    expected = results(dtype, plain(x, dtype), plain(y, dtype), sample_weight=plain(weight, dtype))
    assert results(dtype, x, y, sample_weight=weight) == expected
    scattered = [inside_larger(each) for each in (x, y, weight)]
    assert results(dtype, *scattered[:2], sample_weight=scattered[2]) == expected


@pytest.mark.parametrize("stored", ["int64", "uint64", "float64", "longdouble", "float16"])
def test_numbers_are_rounded_once(stored, dtype):
    # Wherever a detour through another type would round twice, or overflow.
    if stored in ("int64", "uint64"):
        numbers = [2**24 + 1, 2**53 + 1, 2**62 + 2**38 + 1, 2**63 - 1, 2**60 + 2**36 + 1]
    elif stored == "float16":
        numbers = [65504, 2**-24, 2**-14, -1 / 3, 6.1e-5]
    else:
        numbers = [1 + 2**-24, 1 + 2**-24 + 2**-50, 2**-100, 3e38, 1 / 3]
    x = np.array([numbers], stored)
    net = make(dtype)
    assert bits(net.trace(x, Y[:1]).a(1)) == bits(x.astype(dtype))
    assert bits(net.predict(x)) == bits(net.predict(x.astype(dtype)))


@pytest.mark.parametrize("stored", ["int8", "uint8", "int64", "uint64", "bool", "f2", "f8", ">i4"])
@pytest.mark.parametrize("layout", ["plain", *LAYOUTS])
def test_labels(layout, stored, dtype):
    x = FRACTIONS.astype(dtype)
    y = (np.arange(N) % (2 if stored == "bool" else N_OUT)).astype(stored)
    expected = results(dtype, x, y.astype(np.int64), loss="cross_entropy")
    laid_out = y if layout == "plain" else LAYOUTS[layout](y)
    assert results(dtype, x, laid_out, loss="cross_entropy") == expected


def test_labels_are_one_hot_rows(dtype):
    y = np.arange(N) % N_OUT
    expected = results(dtype, FRACTIONS, y, loss="cross_entropy")
    for stored in ("int64", "bool", "float32"):
        one_hot = np.eye(N_OUT, dtype=stored)[y]
        assert results(dtype, FRACTIONS, one_hot, loss="cross_entropy") == expected


def test_broadcast_samples(dtype):
    row, target = FRACTIONS[:1].astype(dtype), Y[:1].astype(dtype)
    x, y = np.broadcast_to(row, (N, N_IN)), np.broadcast_to(target, (N, N_OUT))
    weight = np.broadcast_to(2, N)
    expected = results(dtype, x.copy(), y.copy(), sample_weight=weight.copy())
    assert results(dtype, x, y, sample_weight=weight) == expected
    column = np.broadcast_to(FRACTIONS[:, :1], (N, N_IN))
    assert results(dtype, column, y) == results(dtype, column.copy(), y.copy())


@pytest.mark.parametrize("stored", ["float32", "float64", "uint8", ">i4"])
def test_memory_mapped(tmp_path, stored, dtype):
    x, y = WHOLE.astype(stored), WHOLE[:, :N_OUT].astype(stored)
    for name, values in (("x", x), ("y", y)):
        (tmp_path / name).write_bytes(b"12-byte head" + values.tobytes())
    mapped = [
        np.memmap(tmp_path / name, stored, "r", offset=12, shape=values.shape)
        for name, values in (("x", x), ("y", y))
    ]
    assert results(dtype, *mapped) == results(dtype, plain(x, dtype), plain(y, dtype))


def test_more_ways_to_hold_numbers(dtype):
    net = make(dtype)
    numbers = WHOLE[0].tolist()
    expected = bits(net.predict(WHOLE[0].astype(dtype)))
    for x in (numbers, tuple(numbers), array.array("d", numbers), memoryview(bytes(numbers))):
        assert bits(net.predict(x)) == expected
    assert bits(net.predict(range(N_IN))) == bits(net.predict(np.arange(N_IN)))
    assert bits(net.predict([WHOLE[0]])) == bits(net.predict(WHOLE[:1]))


def test_torch_tensors(dtype):
    torch = pytest.importorskip("torch")
    x, y = torch.from_numpy(FRACTIONS.copy()), torch.from_numpy(Y.copy())
    assert results(dtype, x, y) == results(dtype, plain(FRACTIONS, dtype), plain(Y, dtype))


def test_pandas_frames(dtype):
    pandas = pytest.importorskip("pandas")
    x, y = pandas.DataFrame(FRACTIONS), pandas.DataFrame(Y)
    assert results(dtype, x, y) == results(dtype, plain(FRACTIONS, dtype), plain(Y, dtype))


@pytest.mark.parametrize("stored", ["float32", "float64", "int32", ">f8"])
def test_inputs_are_never_written(stored, dtype):
    x, y, weight = (each.astype(stored) for each in (FRACTIONS, Y, WEIGHT))
    order = np.array([rng.permutation(N), rng.permutation(N)])
    before = bits([x, y, weight, order])
    results(dtype, x, y, sample_weight=weight, order=order)
    make(dtype).explain(x[0], y[0], layer=1, j=1, k=1)
    net = make(dtype)
    net.parameters = values = np.arange(net.n_parameters, dtype=stored)
    net.fit(x, y, epochs=3)
    assert bits([x, y, weight, order]) == before
    assert bits(values) == bits(np.arange(net.n_parameters, dtype=stored))


def test_order_in_every_form(dtype):
    order = np.array([rng.permutation(N), rng.permutation(N)])
    expected = results(dtype, FRACTIONS, Y, order=order)
    assert expected != results(dtype, FRACTIONS, Y)
    kinds = [order.astype(kind) for kind in ("i1", "u1", ">i4", "u8", "i8")]
    for each in (*kinds, order.tolist(), np.asfortranarray(order), reversed_memory(order)):
        assert results(dtype, FRACTIONS, Y, order=each) == expected


@pytest.mark.parametrize("shape", [(0, N_IN), (1, N_IN), (N, N_IN), (N_IN,), (2500, N_IN)])
def test_out(shape, dtype):
    net = make(dtype)
    x = rng.normal(size=shape)
    out = np.full((*shape[:-1], N_OUT), np.nan, dtype)
    assert net.predict(x, out=out) is out
    assert bits(out) == bits(net.predict(x))
    assert np.isfinite(out).all()


def test_out_is_a_part_of_a_larger_array(dtype):
    net = make(dtype)
    larger = np.full((N + 2, N_OUT), 7, dtype)
    net.predict(FRACTIONS, out=larger[1:-1])
    assert bits(larger[1:-1]) == bits(net.predict(FRACTIONS))
    assert (larger[[0, -1]] == 7).all()


@pytest.mark.parametrize("offset", [0, 1, N_IN, N_IN * N // 2])
@pytest.mark.parametrize("direction", [1, -1])
def test_out_overlaps_x(offset, direction, dtype):
    net = make(dtype)
    block = rng.normal(size=N_IN * N + N_OUT * N).astype(dtype)
    x = block[: N_IN * N].reshape(N, N_IN)[::direction, ::direction]
    expected = net.predict(x.copy())
    out = block[offset : offset + N_OUT * N].reshape(N, N_OUT)
    assert net.predict(x, out=out) is out
    assert bits(out) == bits(expected)


def test_out_is_x(dtype):
    net = cr.Network([cr.Input(4), cr.Dense(9, "relu"), cr.Dense(4)], dtype=dtype, rng=0)
    x = rng.normal(size=(3000, 4)).astype(dtype)
    expected = net.predict(x.copy())
    assert bits(net.predict(x, out=x)) == bits(expected)


@pytest.mark.parametrize("stored", ["float32", "float64", "int16", "bool", ">f8"])
def test_empty_batch(stored, dtype):
    s = make(dtype).predict(np.empty((0, N_IN), stored))
    assert (s.shape, s.dtype) == ((0, N_OUT), dtype)
    assert make(dtype).predict(FRACTIONS[:0]).shape == (0, N_OUT)


def test_one_sample(dtype):
    net = make(dtype)
    x, y = FRACTIONS[0], Y[0]
    assert net.predict(x).shape == (N_OUT,)
    assert net.predict(x[None]).shape == (1, N_OUT)
    assert bits(net.predict(x)) == bits(net.predict(x[None]))
    expected = results(dtype, x[None], y[None], sample_weight=[2.0])
    assert results(dtype, x, y, sample_weight=[2.0]) == expected
    assert results(dtype, x, y[None], sample_weight=2.0) == expected
    assert results(dtype, x.tolist(), y.tolist(), sample_weight=2) == expected


def test_one_sample_with_a_label(dtype):
    expected = results(dtype, FRACTIONS[:1], [2], loss="cross_entropy")
    for label in (2, 2.0, np.int8(2), np.array(2), [2], [0, 0, 1]):
        assert results(dtype, FRACTIONS[0], label, loss="cross_entropy") == expected


@pytest.mark.parametrize("n", [1, 2, 50])
def test_one_feature_and_layers_of_one_neuron(n, dtype):
    net = cr.Network([cr.Input(1), cr.Dense(1, "tanh"), cr.Dense(1)], dtype=dtype, rng=0)
    x = np.linspace(-1, 1, n)[:, None]
    w1, b1, w2, b2 = net.parameters
    np.testing.assert_allclose(net.predict(x), w2 * np.tanh(w1 * x + b1) + b2, atol=1e-6)
    # y of shape (n,) and (n, 1) are the same where there is one output
    grown = [net.value_and_grad(x, y) for y in (x, x[:, 0])]
    assert bits(grown[0]) == bits(grown[1])
    cost = net.cost(x, x[:, 0])
    assert net.fit(x, x[:, 0], epochs=30, optimizer=cr.Adam(0.02)).cost[-1] < cost


def test_zero_epochs(dtype):
    net, optimizer = make(dtype), cr.Adam()
    before = bits([net.parameters])
    history = net.fit(FRACTIONS, Y, epochs=0, optimizer=optimizer, validation_data=(FRACTIONS, Y))
    assert (history.cost, history.validation_cost, history.epochs) == ([], [], 0)
    assert history.stopped_by == "epochs"
    assert history.seconds >= 0
    assert (bits([net.parameters]), optimizer.steps) == (before, 0)
    net.fit(FRACTIONS, Y, epochs=0, order=np.empty((0, N), int))
    assert bits([net.parameters]) == before


@pytest.mark.parametrize("size", [N, N + 1, 10**6, 2**62])
def test_batch_larger_than_the_data_is_all_of_it(size, dtype):
    nets = make(dtype), make(dtype)
    order = [rng.permutation(N)]
    nets[0].fit(FRACTIONS, Y, batch_size=size, optimizer=cr.SGD(0.1), order=order)
    nets[1].train_step(FRACTIONS[order[0]], Y[order[0]], cr.SGD(0.1))
    assert bits([nets[0].parameters]) == bits([nets[1].parameters])


def test_batches_of_one_and_a_rest(dtype):
    order = rng.permutation(N)
    for size in (1, 5):
        net, twin = make(dtype), make(dtype)
        optimizer, twin_optimizer = cr.Adam(0.1), cr.Adam(0.1)
        net.fit(FRACTIONS, Y, batch_size=size, optimizer=optimizer, order=[order])
        for first in range(0, N, size):
            rows = order[first : first + size]
            twin.train_step(FRACTIONS[rows], Y[rows], twin_optimizer)
        assert optimizer.steps == -(-N // size)
        assert bits([net.parameters]) == bits([twin.parameters])
