#include "storage/completion.h"

#include <algorithm>
#include <iterator>

#include <boost/asio/post.hpp>

namespace easel::storage {

void ResumeAll(std::vector<Resumption> resumptions) {
  while (!resumptions.empty()) {
    const boost::asio::any_io_executor executor = resumptions.front().executor;
    const auto mine = std::stable_partition(resumptions.begin(), resumptions.end(),
                                            [&](const Resumption& r) { return r.executor != executor; });
    std::vector<Resumption> batch(std::make_move_iterator(mine), std::make_move_iterator(resumptions.end()));
    resumptions.erase(mine, resumptions.end());
    boost::asio::post(executor, [batch = std::move(batch)]() mutable {
      for (Resumption& resumption : batch) std::move(resumption.run)();
    });
  }
}

}  // namespace easel::storage
