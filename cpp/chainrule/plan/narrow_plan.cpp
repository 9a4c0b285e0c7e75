// Chunks and blocks of a batch, and what the threads do with them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/narrow_plan.h"

#include <algorithm>
#include <cmath>

#include "chainrule/plan/panel_plan.h"

namespace chainrule {
namespace {

// Samples that go through the network at a time: two of the widest vectors of floats, so that weights are read seldom
// enough and a layer's numbers stay in the nearest cache.
constexpr std::int64_t kBlock = 32;
// Chunks of a batch: enough for the threads to share, few enough that their gradients cost little. These numbers decide
// bits: every batch, thread and CPU has the same.
constexpr std::int64_t kMaxChunks = 16;

// All chunks but the last have so many samples: whole blocks, so that vectors are full.
std::int64_t chunk_size(std::int64_t batch) {
  return round_up((batch - 1) / kMaxChunks + 1, kBlock);
}
// Of this batch or any smaller one, which may have more of them
std::int64_t most_chunks(std::int64_t batch) {
  return std::min((batch - 1) / kBlock + 1, kMaxChunks);
}

// Vectors would be mostly empty. With AVX-512, a step of 4-2-2-1 takes 0.77 of the time that it takes with vectors, of
// 4-3-3-1 0.9 (Adam: the same), of 4-4-4-1 1.1. With more weights, Adam's roots and divisions take long one by one.
bool is_tiny(const Architecture& architecture) {
  constexpr std::int64_t kFewNeurons = 3, kFewParameters = 32;
  const auto has_few = [](const Dense& layer) { return layer.n_out <= kFewNeurons; };
  return architecture.n_parameters <= kFewParameters &&
         std::all_of(architecture.layers.begin(), architecture.layers.end(), has_few);
}

}  // namespace

std::int64_t narrow_chunks(std::int64_t batch) { return (batch - 1) / chunk_size(batch) + 1; }

template <class T>
bool NarrowPlan<T>::suits(const Architecture& architecture) {
  // With more weights, layers are wide enough for vectors along them, and copies of W pay.
  constexpr std::int64_t kMaxParameters = 8192;
  return architecture.n_parameters <= kMaxParameters && PanelPlan<T>::suits(architecture);
}

template <class T>
NarrowPlan<T>::NarrowPlan(const Architecture& architecture, const Passes& passes,
                          const Engine<T>& engine, Poll& poll)
    : Plan<T>(passes, engine),
      architecture_(architecture),
      kernels_(*engine.kernels),
      one_sample_(sample_kernels<T>(engine.target, is_tiny(architecture))),
      stride_(round_up(std::min(passes.max_rows, kBlock), kernels_.vector_width)),
      desks_(static_cast<std::size_t>(passes.threads)) {
  for (Desk& desk : desks_) reserve(desk);
  if (this->trains()) {
    workspace_.reserve(most_chunks(passes.max_rows),
                       round_up(architecture.n_parameters, kernels_.vector_width), gradients_);
  }
  targets_.reserve(std::max(passes.max_rows, Plan<T>::Steps::kMost), architecture.n_out(),
                   workspace_);
  workspace_.allocate(poll);
  for (Desk& desk : desks_) {
    for (const NarrowLayer<T>& layer : desk.layers) {
      if (layer.n_rows > layer.n_in) std::fill_n(layer.a + layer.n_in * stride_, stride_, T(1));
    }
    desk.pass.layers = desk.layers.data();
  }
}

template <class T>
void NarrowPlan<T>::reserve(Desk& desk) {
  const std::int64_t n_out = architecture_.n_out(), width = kernels_.vector_width;
  desk.layers.resize(architecture_.layers.size());
  for (std::size_t l = 0; l < desk.layers.size(); ++l) {
    const Dense& dense = architecture_.layers[l];
    NarrowLayer<T>& layer = desk.layers[l];
    layer.n_in = dense.n_in;
    layer.n_out = dense.n_out;
    layer.n_rows = dense.n_in + (dense.has_bias ? 1 : 0);
    layer.offset = dense.offset;
    layer.activation = dense.activation;
    workspace_.reserve(layer.n_rows * stride_, layer.a);
    if (!this->trains()) continue;
    layer.delta_stride = dense.n_out == 1 ? 1 : round_up(dense.n_out, width);
    workspace_.reserve(dense.n_out * stride_, layer.delta);
    workspace_.reserve(stride_ * layer.delta_stride, layer.delta_by_sample);
  }
  NarrowPass<T>& pass = desk.pass;
  pass.n_layers = static_cast<int>(desk.layers.size());
  pass.stride = stride_;
  pass.loss = &architecture_.loss;
  workspace_.reserve(n_out * stride_, pass.z);
  workspace_.reserve(n_out * stride_, pass.s);
  workspace_.reserve(n_out * stride_, desk.y);
  const std::int64_t rows = std::max(stride_, Plan<T>::Steps::kMost);
  workspace_.reserve(rows, desk.costs);
  workspace_.reserve(rows, architecture_.n_in, desk.x);
  workspace_.reserve(rows, round_up(n_out, width), desk.y_gathered);
}

template <class T>
void NarrowPlan<T>::gather(Desk& desk, const ArrayView& x, const Samples<T>* samples,
                           const Rows& rows, std::int64_t first, std::int64_t count) {
  const Rows part = rows.part(first, count);
  const std::int64_t n_in = architecture_.n_in, n_out = architecture_.n_out();
  NarrowPass<T>& pass = desk.pass;
  T* a = desk.layers[0].a;
  pass.n_samples = count;
  gather_rows(x, part, MatrixView<T>(count == 1 ? a : desk.x.data, count, n_in));
  if (count > 1) kernels_.transpose_block(desk.x.data, n_in, count, n_in, a, stride_);
  if (!samples) return;
  pass.shares = targets_.shares() + first;
  // One number of each sample is a row already.
  const bool turns = count > 1 && n_out > 1;
  const MatrixView<T> y(turns ? desk.y_gathered.data : desk.y, count, n_out,
                        turns ? desk.y_gathered.stride : n_out);
  targets_.gather(*samples, part, first, y);
  if (turns) kernels_.transpose_block(y.data, y.stride, count, n_out, desk.y, stride_);
  pass.y = desk.y;
}

template <class T>
template <class Use>
void NarrowPlan<T>::run(const ArrayView& x, const Samples<T>* samples, const Rows& rows,
                        bool backward, Team& team, Poll& poll, Use&& use) {
  chunks_ = narrow_chunks(rows.count);
  next_chunk_.store(0, std::memory_order_relaxed);
  finite_.store(true, std::memory_order_relaxed);
  team.run(
      [&](int index, int n_threads) {
        // An atomic operation waits for all that was stored before: some ten ns, of which a step of one sample has sixty.
        std::int64_t next_alone = 0;
        const auto take = [&] { return n_threads == 1 ? next_alone++ : next_chunk_++; };
        Desk& desk = desks_[static_cast<std::size_t>(index)];
        NarrowPass<T>& pass = desk.pass;
        pass.parameters = parameters_;
        pass.costs = samples ? desk.costs : nullptr;
        for (std::int64_t chunk = take(); chunk < chunks_; chunk = take()) {
          const std::int64_t begin = chunk * chunk_size(rows.count);
          const std::int64_t end = std::min(begin + chunk_size(rows.count), rows.count);
          pass.gradient = backward ? gradients_.row(chunk) : nullptr;
          for (std::int64_t first = begin; first < end; first += kBlock) {
            const std::int64_t n = std::min(kBlock, end - first);
            pass.accumulate = first > begin;
            gather(desk, x, samples, rows, first, n);
            n == 1 ? one_sample_.pass(pass) : kernels_.narrow_pass(pass);
            use(desk, first, n);
            if (backward) fetch_ahead(*samples, first, n);
            if (index == 0 && first + n < rows.count) poll();  // the caller's thread
            if (team.cancelled()) return;
          }
        }
      },
      &poll);
}

// What the next batch has in the place of these rows.
template <class T>
void NarrowPlan<T>::fetch_ahead(const Samples<T>& samples, std::int64_t first, std::int64_t count) {
  const std::int64_t left = this->expected_.count - first;
  if (left > 0) prefetch_rows(samples.x, this->expected_.part(first, std::min(count, left)));
}

template <class T>
void NarrowPlan<T>::predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
                            Poll& poll) {
  run(x, nullptr, rows, false, team, poll,
      [&](const Desk& desk, std::int64_t first, std::int64_t count) {
        if (count == 1) {
          std::copy_n(desk.pass.s, architecture_.n_out(), s.row(first));
        } else {
          kernels_.transpose_block(desk.pass.s, stride_, architecture_.n_out(), count, s.row(first),
                                   s.stride);
        }
      });
}

