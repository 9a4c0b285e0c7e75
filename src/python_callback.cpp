// The crossing between Python and C++: calling a callback of the user's own between the steps of a training.
// SPDX-License-Identifier: BSD-3-Clause
#include "python_callback.h"

namespace chainrule {

PythonCallback::PythonCallback(const py::handle& functions) {
  const auto all = functions.cast<py::tuple>();
  begin_ = all[0].ptr();
  after_step_ = all[1].ptr();
  after_epoch_ = all[2].ptr();
  end_ = all[3].ptr();
}

Watches PythonCallback::watches() const {
  if (!after_step_.is_none()) return Watches::kSteps;
  return after_epoch_.is_none() ? Watches::kEnds : Watches::kEpochs;
}

bool PythonCallback::call(py::handle function, const Record& record) {
  if (function.is_none()) return false;
  return back_in_python([&] {
    py::object validation = py::none();
    if (record.validation_cost) validation = py::float_(*record.validation_cost);
    py::object norm = py::none(), metrics = py::none();
    if (record.gradient_norm) norm = py::float_(*record.gradient_norm);
    if (!record.of_step && record.epochs) {
      py::list values;
      for (const Column& each : *record.epochs) {
        if (!each.values.empty()) {
          values.append(py::make_tuple(each.quantity.name, each.values.back()));
        }
      }
      metrics = values;
    }
    const py::object stop =
        call_python(py::reinterpret_borrow<py::object>(function), py::int_(record.epoch),
                    py::int_(record.step), py::float_(record.cost), validation,
                    py::float_(record.seconds), py::float_(record.learning_rate), norm, metrics);
    return is_true_in_python(stop);
  });
}

}  // namespace chainrule
