#pragma once

namespace easel::client {

// gRPC's service config for ImageService, from service_config.json; clients in other languages take the file itself.
//
// Calls go to every address of the service in turn that says it serves, and one that ends with UNAVAILABLE before it was
// accepted is repeated, within a few seconds. gRPC does that without looking at the call: with a request_id nothing is paid
// twice by it, and without one Easel takes no second attempt (OUTCOME_UNKNOWN). DeleteGeneration is absent because a
// repetition whose first answer was lost would say NOT_FOUND.
extern const char* const kServiceConfig;

}  // namespace easel::client
