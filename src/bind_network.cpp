// The crossing between Python and C++: networks. Arrays become views here; everything else happens in the core.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <optional>
#include <utility>

#include "any_network.h"
#include "chainrule/error.h"
#include "learn_arguments.h"
#include "network_docs.h"
#include "parameter_pairs.h"
#include "python_call.h"

namespace chainrule {
namespace {

// An array without copy, kept alive by `self`.
template <class T>
py::array view_of(const py::object& self, T* data, std::vector<py::ssize_t> shape,
                  std::vector<py::ssize_t> strides) {
  return py::array(py::dtype::of<T>(), std::move(shape), std::move(strides), data, self);
}

// Memory that is touched for the first time makes this as slow as what is copied was to compute: Ctrl-C is heard.
template <class T>
py::array copy_of(MatrixView<const T> matrix, Poll& poll) {
  py::array_t<T> copy({matrix.rows, matrix.cols});
  const MatrixView<T> to(copy.mutable_data(), matrix.rows, matrix.cols);
  {
    const WithoutGil without;
    to.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
      for (std::int64_t row = first; row < first + count; ++row) {
        std::copy_n(matrix.row(row), matrix.cols, to.row(row));
      }
    });
  }
  return copy;
}

py::array predict(const py::object& self, const py::object& x, const py::object& out,
                  const py::object& check_finite_, const py::object& ema) {
  const bool check_finite = true_or_false(check_finite_, "check_finite");
  const bool averaged = true_or_false(ema, "ema");
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
      if (!is_writable_block(result)) {
        throw std::invalid_argument("out must be writable, aligned and contiguous in C order");
      }
      if (is_masked(result)) throw py::type_error("out is a masked array, whose mask would stay");
      if (overlap(memory_of(result.data(), result.nbytes()), memory_of_parameters(network))) {
        throw std::invalid_argument("out is part of the network's own parameters");
      }
    }
    const bool aside = !out.is_none() &&
                       overlap(memory_of(argument.view), memory_of(result.data(), result.nbytes()));
    const py::array target = aside ? py::array(py::array_t<T>(shape)) : result;
    const MatrixView<T> s(static_cast<T*>(const_cast<void*>(target.data())), batch, n_out);
    const auto weights = averaged ? Network<T>::Weights::kAveraged : Network<T>::Weights::kLast;
    // For work of a microsecond or two, handing over the GIL and taking it back would cost as much again.
    constexpr std::int64_t kShort = 50'000;  // multiplications
    if (batch <= kShort / network.n_parameters()) {
      Poll none;
      network.predict(argument.view, s, none, check_finite, weights);
    } else {
      Poll poll = signal_poll();
      const WithoutGil without;
      network.predict(argument.view, s, poll, check_finite, weights);
    }
    if (aside) std::copy_n(s.data, batch * n_out, static_cast<T*>(result.mutable_data()));
    return result;
  });
}

double cost(const py::object& self, const py::object& x, const py::object& y,
            const py::object& sample_weight, const py::object& class_weight) {
  return with_network(self, [&](auto& network, auto number) {
    const LearnArguments<decltype(number)> arguments(self, network.architecture(), x, y,
                                                     sample_weight, class_weight);
    Poll poll = signal_poll();
    const WithoutGil without;
    return network.cost(arguments.samples, poll);
  });
}

std::pair<double, py::array> value_and_grad(const py::object& self, const py::object& x,
                                            const py::object& y, const py::object& sample_weight,
                                            const py::object& step_,
                                            const py::object& class_weight) {
  const std::int64_t step = step_.is_none() ? 0 : whole_number(step_, "step");
  if (step < 0) throw std::invalid_argument("step must be >= 0, got " + std::to_string(step));
  return with_network(self, [&](auto& network, auto number) -> std::pair<double, py::array> {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, sample_weight,
                                      class_weight);
    py::array_t<T> gradient(network.n_parameters());
    T* data = gradient.mutable_data();
    double value;
    {
      Poll poll = signal_poll();
      const WithoutGil without;
      value = network.value_and_gradient(
          arguments.samples, data, poll,
          step_.is_none() ? Noise{} : Noise::of_step(network.seed(), step));
    }
    return {value, gradient};
  });
}

