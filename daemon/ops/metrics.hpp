#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace ops {

// Prometheus metrics of the process, prefix `chancery_`. Thread-safe. Label values come from closed sets
// only. A name belongs to one type, counter or gauge or histogram: another use throws std::invalid_argument.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  using Labels = std::map<std::string, std::string>;
  void add(const std::string& counter, const std::string& help, const Labels& labels = {}, double value = 1);
  void set(const std::string& gauge, const std::string& help, double value, const Labels& labels = {});
  // From now on the gauge has these series and no others: for things that come and go. Not beside set() for
  // the same gauge.
  using Series = std::map<Labels, double>;
  void replace(const std::string& gauge, const std::string& help, const Series& series);
  void observe_seconds(const std::string& histogram, const std::string& help, double seconds,
                       const Labels& labels = {});
  // Called before each scrape, to copy state of others into gauges. One that throws counts as
  // chancery_scrape_failures_total; the others are still called.
  void on_scrape(std::function<void(Metrics&)> collect);
  // Text exposition format 0.0.4.
  [[nodiscard]] std::string render();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ops
