// The crossing between Python and C++: what module.cpp lists, and what its files share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <tuple>
#include <vector>

#include "poll.h"
#include "simd/denormals.h"
#include "spec.h"

namespace chainrule {

namespace py = pybind11;

void bind_errors(py::module_& module);
void bind_members(py::module_& module);
void bind_optimizer(py::module_& module);
void bind_network(py::module_& module);

// A member crosses as (name, numbers, words).
using SpecTuple = std::tuple<std::string, std::vector<double>, std::vector<std::string>>;

inline Spec to_spec(const SpecTuple& from) {
  return {std::get<0>(from), std::get<1>(from), std::get<2>(from)};
}

inline std::vector<Spec> to_specs(const std::vector<SpecTuple>& from) {
  std::vector<Spec> specs;
  for (const SpecTuple& each : from) specs.push_back(to_spec(each));
  return specs;
}

// Lets Python see a Ctrl-C during long work without the GIL; its KeyboardInterrupt ends the work.
inline Poll signal_poll() {
  return Poll([] {
    const py::gil_scoped_acquire gil;
    const KeepDenormals keep;  // a signal handler may compute
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  });
}

}  // namespace chainrule
