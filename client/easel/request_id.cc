#include "easel/request_id.h"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace easel::client {

std::string NewRequestId() {
  boost::uuids::random_generator generate;
  return boost::uuids::to_string(generate());
}

}  // namespace easel::client
