"""The network: forward, cost, backward, the flat layout of its parameters, and training.

Layers are numbered from 1 (the input) to L (the output); W[l] and b[l] lead from layer l to l + 1.
"""
# SPDX-License-Identifier: BSD-3-Clause
# ruff: noqa: E741 - l is the letter of a layer in the equations

from dataclasses import dataclass

import numpy as np

from .activations import ACTIVATIONS
from .losses import LOSSES, share
from .stages import STAGES, Noise
from .weights import Options, StepOfEach


@dataclass
class Pass:
    """What the forward pass leaves: z[2..L] and a[1..L], each (batch, n), and s = a[L].

    ``inputs[l]`` holds what the stages between a[l] and W[l] get, one after the other, and at last
    what W[l] gets: a[l] itself where there are none.
    """

    z: dict
    a: dict
    s: np.ndarray
    inputs: dict
    noise: Noise | None


@dataclass
class Gradients:
    """What the backward pass leaves: delta[2..L] (batch, n), dW[1..L-1], db[1..L-1] (or None).

    ``of_stages[l]`` holds the gradients of what the stages between a[l] and W[l] train.
    """

    delta: dict
    dW: dict
    db: dict
    of_stages: dict


def member(family, chosen):
    """Return the member of this name, or the one that an object of chainrule's describes."""
    if isinstance(chosen, str):
        return family[chosen]()
    return family[chosen._name](**vars(chosen))


