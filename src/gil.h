// The crossing between Python and C++: work without the GIL, and the way back into Python, also while the interpreter
// ends.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/pybind11.h>

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#endif

#include <chrono>
#include <optional>
#include <thread>

#include "chainrule/poll.h"
#include "chainrule/simd/denormals.h"

namespace chainrule {

namespace py = pybind11;

inline bool python_ends() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

[[noreturn]] inline void stand_still() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// What may wait for the GIL, on a thread that Python did not start this work on. Where the interpreter ends meanwhile,
// other threads may no longer have the GIL: they stand still until the process ends, as Python itself lets them from
// 3.14 on. Before, Python ends a thread whose wait the end of the interpreter overtakes, by unwinding its stack. No
// destructor of ours that touches a Python object may run then, so this must enclose nothing but calls of Python's own C
// functions.
template <class Wait>
auto wait_for_python(Wait&& wait) {
  if (python_ends()) stand_still();
#if defined(__GLIBCXX__)
  try {
    return wait();
  } catch (const abi::__forced_unwind&) {
    stand_still();
  }
#else
  return wait();
#endif
}

// Without the GIL from here to the end of the scope. The thread that ends the interpreter keeps it: a __del__ or the
// `finally` of a generator may run so late, and whoever lets go of the GIL then does not get it back.
class WithoutGil {
 public:
  WithoutGil() : state_(python_ends() ? nullptr : PyEval_SaveThread()), outer_(kept_) {
    kept_ = !state_;
  }
  ~WithoutGil() {
    kept_ = outer_;
    if (state_) wait_for_python([&] { PyEval_RestoreThread(state_); });
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

  // Whether the work of this thread has kept the GIL.
  static bool kept() { return kept_; }

 private:
  static inline thread_local bool kept_ = false;

  PyThreadState* state_;
  bool outer_;  // of a scope that this one is within, by way of a function of the user's own
};

// function(arguments...), in work that has left the GIL and come back.
template <class... Arguments>
py::object call_python(const py::object& function, const Arguments&... arguments) {
  PyObject* const all[] = {nullptr, arguments.ptr()...};
  const auto call = [&] {
    return PyObject_Vectorcall(function.ptr(), all + 1,
                               sizeof...(arguments) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  };
  PyObject* const result = WithoutGil::kept() ? call() : wait_for_python(call);
  if (!result) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

// bool(object), likewise
inline bool is_true_in_python(const py::object& object) {
  const auto call = [&] { return PyObject_IsTrue(object.ptr()); };
  const int result = WithoutGil::kept() ? call() : wait_for_python(call);
  if (result < 0) throw py::error_already_set();
  return result == 1;
}

// Calls work() from within WithoutGil, on the same thread: with the GIL and the caller's treatment of denormals. What
// work() runs in Python, it runs by call_python.
template <class Work>
auto back_in_python(Work&& work) {
  std::optional<py::gil_scoped_acquire> gil;
  if (!WithoutGil::kept()) wait_for_python([&] { gil.emplace(); });
  const CallersDenormals denormals;
  return work();
}

// Lets Python see a Ctrl-C during long work without the GIL; its KeyboardInterrupt ends the work.
inline Poll signal_poll() {
  return Poll([] {
    back_in_python([] {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    });
  });
}

}  // namespace chainrule
