"""Settings of the tests."""
# SPDX-License-Identifier: BSD-3-Clause

import pytest
from hypothesis import settings

import chainrule as cr
from chainrule import _core

# The same examples in every run; a machine that is busy is no failure.
settings.register_profile("chainrule", derandomize=True, deadline=None, database=None)
settings.load_profile("chainrule")


@pytest.fixture(autouse=True)
def settings_of_the_process():
    """Undo what a test, or a snippet of a page, sets for the whole process."""
    threads, product = cr.get_num_threads(), _core.product_choice()
    yield
    if cr.get_num_threads() != threads:
        cr.set_num_threads(threads)
    if _core.product_choice() != product:
        cr.set_product(product)


@pytest.fixture(params=["layerwise", "narrow", "rows", "columns"])
def plan(request):
    """Have one plan serve all networks that it can, with our own products."""
    cr.set_product("own")
    _core._force_plan(request.param)
    yield request.param
    _core._force_plan("auto")
