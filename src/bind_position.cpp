// The crossing between Python and C++: the position of a training, as a tree of named numbers and arrays by name.
// SPDX-License-Identifier: BSD-3-Clause
#include <pybind11/numpy.h>

#include "bind.h"
#include "chainrule/network/position.h"

namespace chainrule {
namespace {

using Numbers = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Arrays = py::typing::Dict<py::str, Numbers>;

Position make_position(const SpecTuple& state, const Arrays& arrays) {
  Position position{to_spec(state)};
  if (position.state.name != Position::kName) {
    throw std::invalid_argument(std::string("the state of a position must have the name \"") +
                                Position::kName + "\", got \"" + position.state.name + "\"");
  }
  for (const auto& [name, values] : arrays) {
    const auto numbers = values.cast<Numbers>();
    position.arrays.emplace_back(
        name.cast<std::string>(),
        std::vector<double>(numbers.data(), numbers.data() + numbers.size()));
  }
  return position;
}

Arrays arrays_of(const Position& position) {
  Arrays arrays;
  for (const auto& [name, values] : position.arrays) {
    arrays[py::str(name)] = Numbers(static_cast<py::ssize_t>(values.size()), values.data());
  }
  return arrays;
}

}  // namespace

void bind_position(py::module_& module) {
  py::class_<Position>(module, "Position",
                       "Where a training was left before its end; empty, where one begins.")
      .def(py::init<>())
      .def(py::init(&make_position), py::arg("state"), py::arg("arrays"))
      .def_property_readonly("empty", &Position::empty, "bool: Whether nothing is written down.")
      .def_property_readonly(
          "state", [](const Position& position) { return from_spec(position.state); },
          "tuple: (name, numbers, words, parts).")
      .def_property_readonly("arrays", &arrays_of, "dict: Arrays of float64 by name.")
      .def("__reduce__", [](const py::object& self) -> py::typing::Tuple<py::type, py::object> {
        const auto& position = self.cast<const Position&>();
        if (position.empty()) return py::make_tuple(py::type::of(self), py::tuple());
        const py::tuple arguments = py::make_tuple(from_spec(position.state), arrays_of(position));
        return py::make_tuple(py::type::of(self), arguments);
      });
}

}  // namespace chainrule
