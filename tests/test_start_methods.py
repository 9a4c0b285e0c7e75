"""Processes started in every way: before this one has threads, after, and while they compute."""
# SPDX-License-Identifier: BSD-3-Clause

import pytest

from child_processes import python
from started_processes import START_METHODS


@pytest.mark.parametrize("method", START_METHODS)
def test_children_train_alike(method):
    code = f"""
        import copy, chainrule as cr
        from eight_threads import BATCH, X, Y, make
        from meanwhile import being_trained
        from started_processes import trained, trained_in_children, workers
        from tasks import TASKS
        net, optimizer = make(), cr.Adam()
        started = lambda: trained_in_children({method!r}, net, optimizer)
        before = started()
        if TASKS.exists():
            assert workers() == 0
        expected = trained(net.copy(), copy.copy(optimizer))
        after = started()
        beside = make()
        beside.threads = 3
        with being_trained(beside, X, Y, cr.Adam(), batch_size=BATCH):
            meanwhile = started()
        assert [before, after, meanwhile] == [[expected] * 2] * 3, (before, after, meanwhile)
        assert trained(net, optimizer) == expected  # and the parent goes on
        print("the end")
    """
    assert python(code) == "the end\n"
