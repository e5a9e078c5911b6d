#pragma once

#include <string>
#include <vector>

#include "telemetry/labelled.h"

namespace easel::telemetry {

// Seconds of an image: from a cached answer to the longest wait that anybody accepts.
inline const std::vector<double> kImageSeconds = {0.5, 1,  2,  3,  5,  7.5, 10,  12.5, 15,  17.5, 20,
                                                  25,  30, 40, 50, 60, 90,  120, 180,  240, 300,  600};
// Seconds of one request to an upstream: polls answer in a tenth, a synchronous submit takes as long as the image.
inline const std::vector<double> kRequestSeconds = {0.025, 0.05, 0.1, 0.25, 0.5, 1,  2.5, 5,   7.5, 10,
                                                    15,    20,   30,  45,   60,  90, 120, 180, 300};
// Seconds that this service itself adds.
inline const std::vector<double> kOverheadSeconds = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,    0.1,    0.25,  0.5,    1,     2.5,  5};
inline const std::vector<double> kQueueSeconds = {0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 900};
inline const std::vector<double> kRpcSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
                                                5,      10,    15,     20,    30,   45,    60,   90,  120,  180, 300, 600};
inline const std::vector<double> kBytes = {65536, 131072, 262144, 524288, 1048576, 2097152, 4194304, 8388608, 16777216};

struct MetricFamilies {
  prometheus::Registry registry;

  Histograms duration{registry, "easel_generation_duration_seconds",
                      "Time from accepting a generation to its end.", {"model", "quality", "outcome"}, kImageSeconds};
  Counters failures{registry, "easel_generation_failures_total",
                    "Generations that ended as failed, by the reason that their error names.", {"model", "reason"}};
  Histograms overhead{registry, "easel_overhead_seconds",
                      "Time that Easel itself added: the total minus queue, upstream requests, waits between polls, and fetch.",
                      {"model", "quality"}, kOverheadSeconds};
  Histograms queue_wait{registry, "easel_queue_wait_seconds", "Time that a generation waited for its turn.", {"model"},
                        kQueueSeconds};
  Gauges queue_depth{registry, "easel_queue_depth", "Generations that wait for their turn.", {"model"}};
  Gauges concurrency_limit{registry, "easel_upstream_concurrency_limit",
                           "Generations that the governor lets be at an upstream at once.", {"upstream", "key", "model"}};
  Gauges key_up{registry, "easel_upstream_key_up", "1 while the upstream accepts this key.", {"upstream", "key"}};
  Gauges breaker_open{registry, "easel_upstream_breaker_open",
                      "1 while nothing is submitted to an upstream that only fails, but for one try now and then.",
                      {"upstream"}};
  Histograms upstream_request{registry, "easel_upstream_request_duration_seconds", "Time of one request to an upstream.",
                              {"upstream", "operation", "class"}, kRequestSeconds};
  Counters upstream_errors{registry, "easel_upstream_errors_total", "Errors of an upstream by its own code.",
                           {"upstream", "code"}};
  Gauges in_flight{registry, "easel_generations_in_flight", "Generations that have not ended, by state.", {"state"}};
  Counters charge{registry, "easel_charge_micros_total",
                  "Charges made, in millionths of the currency; counted when their generation ends.", {"model", "quality", "currency"}};
  Counters caller_charge{registry, "easel_caller_charge_micros_total",
                         "Charges made for a caller, in millionths of the currency.", {"caller", "currency"}};
  Counters caller_limits{registry, "easel_caller_limit_exceeded_total",
                         "New generations that exceeded a limit of their caller's: refused if enforced, let in if shadow.",
                         {"caller", "limit", "mode"}};
  Counters unknown_charges{registry, "easel_unknown_charges_total",
                           "Submissions of which it cannot be known whether they were charged.", {}};
  Counters orphaned{registry, "easel_orphaned_images_total",
                    "Generations that were charged and ended without an image: not downloaded, no image, not kept, given up "
                    "by the upstream after it took them, or cancelled then. What retention removes later does not count.",
                    {}};
  Histograms image_bytes{registry, "easel_image_bytes", "Size of the images that were kept.", {"model"}, kBytes};
  Counters rpc_handled{registry, "grpc_server_handled_total", "RPCs that ended, by status code.",
                       {"grpc_type", "grpc_service", "grpc_method", "grpc_code"}};
  Histograms rpc_seconds{registry, "grpc_server_handling_seconds", "Time from an RPC's arrival to its end.",
                         {"grpc_type", "grpc_service", "grpc_method"}, kRpcSeconds};
  Counters config_reloads{registry, "easel_config_reloads_total",
                          "Configurations that were read anew while the service ran.", {"outcome"}};
  Gauges config_reloaded{registry, "easel_config_last_reload_success",
                         "1 while the newest configuration is the one in force.", {}};
  Gauges build_info{registry, "easel_build_info", "1; the labels say what runs.", {"version", "revision"}};
};

}  // namespace easel::telemetry
