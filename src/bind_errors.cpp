// The crossing between Python and C++: exceptions.
// SPDX-License-Identifier: BSD-3-Clause
#include "bind.h"
#include "chainrule/error.h"

namespace chainrule {

py::object exception_of(const TrainingDiverged& error) {
  const py::object made =
      py::module_::import("chainrule._core").attr("TrainingDiverged")(error.what());
  made.attr("epoch") = error.epoch;
  made.attr("step") = error.step;
  made.attr("layer") = error.layer;
  return made;
}

void bind_errors(py::module_& module) {
  const auto bind = [&](auto&& exception, const char* doc) {
    exception.attr("__module__") = "chainrule";
    exception.attr("__doc__") = doc;
  };
  bind(py::register_exception<ShapeError>(module, "ShapeError", PyExc_ValueError),
       "An array has another shape than the network expects.");
  bind(py::register_exception<TrainingDiverged>(module, "TrainingDiverged", PyExc_RuntimeError),
       "Cost, gradient or weights became infinite or NaN; the weights are those that it tells "
       "of.\n\n"
       "Its message says where that began and what the likely causes are.\n\n"
       "Attributes\n"
       "----------\n"
       "epoch : int or None\n"
       "    In which epoch of the training, from 1; None outside of `Network.fit`.\n"
       "step : int or None\n"
       "    In which step of this epoch, from 1; None outside of `Network.fit`, and where a cost\n"
       "    after the last step was not finite, such as that of the validation data.\n"
       "layer : int or None\n"
       "    Number of the layer, as ``print(net)`` has it, in which the first number came up that "
       "is\n"
       "    not finite: on the way forward, in the cost of its outputs or the penalty of its "
       "weights,\n"
       "    on the way back, or in its new weights. The input is layer 1, so it is ``layers[layer "
       "-\n"
       "    1]``. None where it cannot be told.\n"
       "history : History or None\n"
       "    How far the training came, where `Network.fit` raises it.");
  const py::object diverged = module.attr("TrainingDiverged");
  for (const char* attribute : {"epoch", "step", "layer", "history"}) {
    diverged.attr(attribute) = py::none();
  }
  // Comes before the one of register_exception, which tells the message only.
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const TrainingDiverged& error) {
      const py::object exception = exception_of(error);
      PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    }
  });
  bind(py::register_exception<ConcurrentUseError>(module, "ConcurrentUseError", PyExc_RuntimeError),
       "A network or optimizer is in use by another call that excludes this one.");
}

}  // namespace chainrule