py::typing::Dict<py::str, py::object> trace(const py::object& self, const py::object& x,
                                            const py::object& y, const py::object& sample_weight,
                                            const py::object& class_weight) {
  return with_network(self, [&](auto& network, auto number) {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, sample_weight,
                                      class_weight);
    typename Network<T>::Trace traced;
    py::array_t<T> gradient(network.n_parameters());
    T* const data = gradient.mutable_data();
    Poll poll = signal_poll();
    {
      const WithoutGil without;
      traced = network.trace(arguments.samples, data, poll);
    }
    const std::size_t n_layers = network.architecture().layers.size() + 1;
    py::list z, a, delta;
    for (std::size_t l = 1; l <= n_layers; ++l) {
      a.append(copy_of(traced.plan->a(l), poll));
      if (l == 1) continue;
      const bool dense = network.architecture().layers[l - 2].dense() != nullptr;
      z.append(dense ? py::object(copy_of(traced.plan->z(l), poll)) : py::none());
      delta.append(copy_of(traced.plan->delta(l), poll));
    }
    py::typing::Dict<py::str, py::object> result;
    result["cost"] = traced.cost;
    result["z"] = z;
    result["a"] = a;
    result["delta"] = delta;
    result["gradient"] = gradient;
    result["dC_ds"] = copy_of(traced.dC_ds, poll);
    const Loss& loss = network.architecture().loss;
    result["fused"] = loss.paired && !loss.logits;
    return result;
  });
}

py::typing::Dict<py::str, py::object> plan(const py::object& self, const py::object& batch_,
                                           const py::object& training_) {
  const bool training = true_or_false(training_, "training");
  return with_network(self, [&](auto& network, auto) {
    const std::int64_t batch = whole_number(batch_, "batch");
    if (batch < 1) {
      throw std::invalid_argument("batch must be >= 1, got " + std::to_string(batch));
    }
    const auto report = network.report(batch, training);
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
    const UseGuard::Shared use(network.uses(), "network");
    return function();
  });
}
py::object exclusive(const py::object& self, const py::object& function) {
  return with_network(self, [&](auto& network, auto) -> py::object {
    const UseGuard::Exclusive use(network.uses(), "network");
    return function();
  });
}

using Pairs = py::typing::List<py::typing::Tuple<py::array, py::typing::Optional<py::array>>>;

// (weights (n_out, n_in), bias (n_out,) or None) of each dense layer, and the vectors of each other layer that trains some:
// views into a block laid out as the parameters.
Pairs split(const py::object& self, const py::object& object) {
  const py::array flat = array_argument(object, "the block to split").owner;
  return with_network(self, [&](auto& network, auto) {
    if (flat.ndim() != 1 || flat.shape(0) != network.n_parameters()) {
      throw ShapeError("the block to split has shape " + shape_of(flat) + ", expected (" +
                       std::to_string(network.n_parameters()) + ",)");
    }
    const auto part_of = [&](const ParameterBlock& block) -> py::object {
      py::object part = flat[py::slice(block.offset, block.offset + block.size(), 1)];
      if (block.role != Role::kWeights) return part;
      return part.attr("reshape")(block.rows, block.cols).attr("T");
    };
    Pairs pairs;
    for (const auto& [layer, pair] : parameter_pairs(network.architecture().parameters, part_of)) {
      pairs.append(py::make_tuple(pair.first, pair.second));
    }
    return pairs;
  });
}