template <class T>
CostSums NarrowPlan<T>::costs(const Samples<T>& samples, const Rows& rows, bool backward,
                              Team& team, Poll& poll) {
  const CostSums sums = targets_.begin(samples, rows, poll);
  run(samples.x, &samples, rows, backward, team, poll,
      [&](const Desk& desk, std::int64_t first, std::int64_t count) {
        std::copy_n(desk.costs, count, targets_.costs() + first);
        if (!targets_.finite(first, count)) finite_ = false;
      });
  return targets_.sum(sums);
}

template <class T>
CostSums NarrowPlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) {
  return costs(samples, rows, false, team, poll);
}

template <class T>
const T* NarrowPlan<T>::sum_chunks(std::int64_t first, std::int64_t count) {
  T* sum = gradients_.data + first;
  if (chunks_ > 1) kernels_.sum_rows(sum, chunks_, count, gradients_.stride, sum);
  return sum;
}

template <class T>
CostSums NarrowPlan<T>::value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient,
                                           Team& team, Poll& poll) {
  const CostSums sums = costs(samples, rows, true, team, poll);
  std::copy_n(sum_chunks(0, architecture_.n_parameters), architecture_.n_parameters, gradient);
  return sums;
}

template <class T>
typename Plan<T>::Step NarrowPlan<T>::train_step(const Samples<T>& samples, const Rows& rows,
                                                 const Update<T>& update, Team& team, Poll& poll) {
  const CostSums sums = costs(samples, rows, true, team, poll);
  if (!finite_ || !std::isfinite(sums.weighted_cost)) return {sums, false};
  const auto make_step = [&](std::int64_t first, std::int64_t count) {
    UpdateBlock<T> block;
    block.weights = parameters_ + first;
    block.offset = first;
    block.gradient = sum_chunks(first, count);
    block.rows = 1;
    block.cols = count;
    if (!kernels_.update(update, block)) finite_ = false;
  };
  const std::int64_t n = architecture_.n_parameters;
  constexpr std::int64_t kShared = 4096;  // less is done before another thread has heard of it
  if (n < kShared) {
    make_step(0, n);
  } else {
    team.run([&](int index, int count) {
      const std::int64_t first = n * index / count;
      make_step(first, n * (index + 1) / count - first);
    });
  }
  return {sums, finite_};
}

