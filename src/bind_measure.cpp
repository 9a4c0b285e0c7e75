// The crossing between Python and C++: what benchmarks ask the core about this machine and single kernels.
// SPDX-License-Identifier: BSD-3-Clause
#include <optional>

#include "array_argument.h"
#include "chainrule/error.h"
#include "chainrule/measure/rates.h"

namespace chainrule {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

void require_dtype(const std::string& dtype) {
  if (dtype != "float32" && dtype != "float64") {
    throw_unknown_name("dtype", dtype, {"float32", "float64"});
  }
}

double peak_gflops_of(const std::string& dtype, const py::object& threads) {
  require_dtype(dtype);
  const int n_threads = thread_count(threads, "a number of threads");
  const Target target = current_target();
  Poll poll = signal_poll();
  const WithoutGil without_gil;
  return dtype == "float32" ? peak_gflops<float>(target, n_threads, poll)
                            : peak_gflops<double>(target, n_threads, poll);
}

// (seconds, bytes) of an optimizer's update or, for None, of the plainest pass.
std::tuple<double, std::int64_t> pass_time_of(const std::optional<SpecTuple>& optimizer,
                                              std::int64_t count, const std::string& dtype,
                                              const py::object& threads) {
  require_dtype(dtype);
  const int n_threads = thread_count(threads, "a number of threads");
  const Spec spec = optimizer ? to_spec(*optimizer) : Spec{};
  const Target target = current_target();
  Poll poll = signal_poll();
  const WithoutGil without_gil;
  const auto time = [&](auto number) {
    using T = decltype(number);
    return optimizer ? update_time<T>(target, spec, count, n_threads, poll)
                     : scaling_time<T>(target, count, n_threads, poll);
  };
  const TimeOfPass found = dtype == "float32" ? time(0.0F) : time(0.0);
  return {found.seconds, found.bytes};
}

template <class T>
std::tuple<double, py::array> product_seconds_of(const Array<T>& a, const Array<T>& b) {
  if (a.ndim() != 2 || b.ndim() != 2) {
    throw ShapeError("a and b have shapes " + shape_of(a) + " and " + shape_of(b) +
                     "; expected (rows, depth) and (depth, cols)");
  }
  Array<T> c({a.shape(0), b.shape(1)});
  const MatrixView<const T> left{a.data(), a.shape(0), a.shape(1)};
  const MatrixView<const T> right{b.data(), b.shape(0), b.shape(1)};
  const MatrixView<T> result{c.mutable_data(), c.shape(0), c.shape(1)};
  const Engine<T> engine = current_engine<T>();
  Poll poll = signal_poll();
  double seconds = 0;
  {
    const WithoutGil without_gil;
    seconds = product_seconds(engine, left, right, result, poll);
  }
  return {seconds, c};
}

template <class T>
std::tuple<double, py::array> elementary_seconds_of(const std::string& name, const Array<T>& x) {
  if (x.ndim() != 1 || x.size() == 0) {
    throw ShapeError("x has shape " + shape_of(x) + "; expected (n,), n >= 1");
  }
  Array<T> y(x.size());
  const T* from = x.data();
  T* to = y.mutable_data();
  const std::int64_t count = x.size();
  const Target target = current_target();
  Poll poll = signal_poll();
  double seconds = 0;
  {
    const WithoutGil without_gil;
    seconds = elementary_seconds(target, name, from, to, count, poll);
  }
  return {seconds, y};
}

template <class T>
std::tuple<double, py::array, py::array> activation_seconds_of(const Activation& activation,
                                                               const Array<T>& z) {
  if (z.ndim() != 2 || z.size() == 0) {
    throw ShapeError("z has shape " + shape_of(z) + "; expected (rows, cols), both >= 1");
  }
  const std::int64_t rows = z.shape(0), cols = z.shape(1);
  Array<T> a({rows, cols}), delta({rows, cols});
  const T* from = z.data();
  T *const of_a = a.mutable_data(), *const of_delta = delta.mutable_data();
  const Target target = current_target();
  Poll poll = signal_poll();
  double seconds = 0;
  {
    const WithoutGil without_gil;
    seconds = activation_seconds(target, activation, from, of_a, of_delta, rows, cols, poll);
  }
  return {seconds, a, delta};
}

// Calls the one for float32 or for float64, whichever all arrays are of.
template <class OfFloat, class OfDouble, class... Arrays>
auto by_dtype(OfFloat&& of_float, OfDouble&& of_double, const Arrays&... arrays) {
  if ((py::isinstance<Array<float>>(arrays) && ...)) return of_float();
  if ((py::isinstance<Array<double>>(arrays) && ...)) return of_double();
  throw py::type_error("expected contiguous arrays of float32 or of float64, got" +
                       (... + (" " + py::str(arrays.dtype()).template cast<std::string>())));
}

std::tuple<double, py::array> time_product(const py::array& a, const py::array& b) {
  return by_dtype([&] { return product_seconds_of<float>(a, b); },
                  [&] { return product_seconds_of<double>(a, b); }, a, b);
}

std::tuple<double, py::array> time_elementary(const std::string& function, const py::array& x) {
  return by_dtype([&] { return elementary_seconds_of<float>(function, x); },
                  [&] { return elementary_seconds_of<double>(function, x); }, x);
}

std::tuple<double, py::array, py::array> time_activation(const SpecTuple& spec,
                                                         const py::array& z) {
  const auto activation = choose<Activations>("activation", to_spec(spec));
  return by_dtype([&] { return activation_seconds_of<float>(activation, z); },
                  [&] { return activation_seconds_of<double>(activation, z); }, z);
}

}  // namespace

void bind_measure(py::module_& module) {
  module.def("peak_gflops", &peak_gflops_of, py::arg("dtype"), py::arg("threads"),
             R"(Measure how many fused multiply-adds the CPU target of the kernels can do.

Parameters
----------
dtype : str
    "float32" or "float64".
threads : int
    So many threads compute together, at least 1.

Returns
-------
float
    Billions of operations a second, two for each fused multiply-add, on all these threads.

Raises
------
ValueError
    If `dtype` is another word, or `threads` is less than 1.
)");
  module.def(
      "pass_time", &pass_time_of, py::arg("optimizer"), py::arg("count"), py::arg("dtype"),
      py::arg("threads"),
      "Return the seconds of an optimizer's update of so many weights, and the bytes that it "
      "reads and writes.\n\n"
      "For None, those of the plainest pass that reads, changes and writes.");
  module.def("elementary_functions", &elementary_names, "Names of the elementary functions.");
  module.def("product_seconds", &time_product, py::arg("a"), py::arg("b"),
             "Return the seconds that a product takes on one thread by the product in force, and a "
             "@ b.\n\n"
             "For our own, the matrices are packed beforehand.");
  module.def("elementary_seconds", &time_elementary, py::arg("function"), py::arg("x"),
             "Return the seconds that y = f(x) takes on one thread, and y.");
  module.def("activation_seconds", &time_activation, py::arg("activation"), py::arg("z"),
             "Return the seconds that a = f(z) and f'(z) take on one thread, a, and f'(z).");
}

}  // namespace chainrule
