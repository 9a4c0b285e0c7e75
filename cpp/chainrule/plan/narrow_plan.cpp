// Chunks and blocks of a batch, and what the threads do with them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/narrow_plan.h"

#include <algorithm>
#include <cmath>

#include "chainrule/plan/max_norm.h"

namespace chainrule {
namespace {

// Samples that go through the network at a time: two of the widest vectors of floats, so that weights are read seldom
// enough and a layer's activations stay in the nearest cache.
constexpr std::int64_t kBlock = 32;
// Chunks of a batch: enough for the threads to share, few enough that their gradients cost little. These numbers decide
// bits: every batch, thread and CPU has the same.
constexpr std::int64_t kMaxChunks = 16;

// The samples of all chunks but the last: whole blocks, so that vectors are full.
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
  const auto has_few = [](const Layer& layer) { return layer.n_out() <= kFewNeurons; };
  return architecture.n_parameters() <= kFewParameters &&
         std::all_of(architecture.layers.begin(), architecture.layers.end(), has_few);
}

}  // namespace

std::int64_t narrow_chunks(std::int64_t batch) { return (batch - 1) / chunk_size(batch) + 1; }

template <class T>
bool NarrowPlan<T>::suits(const Architecture& architecture) {
  // With more weights, layers are wide enough for vectors along them, and copies of W pay.
  constexpr std::int64_t kMaxParameters = 8192;
  return architecture.n_parameters() <= kMaxParameters;
}

template <class T>
NarrowPlan<T>::NarrowPlan(const Architecture& architecture, const Capacity& capacity,
                          const Engine<T>& engine, Poll& poll)
    : Plan<T>(PlanKind::kNarrow, architecture, capacity, engine),
      kernels_(*engine.kernels),
      one_sample_(sample_kernels<T>(engine.target, is_tiny(architecture))),
      stride_(round_up(std::min(capacity.max_rows, kBlock), kernels_.vector_width)),
      buffers_(static_cast<std::size_t>(capacity.threads)) {
  for (Buffers& each : buffers_) reserve(each);
  if (this->trains()) {
    workspace_.reserve(most_chunks(capacity.max_rows),
                       round_up(architecture.n_parameters(), kernels_.vector_width), gradients_);
  }
  targets_.reserve(std::max(capacity.max_rows, Plan<T>::OneByOne::kMost), architecture, workspace_);
  workspace_.allocate(poll);
  for (Buffers& each : buffers_) {
    for (const NarrowLayer<T>& layer : each.layers) {
      if (layer.n_rows > layer.n_in) std::fill_n(layer.a + layer.n_in * stride_, stride_, T(1));
    }
    each.pass.layers = each.layers.data();
  }
}

template <class T>
void NarrowPlan<T>::reserve(Buffers& buffers) {
  const std::int64_t n_out = architecture_.n_out(), width = kernels_.vector_width;
  buffers.layers.resize(architecture_.layers.size());
  for (std::size_t l = 0; l < buffers.layers.size(); ++l) {
    const Dense& dense = *architecture_.layers[l].dense();
    NarrowLayer<T>& layer = buffers.layers[l];
    layer.n_in = dense.n_in;
    layer.n_out = dense.n_out;
    layer.n_rows = dense.rows_with_bias();
    layer.offset = dense.offset();
    layer.activation = dense.activation;
    workspace_.reserve(layer.n_rows * stride_, layer.a);
    if (l + 1 < buffers.layers.size() && slope_reads_z(dense.activation)) {
      workspace_.reserve(dense.n_out * stride_, layer.slope);
    }
    if (!this->trains()) continue;
    layer.delta_stride = dense.n_out == 1 ? 1 : round_up(dense.n_out, width);
    workspace_.reserve(dense.n_out * stride_, layer.delta);
    workspace_.reserve(stride_ * layer.delta_stride, layer.delta_by_sample);
  }
  for (const ParameterBlock& block : architecture_.parameters) {
    buffers.layers[block.layer].trained = block.options.trained;
  }
  NarrowPass<T>& pass = buffers.pass;
  pass.n_layers = static_cast<int>(buffers.layers.size());
  pass.first_trained = static_cast<int>(architecture_.first_trained());
  pass.stride = stride_;
  pass.loss = &architecture_.loss;
  workspace_.reserve(n_out * stride_, pass.z);
  workspace_.reserve(n_out * stride_, pass.s);
  workspace_.reserve(n_out * stride_, buffers.y);
  const std::int64_t rows = std::max(stride_, Plan<T>::OneByOne::kMost);
  workspace_.reserve(rows, buffers.costs);
  workspace_.reserve(rows, architecture_.n_in, buffers.x_by_sample);
  workspace_.reserve(rows, n_out, buffers.y_by_sample);
}

