"""Settings of the tests."""
# SPDX-License-Identifier: BSD-3-Clause

import pytest
from hypothesis import HealthCheck, settings

import chainrule as cr
from chainrule import _core
from support import PLANS

# The same examples in every run; a machine that is busy is no failure; a plan that is forced stays
# so from example to example.
settings.register_profile(
    "chainrule",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
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
    _core._force_plan("auto")


@pytest.fixture
def own_product(settings_of_the_process):
    """Have products computed by our own kernels."""
    cr.set_product("own")


@pytest.fixture(params=PLANS)
def plan(request, settings_of_the_process):
    """Have one plan serve all networks that it can, and return its name.

    Products are our own, but those of "blas", which is the layerwise plan once more.
    """
    name, product = ("layerwise", "blas") if request.param == "blas" else (request.param, "own")
    cr.set_product(product)
    _core._force_plan(name)
    return name


@pytest.fixture
def four_threads(settings_of_the_process):
    """Let calls have four threads: large ones take them, small ones have one."""
    cr.set_num_threads(4)