class Network:
    """A multilayer perceptron in float64.

    Parameters
    ----------
    W : sequence of (n_out, n_in) arrays
        W[j, k] leads from neuron k of a layer to neuron j of the next.
    b : sequence of (n_out,) arrays, or None for a layer without bias
    activations : sequence of str or member
        One for each W: a name, or an object of chainrule's that has numbers of its own.
    loss : str or member
    stages : dict
        ``stages[l]``: what stands between a[l] and W[l], a list of stages (of .stages). No entry:
        nothing.
    seed : int
        Of the noise of a step.
    options : dict
        ``options[l]``: the options (of .weights) of the training of W[l] and b[l]. No entry: all
        off.
    """

    def __init__(self, W, b, activations, loss="mse", stages=None, seed=0, options=None):
        self.seed = seed
        self.options = {l: (options or {}).get(l, Options()) for l in range(1, len(W) + 1)}
        self.stages = {l: (stages or {}).get(l, []) for l in range(1, len(W) + 1)}
        self.L = len(W) + 1
        self.W = {l: np.array(W_l, float) for l, W_l in enumerate(W, start=1)}
        self.b = {
            l: None if b_l is None else np.array(b_l, float) for l, b_l in enumerate(b, start=1)
        }
        self.f = {l: member(ACTIVATIONS, f) for l, f in enumerate(activations, start=2)}
        self.loss = member(LOSSES, loss)
        self.paired = activations[-1] == self.loss.paired_activation

    @classmethod
    def from_chainrule(cls, net):
        """Return the reference of a chainrule.Network: the same layers, copies of its W and b."""
        dense, stages = [], {}
        for number, layer in enumerate(net.layers[1:]):
            if hasattr(layer, "n_out"):
                dense.append(layer)
            else:
                kind = STAGES[layer._name]
                vectors = {each: np.array(getattr(layer, each), float) for each in kind.trained}
                stage = kind(number, **layer._numbers(), **vectors)
                stage.options = Options.of(layer._description)
                stages.setdefault(len(dense) + 1, []).append(stage)
        return cls(
            [layer.weights for layer in dense],
            [layer.bias for layer in dense],
            [layer.activation for layer in dense],
            net.loss,
            stages,
            net.seed,
            {l: Options.of(layer._description) for l, layer in enumerate(dense, start=1)},
        )

    def forward(self, x, step=None):
        """z^(l+1) = W^(l) a^(l) + b^(l),  a^(l+1) = f(z^(l+1)), from a^(1) = x to s = a^(L).

        Where stages stand before W^(l), it gets what they make of a^(l). A `step` has noise.
        """
        noise = None if step is None else Noise(self.seed, step)
        z, a, inputs = {}, {1: np.asarray(x, np.float64)}, {}
        for l in range(1, self.L):
            inputs[l] = [a[l]]
            for stage in self.stages[l]:
                inputs[l].append(stage.forward(inputs[l][-1], noise))
            z[l + 1] = inputs[l][-1] @ self.W[l].T
            if self.b[l] is not None:
                z[l + 1] += self.b[l]
            a[l + 1] = self.f[l + 1].forward(z[l + 1])
        return Pass(z, a, a[self.L], inputs, noise)

    def backward(self, passed, y, sample_weight=None):
        """Carry dC/ds back through the layers by the chain rule.

        delta^(L) = dC/ds f'(z^(L)),
        dC/dW^(l) = delta^(l+1) a^(l)T,  dC/db^(l) = delta^(l+1), summed over the batch,
        dC/da^(l) = W^(l)T delta^(l+1),  delta^(l) = dC/da^(l) f'(z^(l)).
        """
        z, a, s, L = passed.z, passed.a, passed.s, self.L
        share_i = self.shares(y, sample_weight)[:, None]
        y = self.loss.targets(y, s.shape[1])
        delta, dW, db, of_stages = {}, {}, {}, {}
        if self.paired:
            delta[L] = share_i * self.loss.paired_delta(z[L], s, y)
        else:
            dC_ds = share_i * self.loss.gradient(s, y)
            delta[L] = self.f[L].backward(z[L], a[L], dC_ds)
        for l in range(L - 1, 0, -1):
            dW[l] = delta[l + 1].T @ passed.inputs[l][-1]
            dW[l] += self.options[l].penalty_slope(self.W[l])
            db[l] = None if self.b[l] is None else delta[l + 1].sum(axis=0)
            dC_da = delta[l + 1] @ self.W[l]
            of_stages[l] = []
            for stage, a_in in reversed(list(zip(self.stages[l], passed.inputs[l], strict=False))):
                of_stages[l].insert(0, stage.gradient(a_in, dC_da))
                dC_da = stage.backward(a_in, dC_da, passed.noise)
            if l > 1:
                delta[l] = self.f[l].backward(z[l], a[l], dC_da)
        return Gradients(delta, dW, db, of_stages)

    def shares(self, y, sample_weight=None):
        """share_i, the part of each sample in the cost of the batch."""
        y = np.asarray(y)
        return share(len(y), sample_weight, self.loss.counts(y, len(self.W[self.L - 1])))

    def sample_costs(self, passed, y):
        """C_i, the cost of each sample (batch,)."""
        y = self.loss.targets(y, passed.s.shape[1])
        if self.paired:
            return self.loss.paired_cost(passed.z[self.L], y)
        return self.loss.cost(passed.s, y)

    def cost(self, x, y, sample_weight=None, step=None):
        """C = sum_i w_i C_i / sum_i w_i, the mean over the batch without weights, and penalties."""
        costs = self.sample_costs(self.forward(x, step), y)
        penalty = sum(self.options[l].penalty(self.W[l]) for l in self.W)
        return float(self.shares(y, sample_weight) @ costs + penalty)

    def value_and_grad(self, x, y, sample_weight=None, step=None):
        """Return C and its gradient, flat as `parameters`; 0 where a layer is frozen."""
        gradients = self.backward(self.forward(x, step), y, sample_weight)
        of_stages = {l: [list(each) for each in all_] for l, all_ in gradients.of_stages.items()}
        flat = flatten(gradients.dW, gradients.db, of_stages)
        frozen = np.isnan(self.rate_factors)
        return self.cost(x, y, sample_weight, step), np.where(frozen, 0.0, flat)

    @property
    def rate_factors(self):
        """What the learning rate of each parameter is multiplied with; NaN if it is frozen."""

        def filled(block, options):
            factor = options.learning_rate_factor if options.trainable else np.nan
            return None if block is None else np.full_like(block, factor)

        return flatten(
            {l: filled(W, self.options[l]) for l, W in self.W.items()},
            {l: filled(b, self.options[l]) for l, b in self.b.items()},
            {
                l: [
                    [filled(each, getattr(stage, "options", Options())) for each in stage.vectors()]
                    for stage in stages
                ]
                for l, stages in self.stages.items()
            },
        )

    def limit_norms(self):
        """Make no W[j, :] longer than its layer's max_norm."""
        self.W = {l: self.options[l].limited(W) for l, W in self.W.items()}

    def _vectors(self):
        """Return what the stages train: lists of vectors, as `in_order` takes them."""
        return {l: [stage.vectors() for stage in stages] for l, stages in self.stages.items()}

    @property
    def parameters(self):
        """All W and b as one flat array: a copy to read, to be assigned as a whole."""
        return flatten(self.W, self.b, self._vectors())

    @parameters.setter
    def parameters(self, flat):
        blocks = list(in_order(self.W, self.b, self._vectors()))
        ends = np.cumsum([block.size for block in blocks])
        for block, part in zip(blocks, np.split(flat, ends[:-1]), strict=True):
            block[...] = part.reshape(block.shape)


