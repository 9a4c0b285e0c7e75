// The crossing between Python and C++: exceptions.
// SPDX-License-Identifier: BSD-3-Clause
#include "bind.h"
#include "chainrule/error.h"

namespace chainrule {

void bind_errors(py::module_& module) {
  const auto bind = [&](auto&& exception, const char* doc) {
    exception.attr("__module__") = "chainrule";
    exception.attr("__doc__") = doc;
  };
  bind(py::register_exception<ShapeError>(module, "ShapeError", PyExc_ValueError),
       "An array has another shape than the network expects.");
  bind(py::register_exception<TrainingDiverged>(module, "TrainingDiverged", PyExc_RuntimeError),
       "Cost, gradient or weights became infinite or NaN; the weights are the last finite ones.\n\n"
       "Where `Network.fit` raises it, its attribute ``history`` tells how far the training came.");
  module.attr("TrainingDiverged").attr("history") = py::none();
  bind(py::register_exception<ConcurrentUseError>(module, "ConcurrentUseError", PyExc_RuntimeError),
       "A network or optimizer is in use by another call that excludes this one.");
}

}  // namespace chainrule
