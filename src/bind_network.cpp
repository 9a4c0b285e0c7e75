// The crossing between Python and C++: networks. Arrays become views here; everything else happens in the core.
// SPDX-License-Identifier: BSD-3-Clause
#include <pybind11/typing.h>

#include <algorithm>
#include <optional>

#include "any_network.h"
#include "error.h"
#include "learn_arguments.h"
#include "network_docs.h"

namespace chainrule {
namespace {

// An array without copy, kept alive by `self`.
template <class T>
py::array view_of(const py::object& self, T* data, std::vector<py::ssize_t> shape,
                  std::vector<py::ssize_t> strides) {
  return py::array(py::dtype::of<T>(), std::move(shape), std::move(strides), data, self);
}

template <class T>
py::array copy_of(MatrixView<const T> matrix) {
  constexpr auto kSize = static_cast<py::ssize_t>(sizeof(T));
  return py::array(py::dtype::of<T>(), {matrix.rows, matrix.cols}, {matrix.stride * kSize, kSize},
                   matrix.data);
}

// Said in words of our own, since pybind11's message for a wrong type prints every argument.
Optimizer& to_optimizer(const py::object& object) {
  if (py::isinstance<Optimizer>(object)) return bound<Optimizer>(object);
  throw py::type_error("optimizer must be an optimizer such as cr.Adam(), got " +
                       py::repr(object).cast<std::string>());
}

py::array predict(const py::object& self, const py::object& x, const py::object& out,
                  const py::object& check_finite_) {
  const bool check_finite = true_or_false(check_finite_, "check_finite");
  return with_network(self, [&](auto& network, auto number) -> py::array {
    using T = decltype(number);
    const SamplesArgument argument = samples_argument(x, network.architecture().n_in);
    const std::int64_t batch = argument.view.rows, n_out = network.architecture().n_out();
    std::vector<py::ssize_t> shape{n_out};
    if (!argument.single) shape.insert(shape.begin(), batch);

    py::array result;
    if (out.is_none()) {
      result = py::array_t<T>(shape);
    } else {
      if (!py::isinstance<py::array>(out)) {
        throw py::type_error("out must be a NumPy array, got " +
                             py::repr(py::type::of(out)).cast<std::string>());
      }
      result = py::reinterpret_borrow<py::array>(out);
      if (!result.dtype().is(py::dtype::of<T>()) && !result.dtype().equal(py::dtype::of<T>())) {
        throw py::type_error("out has dtype " + py::str(result.dtype()).cast<std::string>() +
                             ", expected " + py::str(py::dtype::of<T>()).cast<std::string>());
      }
      if (!std::equal(shape.begin(), shape.end(), result.shape(), result.shape() + result.ndim())) {
        throw ShapeError(
            "out has shape " + shape_of(result) + ", expected " +
            (argument.single ? "(" + std::to_string(n_out) + ",)" : shape_text(batch, n_out)));
      }
      constexpr int kNeeded = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
                              py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
      if ((result.flags() & kNeeded) != kNeeded) {
        throw std::invalid_argument("out must be writable, aligned and contiguous in C order");
      }
    }
    const bool aside = !out.is_none() && may_overlap(argument.view, result);
    const py::array target = aside ? py::array(py::array_t<T>(shape)) : result;
    const MatrixView<T> s(static_cast<T*>(const_cast<void*>(target.data())), batch, n_out);
    Poll poll = signal_poll();
    // For work of a microsecond or two, handing over the GIL and taking it back would cost as much again.
    constexpr std::int64_t kShort = 50'000;  // multiplications
    if (batch <= kShort / network.n_parameters()) {
      network.predict(argument.view, s, poll, check_finite);
    } else {
      const WithoutGil without;
      network.predict(argument.view, s, poll, check_finite);
    }
    if (aside) std::copy_n(s.data, batch * n_out, static_cast<T*>(result.mutable_data()));
    return result;
  });
}

double cost(const py::object& self, const py::object& x, const py::object& y,
            const py::object& sample_weight) {
  return with_network(self, [&](auto& network, auto number) {
    const LearnArguments<decltype(number)> arguments(self, network.architecture(), x, y,
                                                     sample_weight);
    Poll poll = signal_poll();
    const WithoutGil without;
    return network.cost(arguments.samples, poll);
  });
}

std::pair<double, py::array> value_and_grad(const py::object& self, const py::object& x,
                                            const py::object& y, const py::object& sample_weight) {
  return with_network(self, [&](auto& network, auto number) -> std::pair<double, py::array> {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, sample_weight);
    py::array_t<T> gradient(network.n_parameters());
    T* data = gradient.mutable_data();
    double value;
    {
      Poll poll = signal_poll();
      const WithoutGil without;
      value = network.value_and_gradient(arguments.samples, data, poll);
    }
    return {value, gradient};
  });
}

double train_step(const py::object& self, const py::object& x, const py::object& y,
                  const py::object& optimizer_, const py::object& sample_weight) {
  Optimizer& optimizer = to_optimizer(optimizer_);
  return with_network(self, [&](auto& network, auto number) {
    const LearnArguments<decltype(number)> arguments(self, network.architecture(), x, y,
                                                     sample_weight);
    Poll poll = signal_poll();
    const WithoutGil without;
    return network.train_step(arguments.samples, optimizer, poll);
  });
}

std::tuple<std::vector<double>, std::vector<double>, double, int> fit(
    const py::object& self, const py::object& x, const py::object& y, const py::object& optimizer_,
    std::int64_t epochs, std::int64_t batch_size, bool shuffle, const py::object& order,
    const std::vector<SpecTuple>& stop, const py::object& validation_data,
    const py::object& sample_weight) {
  Optimizer& optimizer = to_optimizer(optimizer_);
  return with_network(self, [&](auto& network, auto number) {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, sample_weight);
    FitOptions<T> options;
    options.epochs = epochs;
    options.batch_size = batch_size;
    options.shuffle = shuffle;
    options.stop = to_specs(stop);

    ArrayArgument order_argument;
    if (!order.is_none()) {
      order_argument = array_argument(order, "order");
      const char kind = order_argument.owner.dtype().kind();
      if (kind != 'i' && kind != 'u') throw py::type_error("order must hold whole numbers");
      if (order_argument.owner.ndim() != 2) {
        throw ShapeError("order has shape " + shape_of(order_argument.owner) +
                         ", expected (epochs, samples)");
      }
      options.order = order_argument.view;
    }
    std::optional<LearnArguments<T>> validation;
    if (!validation_data.is_none()) {
      if (!is_pair(validation_data)) {
        throw py::type_error("validation_data must be a pair (x, y)");
      }
      const py::sequence pair = validation_data;
      try {
        with_prefix("validation_data: ", [&] {
          validation.emplace(self, network.architecture(), pair[0], pair[1], py::none());
        });
      } catch (const py::type_error& error) {
        throw py::type_error(std::string("validation_data: ") + error.what());
      }
      options.validation = &validation->samples;
    }
    History history;
    {
      Poll poll = signal_poll();
      const WithoutGil without;
      history = network.fit(arguments.samples, optimizer, options, poll);
    }
    return std::make_tuple(history.cost, history.validation_cost, history.seconds,
                           history.stopped_by);
  });
}

