// What a network does with samples: check them, borrow a plan, let it run.
// SPDX-License-Identifier: BSD-3-Clause
#include "network/network.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "layers/initializers.h"
#include "network/check_samples.h"
#include "simd/denormals.h"

namespace chainrule {
namespace {

std::uint64_t next_network_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// Drawn in the order of W[j, k] as it is shown, (n_out, n_in), then b: independent of how W is stored.
template <class T>
void initialize(const Architecture& architecture, std::uint64_t seed, T* parameters) {
  for (std::size_t l = 0; l < architecture.layers.size(); ++l) {
    const Dense& layer = architecture.layers[l];
    RandomStream stream(seed, Purpose::kInitialParameters, static_cast<std::uint32_t>(l));
    Initializers::visit<void>(layer.initializer, [&](auto member) {
      const auto draw = [&] {
        return static_cast<T>(decltype(member)::type::draw(stream, static_cast<double>(layer.n_in),
                                                           static_cast<double>(layer.n_out)));
      };
      const MatrixView<T> weights = layer.weights(parameters);
      for (std::int64_t j = 0; j < layer.n_out; ++j) {
        for (std::int64_t k = 0; k < layer.n_in; ++k) weights.row(k)[j] = draw();
      }
      if (T* bias = layer.bias(parameters)) std::generate_n(bias, layer.n_out, draw);
    });
  }
}

template <class T>
Rows all_rows(const Samples<T>& samples) {
  return {nullptr, 0, samples.size()};
}

}  // namespace

// A plan with the network's parameters loaded, and a team of threads for it. One plan waits idle in its network. Who finds
// it gone, or unsuitable, makes another; the last one given back stays.
template <class T>
class Network<T>::BorrowedPlan {
 public:
  BorrowedPlan(const Network& network, Passes passes)
      : network_(network),
        plan_(network.idle_plan_.exchange(nullptr)),
        engine_(current_engine<T>()),
        team(threads_for(choose_plan(network.architecture_, engine_), network.architecture_,
                         passes.usual_rows, passes.direction, network.threads_)) {
    passes.threads = team.size();
    if (!plan_ || !plan_->serves(passes) || !(plan_->engine() == engine_)) {
      plan_.reset();  // first, so that not both are in memory
      plan_ = make_plan<T>(network.architecture_, passes, engine_);
    }
    plan_->load(network.parameters(), passes, team);
    plan_->expect({});
  }
  BorrowedPlan(const Network& network, std::int64_t rows, Direction direction)
      : BorrowedPlan(network, Passes{rows, rows, direction, 1}) {}
  ~BorrowedPlan() {
    Team alone(1);  // after an exception, such as one of the team's threads'
    plan_->store(alone);
    delete network_.idle_plan_.exchange(plan_.release());
  }
  BorrowedPlan(const BorrowedPlan&) = delete;
  BorrowedPlan& operator=(const BorrowedPlan&) = delete;

  Plan<T>* operator->() const { return plan_.get(); }
  Plan<T>& operator*() const { return *plan_; }

 private:
  const Network& network_;
  std::unique_ptr<Plan<T>> plan_;
  const Engine<T> engine_;

