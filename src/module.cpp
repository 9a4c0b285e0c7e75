// The crossing between Python and C++: this table of contents, and one file for each thing that crosses.
// SPDX-License-Identifier: BSD-3-Clause
#include "bind.h"

// By this symbol threadpoolctl tells our library from others that are called _core (python/chainrule/_threadpoolctl.py).
extern "C" {
PYBIND11_EXPORT extern const char chainrule_version[];
const char chainrule_version[] = CHAINRULE_VERSION;
}

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used(),
                pybind11::multiple_interpreters::not_supported()) {
  using namespace chainrule;
  module.doc() = "The compiled core of chainrule.";
  module.attr("__version__") = chainrule_version;
  bind_errors(module);
  bind_engine(module);
  bind_measure(module);
  bind_members(module);
  bind_optimizer(module);
  bind_network(module);
  bind_objective(module);
  bind_position(module);
  bind_training(module);
}
