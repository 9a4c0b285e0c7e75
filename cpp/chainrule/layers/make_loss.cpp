// Whether a loss takes the outputs, and what its hyperparameters make of targets and outputs.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/make_loss.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/losses/list.h"
#include "chainrule/memory/aligned_block.h"

namespace chainrule {
namespace {

using Entries = std::map<std::int64_t, double>;

// ---- Texts of messages ----

// As it is written in Python: Dense(3, "softmax")
std::string dense_text(std::int64_t n_out, const std::string& activation) {
  return "Dense(" + std::to_string(n_out) + ", \"" + activation + "\")";
}

std::string activation_of(const OutputLayer& output) {
  return Activations::names()[static_cast<std::size_t>(output.dense.activation.index)];
}

// "layer 3, Dense(1, "relu"),"
std::string layer_text(const OutputLayer& output) {
  return "layer " + std::to_string(output.number) + ", " +
         dense_text(output.dense.n_out, activation_of(output)) + ",";
}

std::string text_of_loss(const std::string& name) { return "loss \"" + name + "\""; }

// "sigmoid, softmax or tanh"
std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    list += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return list;
}

// ---- Which outputs ----

template <class Member>
bool takes(bool logits, int activation) {
  if (logits) return activation == Activations::index_of_type<Identity>();
  if constexpr (kIsPaired<Member>) {
    return activation == Activations::index_of_type<typename Member::PairedActivation>();
  } else {
    return OutputsTakenBy<Member>::take(activation);
  }
}

// `knows_logits`: it could take logits
template <class Member>
void require_taken(bool logits, bool knows_logits, const OutputLayer& output) {
  if (takes<Member>(logits, output.dense.activation.index)) return;
  std::vector<std::string> taken;
  for (int i = 0; i < Activations::kSize; ++i) {
    if (takes<Member>(logits, i))
      taken.push_back(Activations::names()[static_cast<std::size_t>(i)]);
  }
  const bool identity = output.dense.activation.index == Activations::index_of_type<Identity>();
  throw std::invalid_argument(
      text_of_loss(Member::kName) + (logits ? " with logits" : "") + " takes the outputs of " +
      listed(taken) + ", but " + layer_text(output) + " has " + activation_of(output) + "; write " +
      (taken.size() == 1 ? dense_text(output.dense.n_out, taken.front()) : "one of these") +
      (knows_logits && !logits && identity ? ", or give the loss logits=True" : ""));
}

void require_several_classes(const Spec& spec, const OutputLayer& output) {
  if (output.dense.n_out > 1) return;
  throw std::invalid_argument(
      text_of_loss(spec.name) + " is for two classes or more, with an output for each, but " +
      layer_text(output) + " has one output; for two classes with one output write " +
      dense_text(1, Sigmoid::kName) + " and the " + text_of_loss(BinaryCrossEntropy::kName));
}

// ---- Hyperparameters with one meaning in all losses ----

// The number of a parameter that the loss may have declared, 0 if it has not.
double option(const Choice<Losses>& choice, const Parameter& parameter) {
  const std::vector<std::string> names = names_of(parameters_of<Losses>(choice.index));
  const auto found = std::find(names.begin(), names.end(), parameter.name);
  return found == names.end() ? 0 : choice.numbers[found - names.begin()];
}

// The weight of each class, 1 for those that are not named; or none.
std::vector<double> class_weights(const Spec& spec, const OutputLayer& output) {
  const Entries entries = spec.list(kClassWeight.name);
  const std::int64_t n_out = output.dense.n_out;
  const double length = spec.number(kClassWeight.name, static_cast<double>(n_out));
  if (length != static_cast<double>(n_out)) {
    throw std::invalid_argument(std::string(kClassWeight.name) + " has " + text_of(length) +
                                " numbers, but " + layer_text(output) + " has " +
                                std::to_string(n_out) + " classes; give one for each");
  }
  if (entries.empty()) return {};
  std::vector<double> weights(static_cast<std::size_t>(n_out), 1.0);
  for (const auto& [place, weight] : entries) {
    if (place >= n_out) {
      throw std::invalid_argument(std::string(kClassWeight.name) + " has class " +
                                  std::to_string(place) + ", but " + layer_text(output) +
                                  " has the classes 0 to " + std::to_string(n_out - 1));
    }
    weights[static_cast<std::size_t>(place)] = weight;
  }
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
    throw std::invalid_argument(std::string(kClassWeight.name) + " is 0 for every class");
  }
  return weights;
}

