// The crossing between Python and C++: the arguments of a call, and exceptions on their way out.
// SPDX-License-Identifier: BSD-3-Clause
#include "python_call.h"

#include <algorithm>
#include <sstream>

namespace chainrule {
namespace {

// In quotes, and readable whatever is in it
std::string text_of_name(PyObject* name) {
  return py::str(py::handle(name).attr("__repr__")()).cast<std::string>();
}

PyObject* constant(const std::string& text) {
  if (text == "None") return Py_None;
  if (text == "True") return Py_True;
  if (text == "False") return Py_False;
  throw std::logic_error("a default must be None, True or False, not " + text);
}

}  // namespace

Parameters::Parameters(const char* function, const char* text) : function_(function) {
  std::istringstream parts(text);
  bool keyword_only = false;
  for (std::string part; std::getline(parts, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    if (part == "*") {
      keyword_only = true;
      continue;
    }
    const std::size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    names_.push_back(PyUnicode_InternFromString(name.c_str()));
    if (!names_.back()) throw py::error_already_set();
    defaults_.push_back(equals == std::string::npos ? nullptr : constant(part.substr(equals + 1)));
    if (!keyword_only) n_positional_ = names_.size();
  }
}

std::size_t Parameters::index_of(PyObject* keyword) const {
  // Keywords in a program's text are interned, as the names are; those of a dictionary may not be.
  const auto same = std::find(names_.begin(), names_.end(), keyword);
  const auto equal =
      same != names_.end() ? same : std::find_if(names_.begin(), names_.end(), [&](PyObject* name) {
        return PyUnicode_Compare(name, keyword) == 0;
      });
  return static_cast<std::size_t>(equal - names_.begin());
}

void Parameters::arrange(PyObject* const* arguments, Py_ssize_t n_positional, PyObject* keywords,
                         PyObject** arranged) const {
  const std::size_t n_given = static_cast<std::size_t>(n_positional);
  if (n_given > n_positional_) {
    throw py::type_error(function_ + "() takes at most " + std::to_string(n_positional_) +
                         " positional argument" + (n_positional_ == 1 ? "" : "s") + ", got " +
                         std::to_string(n_given));
  }
  std::copy_n(arguments, n_given, arranged);
  std::fill(arranged + n_given, arranged + size(), nullptr);
  const Py_ssize_t n_keywords = keywords ? PyTuple_GET_SIZE(keywords) : 0;
  for (Py_ssize_t i = 0; i < n_keywords; ++i) {
    PyObject* const keyword = PyTuple_GET_ITEM(keywords, i);
    const std::size_t place = index_of(keyword);
    if (place == size()) {
      std::string known;
      for (PyObject* name : names_)
        known += (known.empty() ? "" : ", ") + py::str(name).cast<std::string>();
      throw py::type_error(function_ + "() got an unexpected keyword argument " +
                           text_of_name(keyword) + "; it takes " + known);
    }
    if (arranged[place]) {
      throw py::type_error(function_ + "() got multiple values for argument " +
                           text_of_name(keyword));
    }
    arranged[place] = arguments[n_positional + i];
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (arranged[i]) continue;
    if (!defaults_[i]) {
      throw py::type_error(function_ + "() missing required argument " + text_of_name(names_[i]));
    }
    arranged[i] = defaults_[i];
  }
}

PyMethodDef* python_definition(const char* name, const char* self, const char* parameters,
                               const char* doc, FastCall call) {
  // The first line is what inspect.signature() reads; help() shows it as such.
  const std::string separator = *parameters ? ", " : "";
  const auto* text =
      new std::string(std::string(name) + "(" + self + separator + parameters + ")\n--\n\n" + doc);
  // By way of a function without parameters, the type that CPython's own code casts through.
  auto* const function = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call));
  return new PyMethodDef{name, function, METH_FASTCALL | METH_KEYWORDS, text->c_str()};
}

}  // namespace chainrule
