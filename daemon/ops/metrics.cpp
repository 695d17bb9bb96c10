#include "daemon/ops/metrics.hpp"

#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <vector>

namespace ops {
namespace {

// 0.5 ms to 10 s: a software token and a loaded HSM both fall inside.
const prometheus::Histogram::BucketBoundaries& seconds_buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return kBuckets;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  std::mutex mutex;
  std::vector<std::function<void(Metrics&)>> collectors;
  std::map<std::string, std::map<Labels, prometheus::Gauge*>> replaced;  // by name of the gauge; under mutex
};

Metrics::Metrics() : state_{std::make_unique<State>()} {}
Metrics::~Metrics() = default;

// The registry returns the family and the series that exist for a name and labels; both calls are
// thread-safe.
void Metrics::add(const std::string& counter, const std::string& help, const Labels& labels, double value) {
  prometheus::BuildCounter().Name(counter).Help(help).Register(state_->registry).Add(labels).Increment(value);
}

void Metrics::set(const std::string& gauge, const std::string& help, double value, const Labels& labels) {
  prometheus::BuildGauge().Name(gauge).Help(help).Register(state_->registry).Add(labels).Set(value);
}

void Metrics::replace(const std::string& gauge, const std::string& help, const Series& series) {
  auto& family = prometheus::BuildGauge().Name(gauge).Help(help).Register(state_->registry);
  const std::lock_guard lock{state_->mutex};
  auto& held = state_->replaced[gauge];
  std::erase_if(held, [&](const auto& entry) {
    const bool gone = !series.contains(entry.first);
    if (gone) {
      family.Remove(entry.second);
    }
    return gone;
  });
  for (const auto& [labels, value] : series) {
    prometheus::Gauge& one = family.Add(labels);
    one.Set(value);
    held[labels] = &one;
  }
}

void Metrics::observe_seconds(const std::string& histogram, const std::string& help, double seconds,
                              const Labels& labels) {
  prometheus::BuildHistogram()
      .Name(histogram)
      .Help(help)
      .Register(state_->registry)
      .Add(labels, seconds_buckets())
      .Observe(seconds);
}

void Metrics::on_scrape(std::function<void(Metrics&)> collect) {
  const std::lock_guard lock{state_->mutex};
  state_->collectors.push_back(std::move(collect));
}

std::string Metrics::render() {
  std::vector<std::function<void(Metrics&)>> collectors;
  {
    const std::lock_guard lock{state_->mutex};
    collectors = state_->collectors;
  }
  for (const auto& collect : collectors) {
    try {
      collect(*this);
    } catch (const std::exception&) {
      // One source that is away (a store, a token) must not hide the others: that is when they are needed.
      add("chancery_scrape_failures_total", "sources that could not be read at a scrape");
    }
  }
  return prometheus::TextSerializer{}.Serialize(state_->registry.Collect());
}

}  // namespace ops