def in_order(W, b, of_stages=None):
    """Yield the blocks of the flat layout: W^(l) as (n_in, n_out), then b^(l) if there is one.

    Before them come the vectors of the stages before W^(l): ``of_stages[l]``, a list for each.
    """
    for l in sorted(W):
        for vectors in (of_stages or {}).get(l, []):
            yield from vectors
        yield W[l].T
        if b[l] is not None:
            yield b[l]


def flatten(W, b, of_stages=None):
    """Return all W and b (or dW and db) in the core's flat layout, each block row by row."""
    return np.concatenate([block.ravel() for block in in_order(W, b, of_stages)])


def central_difference(function, parameters, h=1e-5):
    """dC/dw ~ (C(w + h) - C(w - h)) / 2h for each w in turn, C = function(parameters)."""
    gradient = np.empty_like(parameters)
    for i in range(parameters.size):
        above, below = parameters.copy(), parameters.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (function(above) - function(below)) / (2 * h)
    return gradient


def train(
    network, optimizer, x, y, batch_size, order, sample_weight=None, transforms=(), first_step=0
):
    """One step for each mini-batch: w := w - epsilon dC/dw, b := b - epsilon dC/db.

    Parameters
    ----------
    order : (epochs, n) array of int
        The order of the samples in each epoch; the last mini-batch of an epoch may be smaller.
    transforms : sequence of gradient transforms
        What is done to the gradient before each step.
    first_step : int
        The number of the first step in the life of the network, which its noise goes by.

    Returns
    -------
    step_costs, epoch_costs : list of float
        The cost before each step, and their mean over the samples of each epoch.
    """
    x, y = np.asarray(x), np.asarray(y)
    w = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight)
    step_of_each = StepOfEach(optimizer, network.rate_factors)
    counted = w * network.loss.counts(y, len(network.W[network.L - 1]))
    step_costs, epoch_costs = [], []
    step = first_step
    for samples in np.asarray(order):
        total = 0.0
        for start in range(0, len(samples), batch_size):
            i = samples[start : start + batch_size]
            C, gradient = network.value_and_grad(x[i], y[i], w[i], step)
            step += 1
            for transform in transforms:
                gradient = transform(gradient)
            network.parameters = step_of_each.step(network.parameters, gradient)
            network.limit_norms()
            step_costs.append(C)
            total += C * counted[i].sum()
        epoch_costs.append(total / counted[samples].sum())
    return step_costs, epoch_costs
