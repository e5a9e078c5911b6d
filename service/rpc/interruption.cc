#include "rpc/interruption.h"

#include <boost/asio/post.hpp>

namespace easel::rpc {

void Interruption::Interrupt(Cause cause) {
  boost::asio::post(loop_, [self = shared_from_this(), cause] {
    if (self->stage_ == Stage::kClosed || self->cause_ != Cause::kNone) return;
    self->cause_ = cause;
    if (self->stage_ == Stage::kBegun) self->signal_.emit(boost::asio::cancellation_type::terminal);
  });
}

void Interruption::Begin() {
  if (stage_ != Stage::kNew) return;
  stage_ = Stage::kBegun;
  if (cause_ != Cause::kNone) signal_.emit(boost::asio::cancellation_type::terminal);
}

}  // namespace easel::rpc
