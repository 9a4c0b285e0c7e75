// The crossing between Python and C++: optimizers.
// SPDX-License-Identifier: BSD-3-Clause
#include <pybind11/numpy.h>

#include <map>

#include "bind.h"
#include "chainrule/network/optimizer.h"

namespace chainrule {

void bind_optimizer(py::module_& module) {
  using State = py::array_t<double, py::array::c_style | py::array::forcecast>;

  py::class_<Optimizer>(module, "Optimizer", "An optimizer and its state.")
      .def(py::init(
               [](const SpecTuple& spec) { return std::make_unique<Optimizer>(to_spec(spec)); }),
           py::arg("spec"))
      .def("_spec", [](const py::object& self) { return from_spec(bound<Optimizer>(self).spec()); })
      .def(
          "_configure",
          [](const py::object& self, const SpecTuple& spec) {
            bound<Optimizer>(self).configure(to_spec(spec));
          },
          py::arg("spec"))
      .def(
          "_number",
          [](const py::object& self, const std::string& name) {
            return bound<Optimizer>(self).number(name);
          },
          py::arg("name"))
      .def_property_readonly(
          "_made", [](const py::object& self) { return bound_if_made<Optimizer>(self) != nullptr; },
          "bool: Whether __init__ has run.")
      .def_property_readonly(
          "steps", [](const py::object& self) { return bound<Optimizer>(self).steps(); },
          "int: Updates made so far.")
      .def_property_readonly(
          "epochs", [](const py::object& self) { return bound<Optimizer>(self).epochs(); },
          "int: Whole epochs of the trainings so far.")
      .def("_schedule_memory",
           [](const py::object& self) {
             std::map<std::string, double> memory;
             for (const auto& [name, value] : bound<Optimizer>(self).schedule_memory()) {
               memory[name] = value;
             }
             return memory;
           })
      .def(
          "_restore_schedule",
          [](const py::object& self, const std::map<std::string, double>& memory) {
            bound<Optimizer>(self).restore_schedule({"memory", {memory.begin(), memory.end()}});
          },
          py::arg("memory"))
      .def("_states",
           [](const py::object& self) {
             py::typing::Dict<py::str, State> states;
             for (const auto& [name, values] : bound<Optimizer>(self).states()) {
               states[py::str(name)] =
                   State(static_cast<py::ssize_t>(values.size()), values.data());
             }
             return states;
           })
      .def("_running",
           [](const py::object& self) {
             py::typing::Dict<py::str, py::float_> running;
             for (const auto& [name, value] : bound<Optimizer>(self).running()) {
               running[py::str(name)] = value;
             }
             return running;
           })
      .def(
          "_restore",
          [](const py::object& self, std::int64_t steps, const std::map<std::string, State>& states,
             const std::map<std::string, double>& running) {
            Optimizer::ByName<std::vector<double>> values;
            for (const auto& [name, state] : states) {
              values.emplace_back(name,
                                  std::vector<double>(state.data(), state.data() + state.size()));
            }
            bound<Optimizer>(self).restore(steps, values, {running.begin(), running.end()});
          },
          py::arg("steps"), py::arg("states"), py::arg("running"));
}

}  // namespace chainrule
