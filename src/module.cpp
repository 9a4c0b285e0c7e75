// The crossing between Python and C++: this table of contents, and one file for each thing that crosses.
// SPDX-License-Identifier: BSD-3-Clause
#include "bind.h"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used(),
                pybind11::multiple_interpreters::not_supported()) {
  using namespace chainrule;
  module.doc() = "The compiled core of chainrule.";
  module.attr("__version__") = CHAINRULE_VERSION;
  bind_errors(module);
  bind_engine(module);
  bind_members(module);
  bind_optimizer(module);
  bind_network(module);
}