py::typing::Dict<py::str, py::object> trace(const py::object& self, const py::object& x,
                                            const py::object& y) {
  return with_network(self, [&](auto& network, auto number) {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, py::none());
    typename Network<T>::Trace traced;
    {
      Poll poll = signal_poll();
      const WithoutGil without;
      traced = network.trace(arguments.samples, poll);
    }
    const std::size_t n_layers = network.architecture().layers.size() + 1;
    py::list z, a, delta;
    for (std::size_t l = 1; l <= n_layers; ++l) {
      a.append(copy_of(traced.plan->a(l)));
      if (l == 1) continue;
      z.append(copy_of(traced.plan->z(l)));
      delta.append(copy_of(traced.plan->delta(l)));
    }
    py::typing::Dict<py::str, py::object> result;
    result["cost"] = traced.cost;
    result["z"] = z;
    result["a"] = a;
    result["delta"] = delta;
    result["gradient"] =
        py::array_t<T>(static_cast<py::ssize_t>(traced.gradient.size()), traced.gradient.data());
    result["dC_ds"] =
        network.architecture().loss.paired ? py::object(py::none()) : copy_of(traced.plan->dC_ds());
    return result;
  });
}

py::typing::Dict<py::str, py::object> plan(const py::object& self, const py::object& batch_,
                                           bool training) {
  return with_network(self, [&](auto& network, auto) {
    const std::int64_t batch = whole_number(batch_, "batch");
    if (batch < 1) {
      throw std::invalid_argument("batch must be >= 1, got " + std::to_string(batch));
    }
    const auto report =
        network.report(batch, training ? Direction::kForwardAndBackward : Direction::kForward);
    py::typing::Dict<py::str, py::object> result;
    result["plan"] = report.plan;
    result["product"] = report.product;
    result["cpu"] = report.target;
    result["threads"] = report.threads;
    return result;
  });
}

py::array parameters(const py::object& self) {
  return with_network(self, [&](auto& network, auto number) {
    return view_of(self, network.parameters(), {network.n_parameters()}, {sizeof(number)});
  });
}

// Call a Python function while nobody trains the network, or while nobody uses it at all.
py::object shared(const py::object& self, const py::object& function) {
  return with_network(self, [&](auto& network, auto) -> py::object {
    const Uses::Shared use(network.uses(), "network");
    return function();
  });
}
py::object exclusive(const py::object& self, const py::object& function) {
  return with_network(self, [&](auto& network, auto) -> py::object {
    const Uses::Exclusive use(network.uses(), "network");
    return function();
  });
}