 public:
  Team team;
};

template <class T>
Network<T>::Network(const std::vector<Spec>& layers, const std::string& loss, std::uint64_t seed)
    : architecture_(layers, loss),
      seed_(seed),
      id_(next_network_id()),
      parameters_(architecture_.n_parameters) {
  initialize(architecture_, seed, parameters());
}

template <class T>
typename Network<T>::Report Network<T>::report(std::int64_t batch, Direction direction) const {
  const Engine<T> engine = current_engine<T>();
  const PlanKind plan = choose_plan(architecture_, engine);
  return {plan_name(plan), engine.product == Product::kOwn ? "own" : "blas",
          target_name(engine.target), threads_for(plan, architecture_, batch, direction, threads_)};
}

template <class T>
void Network<T>::predict(const ArrayView& x, MatrixView<T> s, Poll& poll, bool check_finite) const {
  const FlushDenormals flush;
  const Uses::Shared use(uses_, "network");
  check_shape_of_x(architecture_, x);
  if (x.rows == 0) return;
  const std::int64_t chunk = std::min(x.rows, kRowsAtOnce);
  BorrowedPlan plan(*this, chunk, Direction::kForward);
  if (check_finite) check_numbers_of_x<T>(x, plan.team, poll);  // all of them before any is used
  for (std::int64_t first = 0; first < x.rows; first += chunk) {
    const Rows rows{nullptr, first, std::min(chunk, x.rows - first)};
    plan->predict(x, rows, s.row_range(first, rows.count), plan.team, poll);
  }
}

template <class T>
double Network<T>::cost(const Samples<T>& samples, Poll& poll) const {
  const FlushDenormals flush;
  const Uses::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  BorrowedPlan plan(*this, rows_at_once(samples), Direction::kForward);
  return mean_cost(*plan, samples, plan.team, poll);
}

template <class T>
double Network<T>::value_and_gradient(const Samples<T>& samples, T* gradient, Poll& poll) const {
  const FlushDenormals flush;
  const Uses::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  BorrowedPlan plan(*this, samples.size(), Direction::kForwardAndBackward);
  return plan->value_and_gradient(samples, all_rows(samples), gradient, plan.team, poll).mean();
}

template <class T>
double Network<T>::train_step(const Samples<T>& samples, Optimizer& optimizer, Poll& poll) {
  const FlushDenormals flush;
  const Uses::Exclusive use(uses_, "network");
  check_samples(architecture_, samples, poll);
  typename Optimizer::Session<T> session(optimizer, id_, n_parameters());
  BorrowedPlan plan(*this, samples.size(), Direction::kForwardAndBackward);
  const auto step =
      plan->train_step(samples, all_rows(samples), session.next_step(), plan.team, poll);
  plan->store(plan.team);
  if (!step.finite) throw_diverged(step.cost.mean(), "");
  session.finish_step();
  return step.cost.mean();
}

template <class T>
History Network<T>::fit(const Samples<T>& samples, Optimizer& optimizer,
                        const FitOptions<T>& options, Poll& poll) {
  const FlushDenormals flush;
  const Uses::Exclusive use(uses_, "network");
  check_samples(architecture_, samples, poll);
  if (options.validation) {
    with_prefix("validation_data: ",
                [&] { check_samples(architecture_, *options.validation, poll); });
  }
  check_fit_options(options, samples.size(), poll);
  typename Optimizer::Session<T> session(optimizer, id_, n_parameters());
  const std::int64_t batch = std::min(options.batch_size, samples.size());
  const std::int64_t largest =
      options.validation ? std::max(batch, rows_at_once(*options.validation)) : batch;
  BorrowedPlan plan(*this, {largest, batch, Direction::kForwardAndBackward, 1});
  History history =
      run_training_loop(*plan, session, samples, options, seed_, epochs_begun_, plan.team, poll);
  plan->store(plan.team);
  return history;
}

template <class T>
typename Network<T>::Trace Network<T>::trace(const Samples<T>& samples, Poll& poll) const {
  const FlushDenormals flush;
  const Uses::Shared use(uses_, "network");
  check_samples(architecture_, samples, poll);
  Trace trace;
  trace.gradient.resize(static_cast<std::size_t>(n_parameters()));
  const Passes passes{samples.size(), samples.size(), Direction::kForwardAndBackward, 1};
  trace.plan = std::make_unique<LayerwisePlan<T>>(architecture_, passes, current_engine<T>());
  Team alone(1);
  trace.plan->load(parameters(), passes, alone);
  trace.cost =
      trace.plan->value_and_gradient(samples, all_rows(samples), trace.gradient.data(), alone, poll)
          .mean();
  return trace;
}

template class Network<float>;
template class Network<double>;

}  // namespace chainrule
