// The crossing between Python and C++: the one place that uses what pybind11 keeps to itself.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace chainrule {

namespace py = pybind11;

// The C++ object behind `self`, null where its __init__ has not run: pybind11 would hand out raw memory. Throws TypeError
// for an object of another class.
template <class Bound>
Bound* bound_if_made(const py::object& self) {
  static auto* const type = reinterpret_cast<PyTypeObject*>(py::type::of<Bound>().ptr());
  if (!PyType_IsSubtype(Py_TYPE(self.ptr()), type)) {
    throw py::type_error("expected " + py::type_id<Bound>() + ", got " +
                         py::repr(py::type::of(self)).template cast<std::string>());
  }
  auto place = reinterpret_cast<py::detail::instance*>(self.ptr())->get_value_and_holder();
  return place.holder_constructed() ? static_cast<Bound*>(place.value_ptr()) : nullptr;
}

// Sets the Python exception for the C++ exception that is being handled.
inline void raise_in_python() {
  try {
    throw;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
}

// Whether an object is a numpy.ndarray itself, of no class derived from it.
inline bool is_exactly_array(py::handle object) {
  return Py_TYPE(object.ptr()) == py::detail::npy_api::get().PyArray_Type_;
}

// Whether an array can be written to, as one block in C order.
inline bool is_writable_block(const py::array& array) {
  constexpr int kNeeded = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
                          py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return (array.flags() & kNeeded) == kNeeded;
}

// A bool, Python's or NumPy's; throws py::cast_error for anything else.
inline bool bool_of(py::handle object) {
  py::detail::make_caster<bool> value;
  if (!value.load(object, false)) throw py::cast_error("no bool");
  return value;
}

}  // namespace chainrule
