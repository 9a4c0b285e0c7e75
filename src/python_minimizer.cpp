// The crossing between Python and C++: what a minimizer in Python sees of a training.
// SPDX-License-Identifier: BSD-3-Clause
#include "python_minimizer.h"

#include <pybind11/numpy.h>

#include <stdexcept>
#include <string>

#include "chainrule/error.h"

namespace chainrule {
namespace {

using Point = py::array_t<double, py::array::c_style | py::array::forcecast>;

// Python may keep it longer than the training lives.
struct ObjectiveOfTraining {
  Objective* objective;

  Objective& get() const {
    if (!objective) throw std::runtime_error("the training of this objective has ended");
    return *objective;
  }
};

Point parameters_of(const ObjectiveOfTraining& self) {
  Point point(self.get().size());
  self.get().copy_parameters(point.mutable_data());
  return point;
}

py::typing::Tuple<py::float_, Point> value_and_grad(const ObjectiveOfTraining& self,
                                                    const Point& point) {
  Objective& objective = self.get();
  if (point.ndim() != 1 || point.size() != objective.size()) {
    throw ShapeError("the point has " + std::to_string(point.size()) + " numbers, expected (" +
                     std::to_string(objective.size()) + ",)");
  }
  Point gradient(point.size());
  const double* const from = point.data();
  double* const to = gradient.mutable_data();
  const double cost = [&] {
    const WithoutGil without;
    return objective.value_and_gradient(from, to);
  }();
  return py::make_tuple(cost, gradient);
}

bool finish_iteration(const ObjectiveOfTraining& self) {
  Objective& objective = self.get();
  const WithoutGil without;
  return objective.finish_iteration();
}

}  // namespace

Minimizer python_minimizer(py::handle function) {
  return [function](Objective& objective) {
    back_in_python([&] {
      const py::object seen = py::cast(ObjectiveOfTraining{&objective});
      struct End {
        ObjectiveOfTraining& of;
        ~End() { of.objective = nullptr; }
      } const end{seen.cast<ObjectiveOfTraining&>()};
      call_python(py::reinterpret_borrow<py::object>(function), seen);
    });
  };
}

void bind_objective(py::module_& module) {
  py::class_<ObjectiveOfTraining>(module, "Objective",
                                  "The cost of all samples of a training, for a minimizer.")
      .def_property_readonly("parameters", &parameters_of,
                             "numpy.ndarray: A copy, after the last finished iteration.")
      .def("value_and_grad", &value_and_grad, py::arg("point"),
           "Return cost and gradient; the cost is NaN where one of them is not finite.")
      .def("finish_iteration", &finish_iteration,
           "Say that the last point is the next iterate; return whether to stop.");
}

}  // namespace chainrule
