// A stage between dense layers at work: its formula, its width and its place in the parameters.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "chainrule/kernels/stage_rows.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/memory/range.h"
#include "chainrule/random/noise.h"
#include "chainrule/spec.h"
#include "chainrule/stages/list.h"

namespace chainrule {

class Stage {
 public:
  // What comes before it is told by connect().
  explicit Stage(Spec spec) {
    if (trains(spec.name)) options_ = TrainingOptions::take_from(spec, "", false);
    choice_ = choose<Stages>("layer", spec);
  }

  // Adds the vectors that it trains to the parameters, of layer number `layer`.
  void connect(std::int64_t n_in, std::size_t layer, ParameterBlocks& parameters) {
    n_ = n_in;
    number_ = layer;
    offset_ = parameters.size();
    int index = 0;
    for (const TrainedVector& vector : trained_vectors(choice_)) {
      ParameterBlock block;
      block.role = Role::kVector;
      block.layer = layer;
      block.rows = 1;
      block.cols = n_;
      block.index = index++;
      block.first_value = vector.first_value;
      block.take(options_);
      parameters.add(block);
    }
  }

  std::string name() const { return Stages::names()[static_cast<std::size_t>(choice_.index)]; }
  const TrainingOptions& options() const { return options_; }
  // Whether two steps with the same parameters and samples may differ.
  bool is_random() const { return chainrule::is_random(choice_); }
  std::int64_t n() const { return n_; }  // neurons, in and out
  // How many elements forward() keeps for the way back, for each sample.
  std::int64_t n_kept() const { return numbers_kept(choice_); }

  // What its kernels need for some samples of a batch, but for the matrices.
  template <class T>
  StageRows<T> rows(const T* parameters, const Noise& noise, Range samples) const {
    StageRows<T> rows;
    rows.stage = choice_;
    rows.number = static_cast<std::int64_t>(number_);
    rows.noise = noise;
    rows.first_sample = samples.begin;
    rows.rows = samples.size();
    rows.cols = n_;
    rows.n_kept = n_kept();
    rows.trained = parameters + offset_;
    return rows;
  }

 private:
  static bool trains(const std::string& name) {
    return Stages::visit<bool>(Stages::index_of("layer", name), [](auto member) {
      return TrainedBy<typename decltype(member)::type>::kAny;
    });
  }

  StageChoice choice_;
  TrainingOptions options_;
  std::int64_t n_ = 0, offset_ = 0;
  std::size_t number_ = 0;
};

}  // namespace chainrule
