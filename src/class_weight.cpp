// The crossing between Python and C++: from classes as y names them to their numbers.
// SPDX-License-Identifier: BSD-3-Clause
#include "class_weight.h"

#include <string>

#include "array_argument.h"
#include "chainrule/error.h"
#include "chainrule/network/check_targets.h"

namespace chainrule {
namespace {

constexpr const char* kExpected =
    "class_weight must be a dict {class: weight} or one number for each class, got ";

bool is_mapping(const py::object& object) {
  return PyDict_Check(object.ptr()) != 0 || py::hasattr(object, "keys");
}

double real_number(const py::handle& object, const std::string& what) {
  const double number = PyFloat_AsDouble(object.ptr());
  if (number == -1 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw py::type_error(what + shown(object));
  }
  return number;
}

std::vector<double> from_mapping(const py::object& mapping, const Classes& classes) {
  std::vector<double> weights(static_cast<std::size_t>(classes.count), 1.0);
  for (const py::handle item : py::list(mapping.attr("items")())) {
    const auto pair = item.cast<py::tuple>();
    const double place = (real_number(pair[0], "class_weight must name classes as y does, got ") -
                          static_cast<double>(classes.first)) /
                         static_cast<double>(classes.step);
    if (!(place >= 0 && place < static_cast<double>(classes.count)) ||
        place != static_cast<double>(static_cast<std::int64_t>(place))) {
      throw std::invalid_argument("class_weight has class " + shown(pair[0]) +
                                  ", but this network has the classes " + classes.listed());
    }
    weights[static_cast<std::size_t>(place)] =
        real_number(pair[1], "class_weight of class " + shown(pair[0]) + " must be a number, got ");
  }
  return weights;
}

}  // namespace

std::vector<double> class_weight_argument(const py::object& object,
                                          const Architecture& architecture) {
  if (object.is_none()) return {};
  const Classes classes = classes_of(architecture);
  if (py::isinstance<py::str>(object)) {
    throw py::type_error(kExpected + shown(object) + "; fit takes \"balanced\", too");
  }
  if (is_mapping(object)) return from_mapping(object, classes);
  const ArrayArgument argument = array_argument(object, "class_weight");
  if (argument.owner.ndim() != 1 || argument.owner.shape(0) != classes.count) {
    throw ShapeError("class_weight has shape " + shape_of(argument.owner) + ", expected (" +
                     std::to_string(classes.count) + ",): this network has the classes " +
                     classes.listed());
  }
  std::vector<double> weights(static_cast<std::size_t>(classes.count));
  gather_rows(argument.view, {nullptr, {0, classes.count}},
              MatrixView<double>(weights.data(), classes.count, 1));
  return weights;
}

}  // namespace chainrule
