// The crossing between Python and C++: element types, strides and shapes of arrays.
// SPDX-License-Identifier: BSD-3-Clause
#include "array_argument.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr bool kLittleEndian =
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    false;
#else
    true;
#endif

constexpr const char* kCureForText =
    "; it holds text: turn labels into whole numbers from 0 on by "
    "numpy.unique(labels, return_inverse=True)[1], and numbers by .astype(float)";

// What helps where an array holds Python objects: these are text, mixed with missing values, or numbers of no one type.
std::string cure_for_objects(const py::array& array) {
  const py::object first_hundred = array.attr("ravel")()[py::slice(0, 100, 1)];
  for (const py::handle each : first_hundred) {
    if (py::isinstance<py::str>(each)) return kCureForText;
    if (each.is_none() || py::str(py::type::of(each).attr("__name__")).equal(py::str("NAType"))) {
      return "; it has missing values: fill them or drop their rows, then convert it by "
             ".astype(float)";
    }
  }
  return "; convert it by .astype(float), or a data frame by .to_numpy(dtype=float)";
}

[[noreturn]] void throw_not_real(const py::array& array, py::handle object, const char* name) {
  std::string text = std::string(name) + " must be an array of real numbers, got ";
  if (array.ndim() == 0) {
    throw py::type_error(text + py::str(py::type::of(object).attr("__name__")).cast<std::string>());
  }
  text += "dtype " + py::str(array.dtype()).cast<std::string>();
  switch (array.dtype().kind()) {
    case 'O': text += cure_for_objects(array); break;
    case 'U':
    case 'S':
    case 'T': text += kCureForText; break;
    case 'c': text += "; take .real or .imag of it, or both side by side"; break;
    case 'M':
    case 'm': text += "; count time from some moment on, in days or seconds, as numbers"; break;
    default: break;
  }
  throw py::type_error(text);
}

std::optional<ElementType> element_type(const py::dtype& dtype) {
  const auto size = dtype.itemsize();
  switch (dtype.kind()) {
    case 'b': return ElementType::kBool;
    case 'i':
      if (size == 1) return ElementType::kInt8;
      if (size == 2) return ElementType::kInt16;
      if (size == 4) return ElementType::kInt32;
      if (size == 8) return ElementType::kInt64;
      break;
    case 'u':
      if (size == 1) return ElementType::kUInt8;
      if (size == 2) return ElementType::kUInt16;
      if (size == 4) return ElementType::kUInt32;
      if (size == 8) return ElementType::kUInt64;
      break;
    case 'f':
      if (size == 2) return ElementType::kFloat16;
      if (size == 4) return ElementType::kFloat32;
      if (size == 8) return ElementType::kFloat64;
      if (size == static_cast<py::ssize_t>(sizeof(long double))) return ElementType::kLongDouble;
      break;
    default: break;
  }
  return std::nullopt;
}

constexpr std::int64_t element_size(ElementType type) {
  switch (type) {
    case ElementType::kBool:
    case ElementType::kInt8:
    case ElementType::kUInt8: return 1;
    case ElementType::kInt16:
    case ElementType::kUInt16:
    case ElementType::kFloat16: return 2;
    case ElementType::kInt32:
    case ElementType::kUInt32:
    case ElementType::kFloat32: return 4;
    case ElementType::kLongDouble: return sizeof(long double);
    default: return 8;
  }
}

[[noreturn]] void throw_shape(const char* name, const py::array& array,
                              const std::string& expected) {
  throw ShapeError(std::string(name) + " has shape " + shape_of(array) + ", " + expected);
}

}  // namespace

void turn_into_row(ArrayView& view) {
  std::swap(view.rows, view.cols);
  std::swap(view.row_stride, view.col_stride);
}

bool is_masked(py::handle object) {
  if (is_exactly_array(object)) return false;
  // Imported only where somebody has made a masked array.
  const py::dict modules = py::module_::import("sys").attr("modules");
  if (!modules.contains("numpy.ma")) return false;
  const py::object ma = modules["numpy.ma"];
  if (ma.is_none()) return false;
  const py::object kind = ma.attr("MaskedArray");
  const auto masks_something = [&](py::handle each) {
    return py::isinstance(each, kind) && ma.attr("is_masked")(each).cast<bool>();
  };
  if (masks_something(object)) return true;
  if (!PyList_CheckExact(object.ptr()) && !PyTuple_CheckExact(object.ptr())) return false;
  const auto rows = py::reinterpret_borrow<py::sequence>(object);
  return std::any_of(rows.begin(), rows.end(), masks_something);
}

