// The crossing between Python and C++: the lists of members, and single members at work.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "array_argument.h"
#include "chainrule/activations/list.h"
#include "chainrule/error.h"
#include "chainrule/gemm/engine.h"
#include "chainrule/gradients/list.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/layers/initializers.h"
#include "chainrule/losses/list.h"
#include "chainrule/network/observers/list.h"
#include "chainrule/network/observers/make.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/network/schedules/list.h"
#include "chainrule/network/schedules/make.h"
#include "chainrule/optimizers/list.h"
#include "chainrule/plan/choose.h"
#include "chainrule/random/philox.h"
#include "chainrule/stages/list.h"
#include "parameter_pairs.h"

namespace chainrule {
namespace {

using Matrix = py::array_t<double, py::array::c_style | py::array::forcecast>;

// a = f(z) and delta = dC/da f'(z), for matrices (batch, n).
std::tuple<Matrix, Matrix> activate(const SpecTuple& spec, const Matrix& z, const Matrix& dC_da) {
  if (z.ndim() != 2 || dC_da.ndim() != 2 || z.shape(0) != dC_da.shape(0) ||
      z.shape(1) != dC_da.shape(1) || z.shape(1) == 0) {
    throw ShapeError("z has shape " + shape_of(z) + ", dC_da " + shape_of(dC_da) +
                     "; expected the same (batch, n), n >= 1");
  }
  const auto activation = choose<Activations>("activation", to_spec(spec));
  const KernelTable<double>& kernels = *current_engine<double>().kernels;
  Matrix z_or_slope(z.request()), a({z.shape(0), z.shape(1)}), delta({z.shape(0), z.shape(1)});
  kernels.activate(activation, nullptr, z_or_slope.mutable_data(), a.mutable_data(),
                   z_or_slope.mutable_data(), z.shape(0), z.shape(1), z.shape(1));
  const double* a_or_slope = slope_reads_z(activation) ? z_or_slope.data() : a.data();
  kernels.activation_backward(activation, a_or_slope, dC_da.data(), delta.mutable_data(),
                              z.shape(0), z.shape(1), z.shape(1));
  return {a, delta};
}

// What a family declares: [(name, [(parameter, default, range, meaning)])].
using Declared = py::typing::List<py::typing::Tuple<py::str, py::object>>;
py::tuple declared(const std::string& name, const std::vector<Parameter>& parameters) {
  py::list list;
  for (const Parameter& each : parameters) {
    list.append(py::make_tuple(each.name, each.standard, text_of(each.allowed), each.meaning));
  }
  return py::make_tuple(name, list);
}
template <class List>
Declared declared(std::vector<Parameter> (*parameters_of_member)(int)) {
  Declared members;
  for (const std::string& name : List::names()) {
    members.append(declared(name, parameters_of_member(List::index_of("", name))));
  }
  return members;
}

// Binds check_`singular`(spec), which raises ValueError unless the spec makes a member.
template <class List>
void bind_check(py::module_& module, const std::string& singular) {
  std::string family = singular;
  std::replace(family.begin(), family.end(), '_', ' ');
  module.def(("check_" + singular).c_str(),
             [family](const SpecTuple& spec) { choose<List>(family, to_spec(spec)); },
             py::arg("spec"), ("Raise ValueError unless the spec makes a " + family + ".").c_str());
}

}  // namespace

void bind_members(py::module_& module) {
  module.def("activations", &Activations::names, "Names of the activations.");
  module.def("losses", &Losses::names, "Names of the losses.");
  module.def("optimizers", &Optimizers::names, "Names of the optimizers.");
  module.def("gradient_transforms", &GradientTransforms::names, "Names of the transforms.");
  module.def("stages", &Stages::names, "Names of the layers that stand between dense ones.");
  module.def("stop_conditions", &StopConditions::names, "Names of the stop conditions.");
  bind_check<Activations>(module, "activation");
  bind_check<Losses>(module, "loss");
  module.def(
      "check_stop_condition", [](const SpecTuple& spec) { make_observer(to_spec(spec)); },
      py::arg("spec"), "Raise ValueError unless the spec makes a stop condition.");
  module.def("schedules", &Schedules::names, "Names of the schedules of the learning rate.");
  module.def(
      "rate_at",
      [](const SpecTuple& spec, std::int64_t time) {
        return make_schedule(to_spec(spec))->rate(time);
      },
      py::arg("schedule"), py::arg("time"),
      "Return the learning rate at a time, or raise ValueError unless the spec makes a schedule.");
  module.def("initializers", &Initializers::names, "Names of the initializers.");
  module.def(
      "max_errors",
      [] {
        py::typing::Dict<py::str, py::typing::Tuple<double, double, double>> errors;
        for (const std::string& name : Activations::names()) {
          Activations::visit<void>(Activations::index_of("activation", name), [&](auto member) {
            using Member = typename decltype(member)::type;
            if constexpr (Member::kElementwise) {
              const MaxError of = Member::kMaxError;
              errors[py::str(name)] = py::make_tuple(of.of_a, of.of_slope, of.of_z);
            }
          });
        }
        return errors;
      },
      "What the elementwise activations promise, in units in the last place: |error of a| is at\n"
      "most of_a ulp(a) + of_z ulp(z), that of f' of_slope ulp(max(1, f')), by the activation's\n"
      "name: (of_a, of_slope, of_z).");
  module.def(
      "declared_parameters",
      [] {
        py::typing::Dict<py::str, Declared> families;
        families["activations"] = declared<Activations>(parameters_of<Activations>);
        families["losses"] = declared<Losses>(parameters_of<Losses>);
        families["optimizers"] = declared<Optimizers>(parameters_of<Optimizers>);
        Declared of_every_optimizer;
        for (const Parameter& each : {kAccumulate, kEma}) {
          of_every_optimizer.append(declared(each.name, {each}));
        }
        families["every_optimizer"] = of_every_optimizer;
        families["gradient_transforms"] =
            declared<GradientTransforms>(parameters_of<GradientTransforms>);
        families["stages"] = declared<Stages>(parameters_of<Stages>);
        families["stop_conditions"] = declared<StopConditions>(parameters_of<StopConditions>);
        families["schedules"] = declared<Schedules>(parameters_of<Schedules>);
        return families;
      },
      "The parameters of all members, by family: (name, [(parameter, default, range, meaning)]).");
  module.def(
      "declared_lists", [] { return declared<Losses>(lists_of<Losses>); },
      "The same for what losses have lists of.");

  module.def(
      "check_layer", [](const SpecTuple& spec) { check_layer(to_spec(spec)); }, py::arg("spec"),
      "Raise ValueError unless the spec makes a layer.");
  using Shape = py::typing::Tuple<py::int_, py::ellipsis>;
  using Shapes = py::typing::Dict<py::int_, py::typing::Tuple<Shape, py::typing::Optional<Shape>>>;
  module.def(
      "parameter_shapes",
      [](const SpecTuple& spec) {
        const auto shape_of = [](const ParameterBlock& block) -> py::object {
          if (block.role != Role::kWeights) return py::make_tuple(block.size());
          return py::make_tuple(block.cols, block.rows);
        };
        Shapes shapes;
        const Architecture architecture(to_spec(spec));
        for (const auto& [layer, pair] : parameter_pairs(architecture.parameters, shape_of)) {
          shapes[py::int_(layer + 1)] = py::make_tuple(pair.first, pair.second);
        }
        return shapes;
      },
      py::arg("network"),
      "Return the shapes of (W, b or None), or of both vectors, of each layer that has such, by "
      "its\n"
      "place in `Network.layers`, or raise ValueError unless the spec makes a network. Allocates "
      "no\n"
      "parameters.");
  module.def("_force_plan", &force_plan, py::arg("name"),
             "For tests: have one plan serve every network that it can, or choose, \"auto\".");
  module.def("activate", &activate, py::arg("activation"), py::arg("z"), py::arg("dC_da"),
             "Return a = f(z) and delta = dC/da f'(z), all of shape (batch, n).");
  module.def(
      "is_masked", &is_masked, py::arg("object"),
      "Return whether this is a masked array in which something is masked, or a list of such.");
  using Words = std::array<std::uint32_t, 4>;
  module.def(
      "philox4x32_10",
      [](const Words& counter, const std::array<std::uint32_t, 2>& key) {
        const PhiloxBlock block = philox4x32_10({{counter[0], counter[1], counter[2], counter[3]}},
                                                key[0] | std::uint64_t{key[1]} << 32);
        return Words{block.words[0], block.words[1], block.words[2], block.words[3]};
      },
      py::arg("counter"), py::arg("key"), "One block of the counter-based generator.");
}

}  // namespace chainrule
