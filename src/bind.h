// The crossing between Python and C++: what module.cpp lists, and what its files share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#endif

#include <algorithm>
#include <chrono>
#include <climits>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "poll.h"
#include "simd/denormals.h"
#include "spec.h"

namespace chainrule {

namespace py = pybind11;

void bind_errors(py::module_& module);
void bind_engine(py::module_& module);
void bind_measure(py::module_& module);
void bind_members(py::module_& module);
void bind_optimizer(py::module_& module);
void bind_network(py::module_& module);

// A whole number that a user passes for `name`. Throws TypeError or ValueError.
inline std::int64_t whole_number(const py::object& object, const std::string& name) {
  if (PyIndex_Check(object.ptr()) == 0) {
    throw py::type_error(name + " must be a whole number, got " +
                         py::repr(object).cast<std::string>());
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
  py::detail::make_caster<bool> value;
  if (!value.load(object, false)) {
    throw py::type_error(std::string(name) + " must be True or False, got " +
                         py::repr(object).cast<std::string>());
  }
  return value;
}

// The C++ object behind `self`. Throws TypeError where its __init__ has not run: pybind11 would hand out raw memory.
template <class Bound>
Bound& bound(const py::object& self) {
  static auto* const type = reinterpret_cast<PyTypeObject*>(py::type::of<Bound>().ptr());
  if (!PyType_IsSubtype(Py_TYPE(self.ptr()), type)) {
    throw py::type_error("expected " + py::type_id<Bound>() + ", got " +
                         py::repr(py::type::of(self)).cast<std::string>());
  }
  auto place = reinterpret_cast<py::detail::instance*>(self.ptr())->get_value_and_holder();
  if (!place.holder_constructed()) {
    throw py::type_error("__init__ of this object has not run yet");
  }
  return *static_cast<Bound*>(place.value_ptr());
}

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

[[noreturn]] inline void stand_still() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// Where the interpreter is on its way out, other threads may no longer have the GIL. They stand still until the process
// ends, as Python itself lets them from 3.14 on.
inline void stand_still_if_python_ends() {
#if PY_VERSION_HEX >= 0x030D0000
  if (Py_IsFinalizing()) stand_still();
#else
  if (_Py_IsFinalizing()) stand_still();
#endif
}

// What may wait for the GIL, on a thread that Python did not start this work on: before 3.14, Python ends a thread whose
// wait the end of the interpreter overtakes, by unwinding its stack. No destructor of ours that touches a Python object
// may run then, so this must enclose nothing but calls of Python's own C functions.
template <class Wait>
auto wait_for_python(Wait&& wait) {
  stand_still_if_python_ends();
#if defined(__GLIBCXX__)
  try {
    return wait();
  } catch (const abi::__forced_unwind&) {
    stand_still();
  }
#else
  return wait();
#endif
}

// function(arguments...), in work that has left the GIL and come back.
template <class... Arguments>
py::object call_python(const py::object& function, const Arguments&... arguments) {
  PyObject* const all[] = {nullptr, arguments.ptr()...};
  PyObject* const result = wait_for_python([&] {
    return PyObject_Vectorcall(function.ptr(), all + 1,
                               sizeof...(arguments) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  });
  if (!result) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

// Without the GIL from here to the end of the scope.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    wait_for_python([&] { PyEval_RestoreThread(state_); });
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

// Calls work() from within WithoutGil, on the same thread: with the GIL and the caller's treatment of denormals. What
// work() runs in Python, it runs by call_python.
template <class Work>
auto back_in_python(Work&& work) {
  std::optional<py::gil_scoped_acquire> gil;
  wait_for_python([&] { gil.emplace(); });
  const CallersDenormals denormals;
  return work();
}

// Lets Python see a Ctrl-C during long work without the GIL; its KeyboardInterrupt ends the work.
inline Poll signal_poll() {
  return Poll([] {
    back_in_python([] {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    });
  });
}

}  // namespace chainrule