py::array to_array(py::handle object, const char* name) {
  if (is_exactly_array(object)) {
    return py::reinterpret_borrow<py::array>(object);
  }
  if (is_masked(object)) {
    throw py::type_error(std::string(name) +
                         " is a masked array, whose mask would be lost; fill it first");
  }
  if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::array>(object);
  try {
    return py::module_::import("numpy").attr("asarray")(object);
  } catch (py::error_already_set& error) {
    // What NumPy says about ragged lists and the like is kept as the cause.
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError)) throw;
    const std::string message = std::string(name) + " cannot be read as an array: " +
                                py::str(error.value()).cast<std::string>();
    py::raise_from(error, PyExc_ValueError, message.c_str());
    throw py::error_already_set();
  }
}

bool is_sequence_of(const py::object& object, Py_ssize_t length) {
  if (!PySequence_Check(object.ptr())) return false;
  const Py_ssize_t found = PySequence_Size(object.ptr());
  if (found < 0) PyErr_Clear();  // an array without dimensions
  return found == length;
}

std::string shape_of(const py::array& array) {
  return py::str(py::object(array.attr("shape"))).cast<std::string>();
}

ArrayArgument array_argument(py::handle object, const char* name) {
  ArrayArgument argument;
  argument.owner = to_array(object, name);
  const py::array& array = argument.owner;
  ArrayView& view = argument.view;
  view.data = static_cast<const std::byte*>(array.data());
  const py::dtype dtype = array.dtype();
  const std::optional<ElementType> type = element_type(dtype);
  if (!type) throw_not_real(array, object, name);
  view.type = *type;
  view.swapped = dtype.byteorder() == (kLittleEndian ? '>' : '<');
  view.rows = array.ndim() >= 1 ? array.shape(0) : 1;
  view.cols = array.ndim() >= 2 ? array.shape(1) : 1;
  view.row_stride = array.ndim() >= 1 ? array.strides(0) : 0;
  view.col_stride = array.ndim() >= 2 ? array.strides(1) : 0;
  return argument;
}

SamplesArgument samples_argument(py::handle object, std::int64_t n_in) {
  SamplesArgument argument{array_argument(object, "x"), false};
  const py::array& array = argument.owner;
  argument.single = array.ndim() == 1 && array.shape(0) == n_in;
  if (argument.single) {
    turn_into_row(argument.view);
  } else if (array.ndim() != 2 || array.shape(1) != n_in) {
    throw_shape("x", array, "this network expects (batch, " + std::to_string(n_in) + ")");
  }
  return argument;
}

ArrayArgument vector_argument(py::handle object, const char* name, std::int64_t batch,
                              bool single) {
  ArrayArgument argument = array_argument(object, name);
  const py::array& array = argument.owner;
  const bool scalar = single && array.ndim() == 0;
  if (!scalar && (array.ndim() != 1 || array.shape(0) != batch)) {
    throw_shape(name, array,
                "expected (" + std::to_string(batch) + ",): one number for each sample of x");
  }
  return argument;
}

TargetsArgument targets_argument(py::handle object, std::int64_t batch, std::int64_t n, bool single,
                                 bool may_be_labels) {
  TargetsArgument argument{array_argument(object, "y"), false};
  const py::array& array = argument.owner;
  const auto ndim = array.ndim();
  if (ndim == 2 && array.shape(0) == batch && array.shape(1) == n) return argument;
  if (single && ndim == 1 && array.shape(0) == n) {
    turn_into_row(argument.view);
    return argument;
  }
  const bool one_number_a_sample = (ndim == 1 && array.shape(0) == batch) || (single && ndim == 0);
  if (one_number_a_sample && (may_be_labels || n == 1)) {
    argument.labels = may_be_labels;
    return argument;
  }
  const std::string rows = std::to_string(batch);
  throw_shape("y", array,
              (may_be_labels ? "expected labels (" + rows + ",) or probabilities " : "expected ") +
                  shape_text(batch, n) + ": x has " + rows + (batch == 1 ? " sample" : " samples") +
                  ", this network " + std::to_string(n) + (n == 1 ? " output" : " outputs"));
}

ArrayView bytes_of(const py::array& array) {
  ArrayView view;
  if (array.size() == 0) return view;
  const auto* first = static_cast<const std::byte*>(array.data());
  const auto* last = first;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    const py::ssize_t way = (array.shape(i) - 1) * array.strides(i);
    (way < 0 ? first : last) += way;
  }
  view.data = first;
  view.type = ElementType::kUInt8;
  view.rows = 1;
  view.cols = last - first + array.itemsize();
  view.col_stride = 1;
  return view;
}

Memory memory_of(const ArrayView& view) {
  if (view.rows == 0 || view.cols == 0) return {};
  const std::int64_t rows = (view.rows - 1) * view.row_stride,
                     cols = (view.cols - 1) * view.col_stride;
  return {view.data + std::min<std::int64_t>(rows, 0) + std::min<std::int64_t>(cols, 0),
          view.data + std::max<std::int64_t>(rows, 0) + std::max<std::int64_t>(cols, 0) +
              element_size(view.type)};
}

}  // namespace chainrule
