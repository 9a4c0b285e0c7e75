// The crossing between Python and C++: training, and what it leaves.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <tuple>

#include "any_network.h"
#include "chainrule/error.h"
#include "learn_arguments.h"
#include "network_docs.h"
#include "python_call.h"
#include "python_callback.h"
#include "python_minimizer.h"

namespace chainrule {
namespace {

Optimizer& to_optimizer(const py::object& object) {
  if (py::isinstance<Optimizer>(object)) return bound<Optimizer>(object);
  const py::object why = py::module_::import("chainrule._no_optimizer").attr("why");
  throw py::type_error(why(object).template cast<std::string>());
}

// The function that says what the optimizer's learning rate is, None where it has another one. The caller keeps it alive.
py::object rate_function_of(const Optimizer& optimizer, const py::object& object) {
  return optimizer.asks_for_rate() ? py::object(object.attr("_rate_function")) : py::none();
}
RateFunction ask_rate(py::handle function) {
  if (function.is_none()) return {};
  return [function](std::int64_t step, std::int64_t epoch) {
    return back_in_python([&] {
      const py::object rate = call_python(py::reinterpret_borrow<py::object>(function),
                                          py::int_(step), py::int_(epoch));
      return rate.cast<double>();
    });
  };
}

double train_step(const py::object& self, const py::object& x, const py::object& y,
                  const py::object& optimizer_, const py::object& sample_weight,
                  const py::object& class_weight) {
  Optimizer& optimizer = to_optimizer(optimizer_);
  return with_network(self, [&](auto& network, auto number) {
    const LearnArguments<decltype(number)> arguments(self, network.architecture(), x, y,
                                                     sample_weight, class_weight);
    arguments.refuse_parts_of(memory_of_parameters(network));
    const py::object function = rate_function_of(optimizer, optimizer_);
    const RateFunction rate = ask_rate(function);
    Poll poll = signal_poll();
    const WithoutGil without;
    return network.train_step(arguments.samples, optimizer, poll, rate);
  });
}

// What `question`, a Python function, answers in the middle of a training. It is not counted as a reference, since the core
// copies what it asks without the GIL: the caller's list keeps it alive.
std::function<bool()> ask(py::handle question) {
  return [question] {
    return back_in_python([&] {
      const py::object answer = call_python(py::reinterpret_borrow<py::object>(question));
      return is_true_in_python(answer);
    });
  };
}

// Quantities from [(name, "min", "max" or None)], and `compute`, which returns a list of their values.
Metrics to_metrics(const py::object& quantities, const py::object& compute) {
  Metrics metrics;
  for (const py::handle each : quantities) {
    const auto [name, better] = each.cast<std::pair<std::string, std::optional<std::string>>>();
    metrics.quantities.push_back({name, !better            ? Better::kUnknown
                                        : *better == "max" ? Better::kHigher
                                                           : Better::kLower});
  }
  const std::size_t count = metrics.quantities.size();
  metrics.compute = [function = py::handle(compute), count](double* values) {
    back_in_python([&] {
      const auto computed =
          call_python(py::reinterpret_borrow<py::object>(function)).cast<std::vector<double>>();
      if (computed.size() != count)
        throw std::logic_error("there are other metrics than were named");
      std::copy(computed.begin(), computed.end(), values);
      return true;
    });
  };
  return metrics;
}

// To the caller of Network.fit, which is two frames of Python above.
void warn(const std::string& text, Warning about) {
  back_in_python([&] {
    const py::object function = py::module_::import("warnings").attr("warn");
    const auto category = py::reinterpret_borrow<py::object>(
        about == Warning::kDivergence ? PyExc_RuntimeWarning : PyExc_UserWarning);
    call_python(function, py::str(text), category, py::int_(3));
  });
}

// From (every_epochs, every_seconds, a function of the position), which the caller keeps alive.
Checkpoint to_checkpoint(py::handle object) {
  const auto parts = object.cast<py::tuple>();
  return {parts[0].cast<std::int64_t>(), parts[1].cast<double>(),
          [save = py::handle(parts[2])](const Position& position) {
            back_in_python([&] {
              call_python(py::reinterpret_borrow<py::object>(save), py::cast(position));
              return true;
            });
          }};
}

OnDivergence to_on_divergence(const py::object& object) {
  if (object.is_none()) return OnDivergence::kRaise;
  const std::string word = object.cast<std::string>();
  if (word == "stop") return OnDivergence::kStop;
  if (word == "restore") return OnDivergence::kRestore;
  if (word == "raise") return OnDivergence::kRaise;
  throw std::invalid_argument("on_divergence must be \"raise\", \"stop\" or \"restore\", got " +
                              shown(object));
}

// Fills in `history`, if it is wanted, also where the training ends with an exception. `position` is where it begins and,
// where it is left before its end, by an exception or after `leave_after` steps, where that was.
void fit(const py::object& self, const py::object& x, const py::object& y,
         const py::object& optimizer_, const py::object& epochs, const py::object& batch_size,
         const py::object& shuffle, const py::object& order, const py::object& stop,
         const py::object& validation_data, const py::object& sample_weight,
         const py::object& questions, const py::object& history, const py::object& callbacks,
         const py::object& position, const py::object& leave_after, const py::object& metrics,
         const py::object& compute_metrics, const py::object& gradient_norm,
         const py::object& class_weight, const py::object& minimizer,
         const py::object& on_divergence, const py::object& checkpoints) {
  Optimizer& optimizer = to_optimizer(optimizer_);
  with_network(self, [&](auto& network, auto number) {
    using T = decltype(number);
    const LearnArguments<T> arguments(self, network.architecture(), x, y, sample_weight,
                                      class_weight);
    arguments.refuse_parts_of(memory_of_parameters(network));
    FitOptions<T> options;
    options.epochs = whole_number(epochs, "epochs");
    options.batch_size = whole_number(batch_size, "batch_size");
    options.shuffle = true_or_false(shuffle, "shuffle");
    for (const py::handle each : stop) options.stop.push_back(to_spec(each));
    if (!questions.is_none()) {
      for (const py::handle each : questions) options.questions.push_back(ask(each));
    }
    std::deque<PythonCallback> of_python;
    if (!callbacks.is_none()) {
      for (const py::handle each : callbacks) {
        options.callbacks.push_back(&of_python.emplace_back(each));
      }
    }
    if (!minimizer.is_none()) options.minimizer = python_minimizer(minimizer);
    const py::object rate = rate_function_of(optimizer, optimizer_);
    options.rate = ask_rate(rate);
    if (!metrics.is_none()) options.metrics = to_metrics(metrics, compute_metrics);
    if (!gradient_norm.is_none()) {
      options.gradient_norm = true_or_false(gradient_norm, "gradient_norm");
    }
    if (!position.is_none()) options.position = &bound<Position>(position);
    if (!checkpoints.is_none()) {
      for (const py::handle each : checkpoints) options.checkpoints.push_back(to_checkpoint(each));
    }
    if (!leave_after.is_none()) options.leave_after = whole_number(leave_after, "leave_after");

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
      if (!is_sequence_of(validation_data, 2) && !is_sequence_of(validation_data, 3)) {
        throw py::type_error("validation_data must be (x, y) or (x, y, sample_weight)");
      }
      const py::sequence parts = validation_data;
      const py::object weight = parts.size() == 3 ? py::object(parts[2]) : py::none();
      try {
        with_prefix("validation_data: ", [&] {
          validation.emplace(self, network.architecture(), parts[0], parts[1], weight,
                             class_weight);
          validation->refuse_parts_of(memory_of_parameters(network));
        });
      } catch (const py::type_error& error) {
        throw py::type_error(std::string("validation_data: ") + error.what());
      }
      options.validation = &validation->samples;
    }
    options.on_divergence = to_on_divergence(on_divergence);
    options.warn = warn;
    History unwanted;
    History* const kept = history.is_none() ? &unwanted : &bound<History>(history);
    Poll poll = signal_poll();
    const WithoutGil without;
    network.fit(arguments.samples, optimizer, options, poll, *kept);
  });
}

}  // namespace

