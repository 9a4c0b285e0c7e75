"""What tests/test_stopping.py gets for "cost_rises"."""
# SPDX-License-Identifier: BSD-3-Clause

import pytest

import chainrule as cr
from scripted_costs import fit


@pytest.mark.parametrize(("factor", "epochs"), [(1.5, 4), (3, 6), (1, 3)])
def test_cost_rises(factor, epochs):
    stop = cr.CostRises(factor)
    history = fit([4.0, 2.0, 3.0, 3.5, 1.0, 3.1], epochs=None, stop=stop)
    assert history.epochs == epochs
    assert history.stopped_by is stop