// A list without gaps.
std::vector<double> whole_list(const Spec& spec, const Parameter& list) {
  std::vector<double> numbers;
  for (const auto& [place, value] : spec.list(list.name)) {
    if (place != static_cast<std::int64_t>(numbers.size())) {
      throw std::invalid_argument(
          name_of_entry(list.name, static_cast<std::int64_t>(numbers.size())) + " is missing");
    }
    numbers.push_back(value);
  }
  if (numbers.empty() && spec.number(list.name, 1) == 0) {
    throw std::invalid_argument(std::string(list.name) +
                                " must have one number at least, got none");
  }
  if (numbers.empty() && !std::isnan(list.standard)) numbers.push_back(list.standard);
  return numbers;
}

// The numbers again and again, one for each output.
NumbersOfOutputs of_outputs(const std::vector<double>& numbers, std::int64_t n_out) {
  const auto size = static_cast<std::size_t>(round_up(n_out, kBlockAlignment));
  NumbersOfOutputs all{std::vector<float>(size), std::vector<double>(size)};
  for (std::size_t j = 0; j < static_cast<std::size_t>(n_out); ++j) {
    all.of_double[j] = numbers[j % numbers.size()];
    all.of_float[j] = static_cast<float>(all.of_double[j]);
  }
  return all;
}

void set_pos_weight(Loss& loss, const Spec& spec, const OutputLayer& output) {
  const std::vector<double> weights = whole_list(spec, kPosWeight);
  if (weights.empty()) return;
  const auto n = static_cast<std::int64_t>(weights.size());
  if (n != 1 && n != output.dense.n_out) {
    throw std::invalid_argument(std::string(kPosWeight.name) + " has " + std::to_string(n) +
                                " numbers, but " + layer_text(output) + " has " +
                                std::to_string(output.dense.n_out) +
                                " outputs; give one for each, or one for all");
  }
  loss.set_of_outputs(of_outputs(weights, output.dense.n_out));
}

void set_quantiles(Loss& loss, const Spec& spec, const OutputLayer& output) {
  const std::vector<double> quantiles = whole_list(spec, kQuantiles);
  loss.outputs_of_target = static_cast<std::int64_t>(quantiles.size());
  if (output.dense.n_out % loss.outputs_of_target != 0) {
    throw std::invalid_argument(
        text_of_loss(spec.name) + " has " + std::to_string(quantiles.size()) +
        " quantiles of each target, with an output for each, but " + layer_text(output) + " has " +
        std::to_string(output.dense.n_out) + " outputs, which is no multiple of it");
  }
  loss.set_of_outputs(of_outputs(quantiles, output.dense.n_out));
}

// y := (weight of the class) ((1 - smoothing) y + smoothing / classes)
void set_target_scale(Loss& loss, double smoothing, double n_classes, std::int64_t n_out) {
  if (smoothing == 0 && loss.class_weight.empty()) return;
  for (std::size_t j = 0; j < static_cast<std::size_t>(n_out); ++j) {
    const double weight = loss.class_weight.empty() ? 1 : loss.class_weight[j];
    loss.target_scale.push_back((1 - smoothing) * weight);
    loss.target_shift.push_back(smoothing / n_classes * weight);
  }
}

template <class Member>
bool has_list(const Parameter& list) {
  const std::vector<std::string> names = names_of(ListsOf<Member>::list());
  return std::find(names.begin(), names.end(), list.name) != names.end();
}

}  // namespace

Loss make_loss(const Spec& spec, const OutputLayer& output) {
  Loss loss;
  loss.choice = choose<Losses>("loss", spec);
  loss.logits = option(loss.choice, kLogits) != 0;
  loss.masks_nan = option(loss.choice, kMaskNan) != 0;
  const double smoothing = option(loss.choice, kLabelSmoothing);
  Losses::visit<void>(loss.choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    loss.targets = Member::kTargets;
    const std::int64_t n_out = output.dense.n_out;
    const bool distribution = loss.targets == TargetKind::kDistribution;
    if (distribution) require_several_classes(spec, output);
    const std::vector<std::string> names = names_of(ParametersOf<Member>::list());
    const bool knows_logits = std::find(names.begin(), names.end(), kLogits.name) != names.end();
    require_taken<Member>(loss.logits, knows_logits, output);
    loss.paired = kIsPaired<Member>;
    if (has_list<Member>(kClassWeight)) loss.class_weight = class_weights(spec, output);
    if (has_list<Member>(kPosWeight)) set_pos_weight(loss, spec, output);
    if (has_list<Member>(kQuantiles)) set_quantiles(loss, spec, output);
    set_target_scale(loss, smoothing, distribution ? static_cast<double>(n_out) : 2, n_out);
  });
  return loss;
}

void require_outputs_that_vary(const OutputLayer& output) {
  if (output.dense.n_out > 1 ||
      output.dense.activation.index != Activations::index_of_type<Softmax>()) {
    return;
  }
  throw std::invalid_argument(layer_text(output) +
                              " is the constant 1, since softmax sums to 1 over its neurons; "
                              "write two neurons or more, or " +
                              dense_text(1, Sigmoid::kName));
}

}  // namespace chainrule
