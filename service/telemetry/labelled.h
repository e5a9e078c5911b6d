#pragma once

#include <cstddef>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace easel::telemetry {

// One metric with its labels. Remembers each child, so that counting costs one look-up under a shared lock and never
// touches prometheus-cpp's own maps again. Thread-safe.
template <class Metric>
class Labelled {
 public:
  using Values = std::vector<std::string_view>;

  // `buckets`: for histograms only.
  Labelled(prometheus::Registry& registry, const std::string& name, const std::string& help,
           std::vector<std::string> labels, std::vector<double> buckets = {})
      : family_(Register(registry, name, help)), labels_(std::move(labels)), buckets_(std::move(buckets)) {}

  // The child with these values, in the order of the labels. Made with 0 where it does not exist; lives as long as the
  // registry.
  Metric& At(const Values& values) {
    const std::string key = Join(values);
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = children_.find(key); found != children_.end()) return *found->second;
    }
    const std::unique_lock lock(mutex_);
    Metric& child = Add(values);
    children_.emplace(key, &child);
    return child;
  }

 private:
  static prometheus::Family<Metric>& Register(prometheus::Registry& registry, const std::string& name,
                                              const std::string& help) {
    return prometheus::detail::Builder<Metric>().Name(name).Help(help).Register(registry);
  }

  // No label value holds a NUL.
  static std::string Join(const Values& values) {
    std::string key;
    for (const std::string_view value : values) key.append(value).push_back('\0');
    return key;
  }

  Metric& Add(const Values& values) {
    prometheus::Labels labels;
    for (std::size_t i = 0; i < labels_.size(); ++i) labels.emplace(labels_[i], std::string(values.at(i)));
    if constexpr (std::is_same_v<Metric, prometheus::Histogram>) {
      return family_.Add(labels, buckets_);
    } else {
      return family_.Add(labels);
    }
  }

  prometheus::Family<Metric>& family_;
  const std::vector<std::string> labels_;
  const std::vector<double> buckets_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Metric*> children_;
};

using Counters = Labelled<prometheus::Counter>;
using Gauges = Labelled<prometheus::Gauge>;
using Histograms = Labelled<prometheus::Histogram>;

}  // namespace easel::telemetry