template <class T>
void NarrowPlan<T>::train_steps(const Samples<T>& samples, const Rows& rows, std::int64_t batch,
                                typename Plan<T>::Steps& steps, Team& team, Poll& poll) {
  if (steps_at_once(samples, batch) == 1) {
    return Plan<T>::train_steps(samples, rows, batch, steps, team, poll);
  }
  targets_.begin(samples, rows.part(0, 1), poll);
  Desk& desk = desks_[0];
  gather_rows(samples.x, rows, MatrixView<T>(desk.x.data, rows.count, desk.x.stride));
  targets_.gather(
      samples, rows, 0,
      {desk.y_gathered.data, rows.count, architecture_.n_out(), desk.y_gathered.stride});
  if (this->expected_.count > 0) prefetch_rows(samples.x, this->expected_);
  NarrowPass<T>& pass = desk.pass;
  pass.n_samples = 1;
  pass.parameters = parameters_;
  pass.shares = targets_.shares();
  pass.gradient = gradients_.data;
  pass.accumulate = false;
  SampleSteps<T> of_kernel;
  of_kernel.count = rows.count;
  of_kernel.x = desk.x.data;
  of_kernel.x_stride = desk.x.stride;
  of_kernel.y = desk.y_gathered.data;
  of_kernel.y_stride = desk.y_gathered.stride;
  of_kernel.parameters = parameters_;
  of_kernel.updates = steps.updates.data();
  of_kernel.costs = desk.costs;
  const std::int64_t finished = one_sample_.train(pass, of_kernel);
  steps.finite = finished == rows.count;
  steps.begun = steps.finite ? finished : finished + 1;
  for (std::int64_t i = 0; i < steps.begun; ++i) {
    steps.costs[static_cast<std::size_t>(i)] = {static_cast<double>(desk.costs[i]), 1.0};
  }
}

template class NarrowPlan<float>;
template class NarrowPlan<double>;

}  // namespace chainrule
