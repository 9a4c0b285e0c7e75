"""What can be set works and is documented; what cannot be set raises. Nothing set is lost."""
# SPDX-License-Identifier: BSD-3-Clause

import copy
import inspect
import pickle
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.layers import Layer
from chainrule.optimizers import Optimizer
from support import bits

X, Y = np.ones((5, 4)), np.ones((5, 2))


def make(kind=cr.Network, **options):
    return kind([cr.Input(4), cr.Dense(3, "tanh"), cr.Dense(2)], rng=0, **options)


# ---- Optimizers ----------------------------------------------------------------------------------


EVERY = pytest.mark.parametrize("optimizer", Optimizer.__subclasses__())


@EVERY
@pytest.mark.parametrize("name", ["lr", "beta1", "decay", "learning_rat", "numbers", "_x"])
def test_optimizers_have_no_other_settings(optimizer, name):
    one = optimizer()
    before = repr(one)
    with pytest.raises(AttributeError, match=f"{name!r}; it has .*learning_rate"):
        setattr(one, name, 0.5)
    assert repr(one) == before
    assert not hasattr(one, name)


@EVERY
def test_an_argument_that_there_is_not(optimizer):
    with pytest.raises(TypeError, match=r"argument 'lr'; it has learning_rate, .*clip_norm"):
        optimizer(lr=0.1)
    with pytest.raises(TypeError, match="too many positional arguments"):
        optimizer(0.1, 0.5)


@EVERY
def test_every_argument_is_a_documented_property_that_works(optimizer):
    arguments = inspect.signature(optimizer).parameters
    other = {
        "momentum": 0.25,  # which Nesterov's form needs
        "betas": (0.5, 0.25),
        "etas": (0.25, 1.5),
        "step_sizes": (0.125, 0.25),
        "accumulate": 2,
    }
    changed = {
        name: other.get(name, True if each.default is False else 0.5)
        for name, each in arguments.items()
    }
    nets = make(), make()
    by_setting, by_argument = optimizer(), optimizer(**{name: changed[name] for name in arguments})
    for name in arguments:
        setattr(by_setting, name, changed[name])
        assert getattr(by_setting, name) == changed[name]
        assert inspect.getdoc(inspect.getattr_static(optimizer, name))
    assert repr(by_setting) == repr(by_argument)
    for net, used in zip(nets, (by_setting, by_argument), strict=True):
        net.fit(X, Y, optimizer=used, epochs=3)
    assert bits(nets[0]) == bits(nets[1])


def test_nesterov_set_later_is_nesterov():
    nets = make(), make(), make()
    plain, set_later = cr.SGD(0.1, momentum=0.9), cr.SGD(0.1, momentum=0.9)
    set_later.nesterov = True
    from_the_start = cr.SGD(0.1, momentum=0.9, nesterov=True)
    for net, optimizer in zip(nets, (plain, set_later, from_the_start), strict=True):
        net.fit(X, Y, optimizer=optimizer, epochs=3)
    assert bits(nets[1]) == bits(nets[2]) != bits(nets[0])
    with pytest.raises(TypeError, match="nesterov must be True or False, got 1"):
        plain.nesterov = 1
    with pytest.raises(ValueError, match="nesterov must be False, or True together"):
        cr.SGD().nesterov = True


def test_betas_are_set_both_or_none():
    adam = cr.Adam()
    with pytest.raises(ValueError, match=r"betas\[1\]"):
        adam.betas = (0.5, 1.5)
    assert adam.betas == (0.9, 0.999)


@pytest.mark.parametrize(
    "optimizer",
    [
        cr.SGD(1 / 3, momentum=0.1 + 0.2, nesterov=True),
        cr.Adam(1e-300, betas=(1 / 7, 1 / 3), eps=2**-50),
        *[kind() for kind in Optimizer.__subclasses__()],
        cr.RMSprop(0.5, centered=True, clip_value=1 / 3, clip_norm=2),
        cr.Rprop(etas=(1 / 3, 1.1), step_sizes=(0, 0.1)),
    ],
    ids=repr,
)
def test_repr_makes_the_optimizer_again(optimizer):
    again = eval(repr(optimizer), vars(cr))
    assert repr(again) == repr(optimizer)
    for name in optimizer._arguments:
        assert getattr(again, name) == getattr(optimizer, name)


# ---- Layers, stop conditions, blocks of threads --------------------------------------------------


@pytest.mark.parametrize("name", ["activation", "n_out", "has_bias", "init", "foo", "weight"])
def test_a_layer_of_a_network_is_what_it_is(name):
    net = make()
    before = repr(net), bits(net)
    with pytest.raises(AttributeError, match=name):
        setattr(net.layers[1], name, "relu")
    assert (repr(net), bits(net)) == before


def test_a_description_may_be_changed_before_use():
    layer = cr.Dense(3)
    layer.n_out, layer.activation, layer.has_bias, layer.init = np.int8(5), "relu", False, "zeros"
    assert layer == cr.Dense(5, "relu", bias=False, init="zeros")
    net = cr.Network([cr.Input(2), layer], rng=0)
    assert net.predict([1, 2]).tolist() == [0] * 5
    for name, value in (("n_out", 0), ("activation", "rlu"), ("has_bias", 1), ("init", None)):
        with pytest.raises((TypeError, ValueError), match=r"must be|unknown"):
            setattr(layer, name, value)
    assert layer == cr.Dense(5, "relu", bias=False, init="zeros")
    with pytest.raises(AttributeError, match=r"no setting 'units'; it has .*n_out"):
        layer.units = 3


