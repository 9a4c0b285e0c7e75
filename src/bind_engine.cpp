// The crossing between Python and C++: who computes: CPU target, products, threads.
// SPDX-License-Identifier: BSD-3-Clause
#include <memory>

#include "bind.h"
#include "chainrule/gemm/engine.h"
#include "chainrule/gemm/gemm.h"
#include "chainrule/threads/limit.h"
#include "python_call.h"

namespace chainrule {
namespace {

// What `with cr.threads(n):` is made of.
class Scope {
 public:
  explicit Scope(int n) : n_(n) { static_cast<void>(ThreadsScope(n)); }  // checks n
  void enter() {
    if (scope_) throw std::logic_error("this cr.threads(...) is in use already; make another");
    scope_ = std::make_unique<ThreadsScope>(n_);
  }
  void exit() { scope_.reset(); }

 private:
  int n_;
  std::unique_ptr<ThreadsScope> scope_;
};

void set_product_of_process(const py::object&, const py::object& choice) {
  if (!py::isinstance<py::str>(choice)) {
    throw py::type_error("choice must be \"auto\", \"own\" or \"blas\", got " + shown(choice));
  }
  set_product(choice.cast<std::string>());
}

void set_threads_of_process(const py::object&, const py::object& n) {
  set_num_threads(thread_count(n, "a number of threads"));
}

int threads_here(const py::object&) { return get_num_threads(); }

}  // namespace

void bind_engine(py::module_& module) {
  module.def("product_library", &product_library, "The BLAS of this build.");
  module.def("product_choice", &product_choice, "Who computes products: auto, own or blas.");
  add_function<&set_product_of_process>(
      module, "set_product", "choice",
      R"(Choose who computes matrix products, for the whole process.

Parameters
----------
choice : str
    "own" for chainrule's own kernels, "blas" for the library that it was built with, "auto" for the
    faster of the two on this CPU.

Raises
------
ValueError
    If `choice` is another word.
TypeError
    If `choice` is no str.
)");
  module.def(
      "cpu_target", [] { return target_name(current_target()); }, "The CPU target of the kernels.");
  module.def(
      "cpu_targets",
      [] {
        std::vector<std::string> names;
        for (const Target target : supported_targets()) names.emplace_back(target_name(target));
        return names;
      },
      "The CPU targets that can run here, the best one last.");
  add_function<&set_threads_of_process>(
      module, "set_num_threads", "n",
      R"(Use at most `n` threads in each call, for the whole process.

Parameters
----------
n : int
    At least 1. At first it is the environment variable CHAINRULE_NUM_THREADS, else the number of
    CPUs that the process may use.

Raises
------
ValueError
    If `n` is less than 1.
TypeError
    If `n` is no whole number.
)");
  add_function<&threads_here>(module, "get_num_threads", "",
                              R"(Return how many threads a call may use at most, here and now.

Returns
-------
int
    What `threads` or `set_num_threads` has set.
)");
  module.def("num_threads_of_process", &num_threads_of_process,
             "Return what `set_num_threads` has set, whatever block of `threads` this is in.");
  py::class_<Scope>(module, "ThreadsScope", "What `threads` is made of.")
      .def(py::init([](const py::object& n) {
             return std::make_unique<Scope>(thread_count(n, "a number of threads"));
           }),
           py::arg("n"))
      .def("enter", [](const py::object& self) { bound<Scope>(self).enter(); })
      .def("exit", [](const py::object& self) { bound<Scope>(self).exit(); });
}

}  // namespace chainrule
