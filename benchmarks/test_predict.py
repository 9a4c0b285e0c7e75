"""Predictions through Python: NumPy in, NumPy out."""
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest
from networks import assert_near, network
from workloads import PREDICTION

import reference

WORKLOADS = PREDICTION


@pytest.mark.benchmark(group="predict")
def test_predict(benchmark, workload):
    net = network(workload)
    x, _ = workload.samples(workload.batch)
    s = benchmark(net.predict, x)
    by_reference = reference.Network.from_chainrule(net).forward(x)
    assert s.dtype == np.float32
    assert_near(s, by_reference.s, workload)