template <class T>
void NarrowPlan<T>::gather(Buffers& buffers, const Work& work, Range part) {
  const Rows rows = work.rows.part(part);
  const std::int64_t n_in = architecture_.n_in, n_out = architecture_.n_out(), count = part.size();
  NarrowPass<T>& pass = buffers.pass;
  // One sample alone, or one element of each, is contiguous as it comes.
  const auto destination = [&](T* data, std::int64_t cols, const MatrixView<T>& by_sample) {
    return count == 1 || cols == 1 ? Destination<T>::row(data, cols)
                                   : Destination<T>::across(data, stride_, by_sample.data);
  };
  pass.n_samples = count;
  work.x.gather(rows, destination(buffers.layers[0].a, n_in, buffers.x_by_sample), kernels_);
  if (!work.samples) return;
  pass.shares = targets_.shares() + part.begin;
  targets_.gather(*work.samples, rows, part.begin,
                  destination(buffers.y, n_out, buffers.y_by_sample), kernels_);
}

template <class T>
template <class Use>
void NarrowPlan<T>::run(const Work& work, Team& team, Poll& poll, Use&& use) {
  const std::int64_t batch = work.rows.size();
  chunks_ = narrow_chunks(batch);
  alignas(kBlockAlignment) std::atomic<std::int64_t> next{0};  // chunk
  team.run(
      [&](int index, int n_threads) {
        // An atomic operation waits for all that was stored before: some ten ns, of which a step of one sample has sixty.
        std::int64_t next_alone = 0;
        const auto take = [&] { return n_threads == 1 ? next_alone++ : next++; };
        Buffers& buffers = buffers_[static_cast<std::size_t>(index)];
        NarrowPass<T>& pass = buffers.pass;
        pass.parameters = parameters_;
        pass.y = buffers.y;
        pass.costs = work.samples ? buffers.costs : nullptr;
        for (std::int64_t chunk = take(); chunk < chunks_; chunk = take()) {
          const std::int64_t begin = chunk * chunk_size(batch);
          const std::int64_t end = std::min(begin + chunk_size(batch), batch);
          pass.gradient = work.backward ? gradients_.row(chunk) : nullptr;
          for (std::int64_t first = begin; first < end; first += kBlock) {
            const Range block{first, std::min(first + kBlock, end)};
            pass.accumulate = first > begin;
            gather(buffers, work, block);
            block.size() == 1 ? one_sample_.pass(pass) : kernels_.narrow_pass(pass);
            use(buffers, block);
            // What the next batch has in the place of these rows.
            if (first < work.next.size()) {
              work.x.prefetch(work.next.part({first, std::min(block.end, work.next.size())}));
            }
            if (block.end < batch && team.on_callers_thread()) poll();
            if (team.cancelled()) return;
          }
        }
      },
      &poll);
}

template <class T>
void NarrowPlan<T>::predict(const RowSource& x, const Rows& rows, const Noise& /*noise*/,
                            MatrixView<T> s, Team& team, Poll& poll) {
  const Work work{x, rows};
  run(work, team, poll, [&](const Buffers& buffers, Range block) {
    T* const to = s.row(block.begin);
    if (block.size() == 1) {
      std::copy_n(buffers.pass.s, architecture_.n_out(), to);
    } else {
      kernels_.transpose_block(buffers.pass.s, stride_, architecture_.n_out(), block.size(), to,
                               s.stride);
    }
  });
}

template <class T>
CostSums NarrowPlan<T>::costs(const Work& work, Team& team, Poll& poll) {
  const CostSums sums = targets_.begin(*work.samples, work.rows, poll);
  run(work, team, poll, [&](const Buffers& buffers, Range block) {
    std::copy_n(buffers.costs, block.size(), targets_.costs() + block.begin);
  });
  return targets_.sum(sums);
}

template <class T>
CostSums NarrowPlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) {
  return costs({samples.x, rows, &samples}, team, poll);
}

template <class T>
CostSums NarrowPlan<T>::backpropagate(const Batch<T>& batch, Team& team, Poll& poll) {
  return costs({batch.samples.x, batch.rows, &batch.samples, true, batch.next}, team, poll);
}

// The gradient of a part of the parameters, from those of the chunks and the penalty. Once for each part.
template <class T>
const T* NarrowPlan<T>::sum_chunks(Range part) {
  T* sum = gradients_.data + part.begin;
  if (chunks_ > 1) kernels_.sum_rows(sum, chunks_, part.size(), gradients_.stride, sum);
  add_penalty_slopes(kernels_, architecture_.parameters, part, parameters_, gradients_.data);
  return sum;
}

