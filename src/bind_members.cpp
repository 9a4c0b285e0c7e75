// The crossing between Python and C++: the lists of members, and single members at work.
// SPDX-License-Identifier: BSD-3-Clause
#include "array_argument.h"
#include "chainrule/activations/list.h"
#include "chainrule/error.h"
#include "chainrule/gemm/engine.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/layers/initializers.h"
#include "chainrule/losses/list.h"
#include "chainrule/network/stop_conditions.h"
#include "chainrule/optimizers/list.h"
#include "chainrule/random/philox.h"

namespace chainrule {
namespace {

using Matrix = py::array_t<double, py::array::c_style | py::array::forcecast>;

// a = f(z) and delta = dC/da f'(z), for matrices (batch, n).
std::tuple<Matrix, Matrix> activate(const std::string& name, const Matrix& z, const Matrix& dC_da) {
  if (z.ndim() != 2 || dC_da.ndim() != 2 || z.shape(0) != dC_da.shape(0) ||
      z.shape(1) != dC_da.shape(1) || z.shape(1) == 0) {
    throw ShapeError("z has shape " + shape_of(z) + ", dC_da " + shape_of(dC_da) +
                     "; expected the same (batch, n), n >= 1");
  }
  const int activation = Activations::index_of("activation", name);
  const KernelTable<double>& kernels = *current_engine<double>().kernels;
  Matrix z_copy(z.request()), a({z.shape(0), z.shape(1)}), delta({z.shape(0), z.shape(1)});
  kernels.activate(activation, nullptr, z_copy.mutable_data(), a.mutable_data(), z.shape(0),
                   z.shape(1), z.shape(1));
  kernels.activation_backward(activation, a.data(), dC_da.data(), delta.mutable_data(), z.shape(0),
                              z.shape(1), z.shape(1));
  return {a, delta};
}

}  // namespace

void bind_members(py::module_& module) {
  module.def("activations", &Activations::names, "Names of the activations.");
  module.def("losses", &Losses::names, "Names of the losses.");
  module.def("optimizers", &Optimizers::names, "Names of the optimizers.");
  module.def("initializers", &Initializers::names, "Names of the initializers.");
  module.def("stop_conditions", &StopConditions::names, "Names of the stop conditions.");

  module.def(
      "check_layer", [](const SpecTuple& spec) { check_layer(to_spec(spec)); }, py::arg("spec"),
      "Raise ValueError unless the spec makes a layer.");
  module.def(
      "check_loss", [](const std::string& name) { Losses::index_of("loss", name); },
      py::arg("name"), "Raise ValueError unless there is a loss of this name.");
  module.def(
      "check_stop_condition", [](const SpecTuple& spec) { make_stop_condition(to_spec(spec)); },
      py::arg("spec"), "Raise ValueError unless the spec makes a stop condition.");
  module.def("activate", &activate, py::arg("activation"), py::arg("z"), py::arg("dC_da"),
             "Return a = f(z) and delta = dC/da f'(z), all of shape (batch, n).");
  module.def(
      "is_masked", &is_masked, py::arg("object"),
      "Return whether this is a masked array in which something is masked, or a list of such.");
  module.def("philox4x32_10", &philox4x32_10, py::arg("counter"), py::arg("key"),
             "One block of the counter-based generator.");
}

}  // namespace chainrule