// (copy, steps in it), or None
py::object average(const py::object& self) {
  return with_network(self, [&](auto& network, auto number) -> py::object {
    const UseGuard::Shared use(network.uses(), "network");
    const auto* values = network.average();
    if (!values) return py::none();
    const py::array copy = py::array_t<decltype(number)>(network.n_parameters(), values);
    return py::make_tuple(copy, network.steps_in_average());
  });
}

void restore_average(const py::object& self, const py::object& values_, std::int64_t steps) {
  ArrayArgument values = array_argument(values_, "values");
  turn_into_row(values.view);
  with_network(self, [&](auto& network, auto) {
    Poll poll = signal_poll();
    network.restore_average(values.view, steps, poll);
  });
}

std::unique_ptr<AnyNetwork> make_network(const SpecTuple& spec_, std::uint64_t seed,
                                         const py::object& parameters) {
  const Spec spec = to_spec(spec_);
  ArrayArgument values;
  if (!parameters.is_none()) {
    values = array_argument(parameters, "parameters");
    turn_into_row(values.view);
  }
  const Poll poll = signal_poll();
  const WithoutGil without;
  return std::make_unique<AnyNetwork>(spec, seed, parameters.is_none() ? nullptr : &values.view,
                                      poll);
}

}  // namespace

void bind_network(py::module_& module) {
  py::class_<AnyNetwork> network(module, "Network", "A network of either dtype.");
  add_method<&predict>(network, "predict", "x, *, out=None, check_finite=True, ema=False",
                       docs::kPredict);
  add_method<&cost>(network, "cost", "x, y, sample_weight=None, *, class_weight=None", docs::kCost);
  add_method<&value_and_grad>(network, "value_and_grad",
                              "x, y, sample_weight=None, *, step=None, class_weight=None",
                              docs::kValueAndGrad);
  add_method<&split>(network, "split", "block", docs::kSplit);
  add_method<&plan>(network, "plan", "batch, *, training=True", docs::kPlan);
  network.def(py::init(&make_network), py::arg("spec"), py::arg("seed"), py::arg("parameters"))
      .def_property_readonly(
          "_made",
          [](const py::object& self) { return bound_if_made<AnyNetwork>(self) != nullptr; },
          "bool: Whether __init__ has run.")
      .def("_trace", &trace, py::arg("x"), py::arg("y"), py::arg("sample_weight") = py::none(),
           py::arg("class_weight") = py::none())
      .def("_parameters", &parameters)
      .def("_average", &average)
      .def("_restore_average", &restore_average, py::arg("values"), py::arg("steps"))
      .def(
          "_use_average",
          [](const py::object& self, bool wanted) {
            return with_network(self,
                                [&](auto& network, auto) { return network.use_average(wanted); });
          },
          py::arg("wanted"))
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
      .def("_shared", &shared, py::arg("function"))
      .def("_exclusive", &exclusive, py::arg("function"))
      .def(
          "_set_options",
          [](const py::object& self, std::size_t layer, const SpecTuple& spec) {
            with_network(self,
                         [&](auto& network, auto) { network.set_options(layer, to_spec(spec)); });
          },
          py::arg("layer"), py::arg("spec"))
      .def_property(
          "_epochs_begun",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.epochs_begun(); });
          },
          [](const py::object& self, std::int64_t epochs) {
            with_network(self, [&](auto& network, auto) { network.set_epochs_begun(epochs); });
          })
      .def_property(
          "_steps_made",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.steps_made(); });
          },
          [](const py::object& self, std::int64_t steps) {
            with_network(self, [&](auto& network, auto) { network.set_steps_made(steps); });
          })
      .def_property_readonly(
          "seed",
          [](const py::object& self) {
            return with_network(self, [](auto& network, auto) { return network.seed(); });
          },
          "int: What the parameters and the order of samples are drawn from.")
      .def(
          "_set_seed",
          [](const py::object& self, std::uint64_t seed) {
            with_network(self, [&](auto& network, auto) { network.set_seed(seed); });
          },
          py::arg("seed"))
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
