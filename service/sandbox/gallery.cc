#include "sandbox/gallery.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/str_cat.h"
#include "sandbox/digest.h"

namespace easel::sandbox {

namespace asio = boost::asio;

Gallery::Entry::Entry(const asio::any_io_executor& loop) : drawn(loop, asio::steady_timer::time_point::max()) {}

Gallery::Gallery(asio::any_io_executor loop, std::size_t threads, std::size_t max_bytes)
    : loop_(std::move(loop)), max_bytes_(max_bytes), painters_(threads) {}

Gallery::~Gallery() { Finish(); }

asio::awaitable<std::shared_ptr<const std::string>> Gallery::Png(PictureSpec spec) {
  const std::string name = Sha256Hex(absl::StrCat(spec.model, "\n", spec.width, "x", spec.height, "\n", spec.prompt));
  std::shared_ptr<Entry> entry = entries_[name];
  if (entry == nullptr) {
    entry = entries_[name] = std::make_shared<Entry>(loop_);
    Draw(spec, name, entry);
  }
  if (entry->png == nullptr) co_await entry->drawn.async_wait(asio::as_tuple(asio::use_awaitable));
  if (entry->png == nullptr || entry->png->empty()) co_return nullptr;
  co_return entry->png;
}

void Gallery::Finish() { painters_.join(); }

void Gallery::Draw(const PictureSpec& spec, const std::string& name, const std::shared_ptr<Entry>& entry) {
  asio::post(painters_, [this, spec, name, entry] {
    std::string png = DrawPicture(spec);
    asio::post(loop_, [this, name, entry, png = std::move(png)]() mutable { Keep(name, entry, std::move(png)); });
  });
}

void Gallery::Keep(const std::string& name, const std::shared_ptr<Entry>& entry, std::string png) {
  bytes_ += png.size();
  entry->png = std::make_shared<const std::string>(std::move(png));
  entry->drawn.cancel();
  order_.push_back(name);
  while (bytes_ > max_bytes_ && order_.size() > 1) {
    const auto oldest = entries_.find(order_.front());
    bytes_ -= oldest->second->png->size();
    entries_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace easel::sandbox
