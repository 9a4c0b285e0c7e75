// The crossing between Python and C++: what module.cpp lists, and what its files share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <climits>
#include <string>
#include <vector>

#include "chainrule/spec.h"
#include "gil.h"
#include "pybind_internals.h"

namespace chainrule {

namespace py = pybind11;

struct TrainingDiverged;

void bind_errors(py::module_& module);
void bind_engine(py::module_& module);
void bind_measure(py::module_& module);
void bind_members(py::module_& module);
void bind_optimizer(py::module_& module);
void bind_network(py::module_& module);
void bind_objective(py::module_& module);
void bind_position(py::module_& module);
void bind_training(py::module_& module);

// The repr of what a user has passed, in one line that is not too long for a message.
inline std::string shown(py::handle object) {
  return py::module_::import("chainrule._spec").attr("shown")(object).cast<std::string>();
}

// The exception of Python's that tells of this one.
py::object exception_of(const TrainingDiverged& error);

// A whole number that a user passes for `name`. Throws TypeError or ValueError.
inline std::int64_t whole_number(const py::object& object, const std::string& name) {
  if (PyIndex_Check(object.ptr()) == 0) {
    throw py::type_error(name + " must be a whole number, got " + shown(object));
  }
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  const std::int64_t value = PyLong_AsLongLong(number.ptr());
  if (value == -1 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw std::invalid_argument(name + " must be a whole number below 2^63");
  }
  return value;
}

// The same for a number of threads.
inline int thread_count(const py::object& object, const std::string& name) {
  return static_cast<int>(std::clamp<std::int64_t>(whole_number(object, name), INT_MIN, INT_MAX));
}

// True or False, Python's or NumPy's, that a user passes for `name`. Throws TypeError.
inline bool true_or_false(const py::object& object, const char* name) {
  try {
    return bool_of(object);
  } catch (const py::cast_error&) {
    throw py::type_error(std::string(name) + " must be True or False, got " + shown(object));
  }
}

// The C++ object behind `self`. Throws TypeError where its __init__ has not run.
template <class Bound>
Bound& bound(const py::object& self) {
  if (Bound* made = bound_if_made<Bound>(self)) return *made;
  throw py::type_error("__init__ of this object has not run yet");
}

// A spec crosses as (name, {number}, {word}, [(role, spec)]).
using SpecTuple = py::typing::Tuple<py::str, py::typing::Dict<py::str, py::float_>,
                                    py::typing::Dict<py::str, py::str>,
                                    py::typing::List<py::typing::Tuple<py::str, py::object>>>;

inline Spec to_spec(const py::handle& object, int depth = 0) {
  constexpr int kDeepest = 16;
  if (depth > kDeepest) {
    throw std::invalid_argument("a spec has parts within parts, more than " +
                                std::to_string(kDeepest) + " deep");
  }
  const auto fields = object.cast<py::tuple>();
  Spec spec{fields[0].cast<std::string>()};
  for (const auto& [key, value] : fields[1].cast<py::dict>()) {
    spec.numbers.emplace_back(key.cast<std::string>(), value.cast<double>());
  }
  for (const auto& [key, value] : fields[2].cast<py::dict>()) {
    spec.words.emplace_back(key.cast<std::string>(), value.cast<std::string>());
  }
  for (const py::handle part : fields[3]) {
    const auto pair = part.cast<py::tuple>();
    spec.parts.emplace_back(pair[0].cast<std::string>(), to_spec(pair[1], depth + 1));
  }
  return spec;
}

inline SpecTuple from_spec(const Spec& spec) {
  py::dict numbers, words;
  py::list parts;
  for (const auto& [key, value] : spec.numbers) numbers[py::str(key)] = value;
  for (const auto& [key, value] : spec.words) words[py::str(key)] = value;
  for (const auto& [role, part] : spec.parts) parts.append(py::make_tuple(role, from_spec(part)));
  return py::make_tuple(spec.name, numbers, words, parts);
}

}  // namespace chainrule