template <class T>
void NarrowPlan<T>::gradient(T* gradient, Team& /*team*/, Poll& /*poll*/) {
  const std::int64_t count = architecture_.n_parameters();
  std::copy_n(sum_chunks({0, count}), count, gradient);
  architecture_.parameters.zero_frozen(gradient);
}

template <class T>
bool NarrowPlan<T>::update_weights(const OptimizerStep<T>* updates, const T* gradient,
                                   const Batch<T>& /*batch*/, Team& team) {
  std::atomic<bool> finite{true};
  const auto make_step = [&](const OptimizerStep<T>& update, Range part) {
    UpdateBlock<T> block;
    block.weights = parameters_ + part.begin;
    block.offset = part.begin;
    block.gradient = gradient ? gradient + part.begin : sum_chunks(part);
    block.rows = 1;
    block.cols = part.size();
    if (!kernels_.update(update, block)) finite.store(false, std::memory_order_relaxed);
  };
  constexpr std::int64_t kShared = 4096;  // less is done before another thread has heard of it
  for (const ParameterBlocks::Run& run : architecture_.parameters.runs()) {
    const OptimizerStep<T>& update = updates[run.rate];
    if (run.part.size() < kShared) {
      make_step(update, run.part);
    } else {
      team.run([&](int index, int count) { make_step(update, part_of(run.part, index, count)); });
    }
  }
  if (architecture_.parameters.limited()) {
    limit_norms(kernels_, architecture_.parameters, parameters_);
  }
  return finite.load(std::memory_order_relaxed);
}

// An update leaves the gradient where its chunks were added up.
template <class T>
void NarrowPlan<T>::regain_gradient(T* gradient, Team& /*team*/, Poll& /*poll*/) {
  std::copy_n(gradients_.data, architecture_.n_parameters(), gradient);
  architecture_.parameters.zero_frozen(gradient);
}

// The gradient of the last of several steps of one sample, from its deltas: where each weight makes its step at once, it is
// nowhere.
template <class T>
void NarrowPlan<T>::keep_gradient(const NarrowPass<T>& pass, const T* x) {
  for (int l = pass.first_trained; l < pass.n_layers; ++l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    const T* const a = l > 0 ? layer.a : x;
    T* gradient = gradients_.data + layer.offset;
    for (std::int64_t k = 0; k < layer.n_rows; ++k, gradient += layer.n_out) {
      for (std::int64_t j = 0; j < layer.n_out; ++j) {
        gradient[j] = (k < layer.n_in ? a[k] : T(1)) * layer.delta[j];
      }
    }
  }
}

template <class T>
void NarrowPlan<T>::train_one_by_one(const Batch<T>& batch, OneByOne& steps, Poll& poll) {
  const Samples<T>& samples = batch.samples;
  const Rows& rows = batch.rows;
  targets_.begin(samples, rows.one(0), poll);
  Buffers& buffers = buffers_[0];
  const MatrixView<T>&x = buffers.x_by_sample, &y = buffers.y_by_sample;
  samples.x.gather(rows, Destination<T>::rows(x), kernels_);
  targets_.gather(samples, rows, 0, Destination<T>::rows(y), kernels_);
  if (batch.next.size() > 0) samples.x.prefetch(batch.next);
  NarrowPass<T>& pass = buffers.pass;
  pass.n_samples = 1;
  pass.parameters = parameters_;
  pass.shares = targets_.shares();
  pass.gradient = gradients_.data;
  pass.accumulate = false;
  SampleSteps<T> of_kernel;
  of_kernel.count = rows.size();
  of_kernel.x = x.data;
  of_kernel.x_stride = x.stride;
  of_kernel.y = y.data;
  of_kernel.y_stride = y.stride;
  of_kernel.parameters = parameters_;
  of_kernel.updates = steps.updates.data();
  of_kernel.costs = buffers.costs;
  this->updated_by_ = nullptr;
  const std::int64_t finished = one_sample_.train(pass, of_kernel);
  steps.finite = finished == rows.size();
  steps.begun = steps.finite ? finished : finished + 1;
  if (!steps.finite) keep_gradient(pass, x.row(finished));
  for (std::int64_t i = 0; i < steps.begun; ++i) {
    steps.costs[static_cast<std::size_t>(i)] = {static_cast<double>(buffers.costs[i]), 1.0};
  }
}

template class NarrowPlan<float>;
template class NarrowPlan<double>;

}  // namespace chainrule