void bind_training(py::module_& module) {
  py::class_<History>(module, "History", "What a training leaves, finished or not.")
      .def(py::init<>())
      .def_readonly("begun", &History::begun)
      .def_property_readonly("cost", &History::cost)
      .def_property_readonly("validation_cost", &History::validation_cost)
      .def_property_readonly(
          "columns",
          [](const History& history) {
            std::vector<std::pair<std::string, std::vector<double>>> columns;
            for (const Column& each : history.columns) {
              columns.emplace_back(each.quantity.name, each.values);
            }
            return columns;
          },
          "list: Name and values of each quantity that was recorded.")
      .def_readonly("seconds", &History::seconds)
      .def_property_readonly(
          "restored",
          [](const History& history) {
            std::vector<std::tuple<std::int64_t, std::optional<std::int64_t>, double>> restored;
            for (const Restored& each : history.restored) {
              restored.emplace_back(each.epoch, each.step, each.learning_rate);
            }
            return restored;
          },
          "list: Epoch and step of each divergence that was gone back from, and the new rate.")
      .def_property_readonly(
          "diverged",
          [](const History& history) {
            return history.diverged ? exception_of(*history.diverged) : py::none();
          },
          "TrainingDiverged: What has ended the training; None where something else has.")
      .def_readonly("stopped_by", &History::stopped_by);

  const py::object network = module.attr("Network");
  add_method<&train_step>(network, "train_step",
                          "x, y, optimizer, sample_weight=None, *, class_weight=None",
                          docs::kTrainStep);
  py::class_<AnyNetwork>(network).def(
      "_may_take",
      [](const py::object& self, const py::object& optimizer) {
        return with_network(self, [&](auto& of_self, auto) {
          return !to_optimizer(optimizer).holds_state_of_another(of_self.id());
        });
      },
      py::arg("optimizer"));
  add_method<&fit>(network, "_fit",
                   "x, y, optimizer, epochs, batch_size, shuffle, order, stop, validation_data, "
                   "sample_weight, questions=None, history=None, callbacks=None, position=None, "
                   "leave_after=None, metrics=None, compute_metrics=None, gradient_norm=None, "
                   "class_weight=None, minimizer=None, on_divergence=None, checkpoints=None",
                   "Train; `Network.fit` says how.");
}

}  // namespace chainrule
