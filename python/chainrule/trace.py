"""Everything that one forward and backward pass computes, in the article's numbering."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule import _notebook, _slopes
from chainrule._spec import whole_number
from chainrule.layers import Dense, Layer, widths_of

Array = npt.NDArray[Any]


class Trace:
    """One forward and backward pass: what `Network.trace` returns.

    Layers are numbered as in the article: layer 1 is the input, layer L the output; W^(l) and b^(l)
    lead from layer l to layer l+1. Layers such as `Dropout`, which drops nothing here, and
    `LayerNorm` count, too, but have no z and no W. All arrays are copies.

    Attributes
    ----------
    cost : float
        C, the mean over the batch, with the penalties of the weights.
    n_layers : int
        The article's L.
    fused : bool
        Whether delta^(L) comes straight from s and y, as it does for "cross_entropy" after softmax
        and "binary_cross_entropy" after sigmoid.
    """

    def __init__(
        self,
        layers: list[Layer],
        cost: float,
        z: list[Array | None],
        a: list[Array],
        delta: list[Array],
        gradients: list[tuple[Array, Array | None]],
        dC_ds: Array,
        fused: bool,
    ) -> None:
        self.fused = fused
        self._layers = layers
        self.cost = cost
        self.n_layers = len(a)
        self._z, self._a, self._delta = z, a, delta
        trained = (i for i, layer in enumerate(layers) if layer._trains)
        self._gradients = dict(zip(trained, gradients, strict=True))
        self._dC_ds = dC_ds

    def _index(self, name: str, layer: int, first: int, last: int) -> int:
        number = whole_number("the layer", layer)
        if not first <= number <= last:
            raise IndexError(
                f"{name}({number}): this network of {self.n_layers} layers has {name}({first}) "
                f"to {name}({last})"
            )
        return number - first

    def _dense(self, name: str, layer: int, index: int) -> Dense:
        """Return the layer of this index, from 0; raise IndexError if it is no `Dense`."""
        dense = self._layers[index]
        if not isinstance(dense, Dense):
            raise IndexError(f"{name}({layer}): layer {index + 1} is {dense!r}, not Dense")
        return dense

    def is_dense(self, layer: int) -> bool:
        """Tell whether layer l, from 2 to L, is a `Dense`, which has a z."""
        return isinstance(self._layers[self._index("is_dense", layer, 2, self.n_layers) + 1], Dense)

    def z(self, layer: int) -> Array:
        """Weighted input z^(l), shape (batch, n), for l = 2 to L, of a `Dense`."""
        index = self._index("z", layer, 2, self.n_layers)
        self._dense("z", layer, index + 1)
        z = self._z[index]
        assert z is not None
        return z

    def a(self, layer: int) -> Array:
        """Activation a^(l), shape (batch, n), for l = 1 (the input x) to L (the output s)."""
        return self._a[self._index("a", layer, 1, self.n_layers)]

    def f_prime(self, layer: int) -> Array:
        """f'(z^(l)), shape (batch, n), for l = 2 to L.

        Of softmax, whose a_i depend on every z_j, the Jacobians da_i/dz_j, shape (batch, n, n).
        """
        i = self._index("f_prime", layer, 2, self.n_layers)
        activation, z = self._dense("f_prime", layer, i + 1).activation, self.z(layer)
        with np.errstate(all="ignore"):  # what underflows in float32 is 0
            return _slopes.f_prime(activation, z).astype(z.dtype)

    def f_prime_of_first(self, layer: int) -> Array | None:
        """f'(z^(l)) of the first sample, shape (n,); None for softmax, where it is a matrix."""
        activation = self._dense("f_prime", layer, layer - 1).activation
        if not _slopes.is_elementwise(activation):
            return None
        first: Array = _slopes.slopes(activation, self.z(layer)[:1])[0]
        return first

    def delta(self, layer: int) -> Array:
        """Local gradient delta^(l) = dC/dz^(l), shape (batch, n), for l = 2 to L.

        Of a layer without z, such as `LayerNorm`, it is dC/da^(l). C is the mean over the batch, so
        each row already has its share of it.
        """
        return self._delta[self._index("delta", layer, 2, self.n_layers)]

    def dW(self, layer: int) -> Array:
        """dC/dW^(l) = delta^(l+1) a^(l)T, shape (n_out, n_in), for l = 1 to L-1.

        Where the layer has a penalty and is not frozen, l1 sign(W) + 2 l2 W comes to it.
        """
        index = self._index("dW", layer, 1, self.n_layers - 1) + 1
        self._dense("dW", layer, index)
        return self._gradients[index][0]

    def db(self, layer: int) -> Array | None:
        """dC/db^(l) = delta^(l+1) summed over the batch, shape (n_out,), for l = 1 to L-1.

        None for a layer without bias.
        """
        index = self._index("db", layer, 1, self.n_layers - 1) + 1
        self._dense("db", layer, index)
        return self._gradients[index][1]

    @property
    def s(self) -> Array:
        """Output of the network, shape (batch, n_out)."""
        return self._a[-1]

    @property
    def dC_ds(self) -> Array:
        """Gradient of C for the output, shape (batch, n_out).

        Where the loss is `fused` with the output's activation, delta^(L) does not come from it, but
        from s - y, which is exact where an s_j is nearly 0.
        """
        return self._dC_ds

    @property
    def ds_dz(self) -> Array:
        """f'(z^(L)), so that delta^(L) = dC/ds ds/dz: (batch, n_out), of softmax (batch, n, n)."""
        return self.f_prime(self.n_layers)

    def _repr_html_(self) -> str:
        return _notebook.trace_html(self)

    def _repr_latex_(self) -> str:
        return _notebook.trace_latex(self)

    def __repr__(self) -> str:
        widths, batch = widths_of(self._layers), self._a[0].shape[0]
        return f"Trace(network {widths}, batch {batch}, cost {self.cost:.6g})"