using Pairs = py::typing::List<py::typing::Tuple<py::array, py::typing::Optional<py::array>>>;

// (weights (n_out, n_in), bias (n_out,) or None) of each dense layer: views into a block laid out as the parameters.
Pairs split(const py::object& self, const py::object& object) {
  const py::array block = array_argument(object, "the block to split").owner;
  return with_network(self, [&](auto& network, auto) {
    if (block.ndim() != 1 || block.shape(0) != network.n_parameters()) {
      throw ShapeError("the block to split has shape " + shape_of(block) + ", expected (" +
                       std::to_string(network.n_parameters()) + ",)");
    }
    Pairs pairs;
    for (const Dense& layer : network.architecture().layers) {
      const py::object flat =
          block[py::slice(layer.offset, layer.offset + layer.n_in * layer.n_out, 1)];
      const py::object weights = flat.attr("reshape")(layer.n_in, layer.n_out).attr("T");
      py::object bias = py::none();
      if (layer.has_bias) {
        const std::int64_t start = layer.offset + layer.n_in * layer.n_out;
        bias = block[py::slice(start, start + layer.n_out, 1)];
      }
      pairs.append(py::make_tuple(weights, bias));
    }
    return pairs;
  });
}

}  // namespace

void bind_network(py::module_& module) {
  const py::object none = py::none();
  py::class_<AnyNetwork>(module, "Network", "A network of either dtype.")
      .def(py::init<const std::vector<SpecTuple>&, const std::string&, const std::string&,
                    std::uint64_t>(),
           py::arg("layers"), py::arg("loss"), py::arg("dtype"), py::arg("seed"))
      .def("predict", &predict, py::arg("x"), py::kw_only(), py::arg("out") = none,
           py::arg("check_finite") = true, docs::kPredict)
      .def("cost", &cost, py::arg("x"), py::arg("y"), py::arg("sample_weight") = none, docs::kCost)
      .def("value_and_grad", &value_and_grad, py::arg("x"), py::arg("y"),
           py::arg("sample_weight") = none, docs::kValueAndGrad)
      .def("train_step", &train_step, py::arg("x"), py::arg("y"), py::arg("optimizer"),
           py::arg("sample_weight") = none, docs::kTrainStep)
      .def("split", &split, py::arg("block"), docs::kSplit)
      .def("_fit", &fit, py::arg("x"), py::arg("y"), py::arg("optimizer"), py::arg("epochs"),
           py::arg("batch_size"), py::arg("shuffle"), py::arg("order"), py::arg("stop"),
           py::arg("validation_data"), py::arg("sample_weight"))
      .def("_trace", &trace, py::arg("x"), py::arg("y"))
      .def("_parameters", &parameters)
      .def_property(
          "threads",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) -> std::optional<int> {
              if (network.threads() == 0) return std::nullopt;
              return network.threads();
            });
          },
          [](const py::object& self, const py::object& object) {
            const int threads = object.is_none() ? 0 : thread_count(object, "threads");
            if (!object.is_none() && threads < 1) {
              throw std::invalid_argument("threads must be None or >= 1, got " +
                                          std::to_string(threads));
            }
            with_network(self, [&](auto& network, auto) { network.set_threads(threads); });
          },
          "int or None: Threads that a call on this network may use at most; None for no limit of "
          "its "
          "own.")
      .def("plan", &plan, py::arg("batch"), py::kw_only(), py::arg("training") = true, docs::kPlan)
      .def("_shared", &shared, py::arg("function"))
      .def("_exclusive", &exclusive, py::arg("function"))
      .def_property(
          "_epochs_begun",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.epochs_begun(); });
          },
          [](const py::object& self, std::int64_t epochs) {
            with_network(self, [&](auto& network, auto) { network.set_epochs_begun(epochs); });
          })
      .def_property_readonly(
          "seed",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.seed(); });
          },
          "int: What the parameters and the order of samples are drawn from.")
      .def_property_readonly(
          "n_parameters",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.n_parameters(); });
          },
          "int: Number of weights and biases.")
      .def_property_readonly(
          "n_in",
          [](const py::object& self) {
            return with_network(self,
                                [](auto& network, auto) { return network.architecture().n_in; });
          },
          "int: Numbers in a sample.")
      .def_property_readonly(
          "n_out",
          [](const py::object& self) {
            return with_network(self,
                                [](auto& network, auto) { return network.architecture().n_out(); });
          },
          "int: Numbers in an output.")
      .def_property_readonly(
          "dtype",
          [](const py::object& self) {
            return with_network(
                self, [](auto&, auto number) { return py::dtype::of<decltype(number)>(); });
          },
          "numpy.dtype: float32 or float64.");
}

}  // namespace chainrule
