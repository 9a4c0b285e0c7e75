// The crossing between Python and C++: calling the user's cost function, and checking what it returns.
// SPDX-License-Identifier: BSD-3-Clause
#include "custom_cost.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "chainrule/error.h"

namespace chainrule {
namespace {

py::object rows_of(const py::array& array, const Rows& rows) {
  // A copy either way: what the function does to it does not reach the user's array.
  if (!rows.index) {
    const py::object part = array[py::slice(rows.range.begin, rows.range.end, 1)];
    return call_python(part.attr("copy"));
  }
  const py::array_t<std::int64_t> index(rows.size(), rows.index + rows.range.begin);
  return call_python(array.attr("take"), index, py::int_(0));
}

// numpy.asarray(object), which may run code of the user's own; the object itself where that fails or is no number, for
// array_argument() to say what is wrong.
py::object as_numpy_does(const py::object& object) {
  if (py::isinstance<py::array>(object)) return object;
  try {
    const py::array array = call_python(py::module_::import("numpy").attr("asarray"), object);
    return array.ndim() > 0 || std::strchr("biuf", array.dtype().kind()) ? array : object;
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError)) throw;
    return object;
  }
}

template <class T>
double call(const py::object& function, const py::array& y, const Rows& rows, MatrixView<const T> s,
            MatrixView<T> dC_ds) {
  py::array_t<T> s_copy({s.rows, s.cols});
  for (std::int64_t i = 0; i < s.rows; ++i)
    std::copy_n(s.row(i), s.cols, s_copy.mutable_data(i, 0));
  const py::object result = call_python(function, s_copy, rows_of(y, rows));
  if (!is_sequence_of(result, 2)) {
    throw py::type_error("a cost function must return (cost, dC_ds), got " +
                         py::repr(py::type::of(result)).cast<std::string>());
  }
  const py::sequence pair = result;
  const py::object cost = as_numpy_does(pair[0]), gradient = as_numpy_does(pair[1]);
  const ArrayArgument argument = array_argument(gradient, "dC_ds from the cost function");
  const ArrayView& view = argument.view;
  if (argument.owner.ndim() != 2 || view.rows != s.rows || view.cols != s.cols) {
    std::string why;
    if (y.ndim() == 1 && s.cols == 1 && s.rows > 1 && view.rows == s.rows && view.cols == s.rows) {
      const std::string n = std::to_string(s.rows), as_s = shape_text(s.rows, 1);
      why = ": y has shape (" + n + ",) but s " + shape_text(s.rows, s.cols) +
            ", and NumPy makes s - y as large as " + shape_text(s.rows, s.rows) + "; pass y as " +
            as_s + ", such as y[:, None]";
    }
    throw ShapeError("dC_ds from the cost function has shape " + shape_of(argument.owner) +
                     ", expected " + shape_text(s.rows, s.cols) + why);
  }
  const ArrayArgument number = array_argument(cost, "the cost from the cost function");
  if (number.owner.size() != 1) {
    throw ShapeError("the cost from the cost function has shape " + shape_of(number.owner) +
                     ", expected one number");
  }
  gather_rows(view, {nullptr, {0, view.rows}}, dC_ds);
  return py::float_(call_python(number.owner.attr("item"))).cast<double>();
}

}  // namespace

template <class T>
CustomCost<T> custom_cost(py::object function, py::array y) {
  return [function = std::move(function), y = std::move(y)](const Rows& rows, MatrixView<const T> s,
                                                            MatrixView<T> dC_ds) {
    return back_in_python([&] { return call(function, y, rows, s, dC_ds); });
  };
}
template CustomCost<float> custom_cost(py::object, py::array);
template CustomCost<double> custom_cost(py::object, py::array);

}  // namespace chainrule
