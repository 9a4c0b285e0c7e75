"""Batches of one sample: training makes several steps in one go, and nobody sees a difference."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

import chainrule as cr

SAMPLES = 37  # not a multiple of the steps in one go

# Steps that are made together with the way back, and others.
OPTIMIZERS = {
    "sgd": lambda: cr.SGD(0.1),
    "momentum": lambda: cr.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: cr.Adam(0.01),
    "decay": lambda: cr.SGD(0.1, momentum=0.9, weight_decay=0.1),
    "adamw": lambda: cr.AdamW(0.01, amsgrad=True),
    "nadam": lambda: cr.NAdam(0.01),
}
NETWORKS = {
    "article": ([2, 2], "sigmoid", "identity", "mse"),
    "three neurons": ([3, 3], "tanh", "sigmoid", "binary_cross_entropy"),
    "four neurons": ([4], "relu", "softmax", "cross_entropy"),
    "twenty neurons": ([20, 17], "tanh", "identity", "mse"),
    "more than a narrow network": ([200, 60], "relu", "softmax", "cross_entropy"),
}


def network(widths, activation, output, loss, dtype="float32"):
    hidden = [cr.Dense(n, activation, bias=n != 3) for n in widths]
    layers = [cr.Input(4), *hidden, cr.Dense(2, output)]
    return cr.Network(layers, loss=loss, dtype=dtype, rng=3)


def samples(net):
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(SAMPLES, 4)), rng.normal(size=(SAMPLES, 2))
    return x, y if "mse" in repr(net) else (y > 0) if "binary" in repr(net) else y[:, 0] > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_fit_is_one_train_step_after_the_other(plan, kind, optimizer, dtype):
    together, alone = (network(*NETWORKS[kind], dtype) for _ in range(2))
    assert together.plan(1, training=True)["plan"] == plan
    x, y = samples(together)
    y = np.asarray(y)
    of_fit, of_steps = OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]()
    history = together.fit(x, y, optimizer=of_fit, epochs=2, batch_size=1, shuffle=False)
    costs = [
        [alone.train_step(x[i : i + 1], y[i : i + 1], of_steps) for i in range(SAMPLES)]
        for _ in range(2)
    ]
    assert together.parameters.tobytes() == alone.parameters.tobytes()
    assert of_fit.steps == of_steps.steps == 2 * SAMPLES
    for name, state in of_steps._states().items():
        np.testing.assert_array_equal(of_fit._states()[name], state)
    assert of_fit._running() == of_steps._running()
    assert history.cost == pytest.approx(np.mean(costs, axis=1), rel=1e-12)


def test_weights_of_samples_change_nothing_but_zero(plan):
    """A sample that is a batch counts as much as any other, unless it does not count at all."""
    weight = np.arange(SAMPLES) % 3.0
    weighted, plain = (network(*NETWORKS["article"]) for _ in range(2))
    x, y = samples(plain)
    weighted.fit(x, y, optimizer=cr.SGD(0.1), batch_size=1, shuffle=False, sample_weight=weight)
    counts = weight > 0
    plain.fit(x[counts], y[counts], optimizer=cr.SGD(0.1), batch_size=1, shuffle=False)
    assert weighted.parameters.tobytes() == plain.parameters.tobytes()


@pytest.mark.parametrize("kind", ["article", "twenty neurons"])
@pytest.mark.parametrize("step", [1, 16, 17, 30])
def test_a_step_that_diverges_is_named_and_undone(plan, kind, step):
    net, before = (network(*NETWORKS[kind]) for _ in range(2))
    x, y = samples(net)
    y[step - 1] = 1e30  # whose square is no float
    optimizer = cr.SGD(0.1)
    with pytest.raises(cr.TrainingDiverged, match=f"in step {step} of epoch 1"):
        net.fit(x, y, optimizer=optimizer, batch_size=1, shuffle=False)
    assert optimizer.steps == step - 1
    if step > 1:
        before.fit(x[: step - 1], y[: step - 1], optimizer=cr.SGD(0.1), batch_size=1, shuffle=False)
    assert net.parameters.tobytes() == before.parameters.tobytes()


def test_weights_that_overflow_keep_their_values(plan):
    net = network(*NETWORKS["article"])
    x, y = samples(net)
    with pytest.raises(cr.TrainingDiverged, match="no longer finite in step 1 of"):
        net.fit(x, y * 1e15, optimizer=cr.SGD(1e30), batch_size=1, shuffle=False)
    assert np.isfinite(net.parameters).all()