@pytest.mark.parametrize(
    "thing", [cr.TimeLimit(1), cr.CostBelow(1), cr.StopWhen(threading.Event()), cr.threads(1)]
)
def test_other_objects_take_no_attributes(thing):
    with pytest.raises(AttributeError):
        thing.seconds = 5
    with pytest.raises((AttributeError, TypeError)):
        thing.foo = 5


@pytest.mark.parametrize("kind", [Layer, *Layer.__subclasses__(), *Optimizer.__subclasses__()])
def test_what_can_be_set_is_documented(kind):
    for name in filter(lambda name: not name.startswith("_"), dir(kind)):
        assert inspect.getdoc(inspect.getattr_static(kind, name)), name


# ---- State that pickle, copies and a second __init__ must not lose -------------------------------


class Named(cr.Network):
    """A network with attributes of its own."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.name = "mine"
        self.log = [1, 2]


class Slotted(cr.Network):
    """A network whose attribute is no entry of its __dict__."""

    __slots__ = ("tag",)


class Counting(cr.Adam):
    """An optimizer with an attribute of its own."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.calls = 3


class Frozen(cr.Network):
    """A network that says itself what goes into a pickle."""

    def __getstate__(self):
        return {"only": 1}

    def __setstate__(self, state):
        self.restored = state


COPIES = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "pickle, protocol 0": lambda thing: pickle.loads(pickle.dumps(thing, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", [*COPIES, "copy()"])
def test_attributes_of_a_network_are_kept(way):
    for net in make(), make(Named):
        net.note, net.labels = {"a": 1}, ["cat", "dog"]
        net.fit(X, Y, epochs=2)
        twin = net.copy() if way == "copy()" else COPIES[way](net)
        assert type(twin) is type(net)
        assert (twin.note, twin.labels) == (net.note, net.labels)
        assert (twin.labels is net.labels) == (way in ("copy", "copy()"))
        assert twin.history == net.history
        assert getattr(twin, "log", None) == getattr(net, "log", None)
        assert (bits(twin), repr(twin), twin.seed) == (bits(net), repr(net), net.seed)
        twin.other = 5
        assert not hasattr(net, "other")
        net.fit(X, Y)
        twin.fit(X, Y)
        assert bits(twin) == bits(net)


@pytest.mark.parametrize("way", COPIES)
def test_a_network_may_say_itself_what_it_keeps(way):
    twin = COPIES[way](make(Frozen))
    assert twin.restored == {"only": 1}
    assert twin.predict(X).shape == (5, 2)


@pytest.mark.parametrize("way", [*COPIES, "copy()"])
def test_slots_are_kept_and_histories_are_not_shared(way):
    net = make(Slotted)
    net.tag = "mine"
    net.fit(X, Y, epochs=2)
    twin = net.copy() if way == "copy()" else COPIES[way](net)
    assert twin.tag == "mine"
    twin.history.cost.append(7)
    assert len(net.history.cost) == 2


@pytest.mark.parametrize("way", COPIES)
def test_attributes_of_an_optimizer_are_kept(way):
    net, own = make(), Counting(0.5)
    net.train_step(X, Y, own)
    own.calls += 1
    twin = COPIES[way](own)
    assert type(twin) is Counting
    assert (twin.calls, twin.steps, repr(twin)) == (4, 1, repr(own))


@pytest.mark.parametrize("way", COPIES)
def test_layers_are_copied_with_what_they_describe(way):
    layer = COPIES[way](cr.Dense(3, "tanh", bias=False, init="zeros"))
    assert layer == cr.Dense(3, "tanh", bias=False, init="zeros")
    of_network = COPIES[way](make().layers[1])
    assert of_network.weights.shape == (3, 4)


@pytest.mark.parametrize("way", COPIES)
def test_a_network_stopped_by_an_event_is_copied(way):
    event = threading.Event()
    event.set()
    net = make()
    net.fit(X, Y, stop=cr.StopWhen(event))
    twin = COPIES[way](net)
    assert isinstance(twin.history.stopped_by, cr.StopWhen)
    assert twin.history.stopped_by.event.is_set() == (way == "copy")


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_a_second_init_of_a_network_is_refused(loss):
    net = make()
    net.fit(X, Y)
    before = repr(net), bits(net), net.loss
    with pytest.raises(RuntimeError, match="this Network is made already"):
        net.__init__([cr.Input(4), cr.Dense(2, "softmax")], loss=loss)
    assert (repr(net), bits(net), net.loss) == before
    with pytest.raises(RuntimeError, match="this Network is made already"):
        cr.Network.__init__(pickle.loads(pickle.dumps(net)), [cr.Input(4), cr.Dense(2)])


@pytest.mark.parametrize(
    "thing", [cr.SGD(), cr.Adam(), cr.Dense(3), cr.Input(3), cr.threads(2)], ids=repr
)
def test_a_second_init_is_refused(thing):
    before = repr(thing)
    argument = 4 if isinstance(thing, cr.threads | Layer) else 0.5
    with pytest.raises(RuntimeError, match="made already"):
        thing.__init__(argument)
    assert repr(thing) == before


def test_an_input_names_its_own_settings_only():
    with pytest.raises(AttributeError, match=r"Input has no setting 'foo'; it has n$"):
        cr.Input(4).foo = 1


def test_an_init_that_failed_may_be_tried_again():
    net, sgd = cr.Network.__new__(cr.Network), cr.SGD.__new__(cr.SGD)
    with pytest.raises(ValueError, match="Input"):
        net.__init__([cr.Dense(2)])
    with pytest.raises(ValueError, match="learning_rate"):
        sgd.__init__(-1)
    net.__init__([cr.Input(4), cr.Dense(2)])
    sgd.__init__(0.5)
    assert net.train_step(X, Y, sgd) > 0
