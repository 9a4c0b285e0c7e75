"""What a network does with files."""

# SPDX-License-Identifier: BSD-3-Clause
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self, cast

from chainrule import _stored
from chainrule._no_optimizer import why
from chainrule._optimizer import asks_for_rate
from chainrule._spec import shown
from chainrule._trainable import Trainable
from chainrule.optimizers import Optimizer

if TYPE_CHECKING:
    from chainrule.network import CostFunction, Network


class Storable(Trainable):
    """The part of a `Network` that is about files."""

    def save(
        self, path: str | os.PathLike[str], *, include_optimizer: bool | Optimizer = False
    ) -> None:
        """Write the network into one safetensors file, in the place of the one that may be there.

        It holds all that `load` needs to predict and to continue: layers and loss with their
        hyperparameters, weights, their average if there is one, the seed, and how far the random
        streams of trainings have come. Not the history, `threads`, or attributes of your own. It is
        written to a temporary file first and flushed to the disk, so that a crash, a full disk or a
        loss of power leaves the old file or the new one, complete. docs/files.md describes the
        format.

        Parameters
        ----------
        path : path
            Of the file, by custom ending in ".safetensors". A symbolic link is followed, and the
            permissions of a file that is there are kept.
        include_optimizer : bool or optimizer, default False
            Whether to write the optimizer of the last `fit` or `partial_fit`, too, with its state,
            schedule and generator; or the one that has trained the network by `train_step`. `load`
            makes it the network's `optimizer`.

        Raises
        ------
        OSError
            If the file cannot be written; the old one is as it was.
        ValueError
            If a weight is NaN or infinite; if there is no such optimizer, it holds the state of
            another network, or its learning rate is a function, which no file can hold.
        TypeError
            If an argument has the wrong type.
        ConcurrentUseError
            If another call trains the network at this moment.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.Network([cr.Input(1), cr.Dense(1)], rng=0)
        >>> net.save("line.safetensors")
        >>> cr.Network.load("line.safetensors").predict([2]) == net.predict([2])
        array([ True])
        """
        if include_optimizer is False:
            return _stored.save(cast("Network", self), path)
        optimizer: object = include_optimizer
        if include_optimizer is True:
            optimizer = self.optimizer if self._last_optimizer is None else self._last_optimizer
        if include_optimizer is True and optimizer is None:
            raise ValueError(
                "include_optimizer=True takes the optimizer of the last fit or partial_fit, and "
                "there was none; pass the optimizer itself"
            )
        if not isinstance(optimizer, Optimizer):
            raise TypeError(why(optimizer))
        if asks_for_rate(optimizer._spec()):
            raise ValueError(
                "the learning rate of this optimizer is a function, which no file can hold"
            )
        if not self._may_take(optimizer):
            raise ValueError("this optimizer holds the state of another network")
        _stored.save(cast("Network", self), path, optimizer)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, loss: CostFunction | None = None) -> Self:
        """Return the network that a file of `save`, or a checkpoint, holds.

        It gives the same bits as the one that was saved, in predictions and in trainings that go
        on; an optimizer in the file is its `optimizer`, unless its learning rate is a function. No
        code of the file runs, no other file is read, and memory is taken for what the file holds,
        not for what it claims.

        Parameters
        ----------
        path : path
            Of the file.
        loss : callable, optional
            The cost of a network that has a function for it, which no file can hold.

        Returns
        -------
        Network
            Of the class that this is called of.

        Raises
        ------
        ModelFormatError
            If it is no such file, is damaged, or was written by a newer version: the message says
            what is wrong. NaN and infinite weights are refused, too.
        OSError
            If it cannot be read.
        ValueError
            If `loss` is missing, or there although the network has another one.
        TypeError
            If it is no function.
        """
        given: object = loss
        if given is not None and (not callable(given) or isinstance(given, type)):
            raise TypeError(f"loss must be a function (s, y) -> (cost, dC_ds), got {shown(loss)}")
        kind: Any = cls
        return cast("Self", _stored.load(kind, path, loss).network)
