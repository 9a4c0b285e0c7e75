// The crossing between Python and C++: the one place where what a user passes becomes a view of an array.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <functional>
#include <string>

#include "bind.h"
#include "chainrule/memory/array_view.h"

namespace chainrule {

// The bytes that an array of any type and number of dimensions lies in, as a view for memory_of().
ArrayView bytes_of(const py::array& array);

// An array of real numbers, kept alive while its view is in use.
struct ArrayArgument {
  py::array owner;
  ArrayView view;
};

// numpy.asarray(object), for `name`, what the user calls it. Throws TypeError if that is no array.
py::array to_array(py::handle object, const char* name);

// As above, and a view; the view is set for up to two dimensions: (), (n,) and (n, m) are read as (1, 1), (n, 1)
// and (n, m). Throws TypeError for other than real numbers.
ArrayArgument array_argument(py::handle object, const char* name);

// A view of a one-dimensional array as one row.
void turn_into_row(ArrayView& view);

// Whether this is a masked array in which something is masked, or a list of such.
bool is_masked(py::handle object);

// Whether this is a sequence of so many.
bool is_sequence_of(const py::object& object, Py_ssize_t length);

// "(32, 5)"
std::string shape_of(const py::array& array);

// Samples of n columns: (batch, n), or one sample (n,), for which `single` is set.
struct SamplesArgument : ArrayArgument {
  bool single = false;
};
SamplesArgument samples_argument(py::handle object, std::int64_t n_in);

// One number for each of `batch` samples: (batch,), or a scalar where there is a single sample.
ArrayArgument vector_argument(py::handle object, const char* name, std::int64_t batch, bool single);

// One row for each of `batch` samples. (batch, n); where there is a single sample also (n,); where n is 1 also
// (batch,). With `may_be_labels` also (batch,), one label a sample, for which `labels` is set.
struct TargetsArgument : ArrayArgument {
  bool labels = false;
};
TargetsArgument targets_argument(py::handle object, std::int64_t batch, std::int64_t n, bool single,
                                 bool may_be_labels);

// The stretch of memory from the first element of an array to the last.
struct Memory {
  const std::byte* first = nullptr;
  const std::byte* end = nullptr;
};
Memory memory_of(const ArrayView& view);
inline Memory memory_of(const void* data, std::int64_t bytes) {
  const auto* first = static_cast<const std::byte*>(data);
  return bytes == 0 ? Memory() : Memory{first, first + bytes};
}

// Whether the two have a byte in common. By std::less, since they may be parts of different objects.
inline bool overlap(const Memory& one, const Memory& other) {
  const std::less<const std::byte*> before;
  return before(one.first, other.end) && before(other.first, one.end);
}

}  // namespace chainrule
