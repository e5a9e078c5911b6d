#pragma once

#include <map>
#include <string>

namespace easel::app {

// Where each setting that is not a default came from, by its path ("grpc.listen", "upstream.keys[0]"): a place in the
// file ("easel.yaml:12") or a variable ("EASEL_GRPC_LISTEN").
using Sources = std::map<std::string, std::string>;

}  // namespace easel::app
