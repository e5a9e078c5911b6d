#include "tests/bench/zai_answers.h"

#include <charconv>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace easel::bench {
namespace {

constexpr int kMostPixelsOnASide = 8192;
constexpr std::int64_t kMostBytes = 256 << 20;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// The text value of a key in a flat JSON object, as it is written there. A quotation mark inside a text has a backslash
// before it, so `"key"` is found nowhere else.
std::string_view TextOf(std::string_view json, std::string_view quoted_key) {
  std::size_t at = json.find(quoted_key);
  if (at == std::string_view::npos) return {};
  at = json.find_first_not_of(" \t\r\n:", at + quoted_key.size());
  if (at == std::string_view::npos || json[at] != '"') return {};
  const std::size_t begin = at + 1;
  for (at = begin; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
  return json.substr(begin, at - begin);
}

std::string_view WordAfter(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  const std::size_t end = text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz.");
  return text.substr(0, end);
}

template <class Number>
bool TakeNumber(std::string_view& text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return true;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The body is written behind its head, whose length is then known.
void AppendHead(std::string_view status, std::string_view type, std::int64_t length, std::string& to) {
  absl::StrAppend(&to, "HTTP/1.1 ", View(status), "\r\nContent-Type: ", View(type), "\r\nContent-Length: ", length,
                  "\r\n\r\n");
}

void SendJson(std::string_view body, HttpAnswer& answer) {
  AppendHead("200 OK", "application/json; charset=UTF-8", static_cast<std::int64_t>(body.size()), answer.text);
  answer.text.append(body);
}

void SendError(std::string_view status, std::string_view body, HttpAnswer& answer) {
  const std::string_view type = body.starts_with('{') ? "application/json; charset=UTF-8" : "text/html";
  AppendHead(status, type, static_cast<std::int64_t>(body.size()), answer.text);
  answer.text.append(body);
}

void SendNotFound(HttpAnswer& answer) {
  SendError("404 Not Found", R"({"error":{"code":"1211","message":"There is nothing at this path"}})", answer);
}

}  // namespace

ZaiAnswers::ZaiAnswers(const ZaiOptions& options, std::string host, ZaiCounts& counts)
    : options_(options), host_(std::move(host)), counts_(counts) {}

void ZaiAnswers::Answer(const HttpRequest& request, HttpAnswer& answer) {
  const std::string_view target = request.target.substr(0, request.target.find('?'));
  constexpr std::string_view kResult = "/async-result/";
  if (request.chunked) {
    SendError("411 Length Required", R"({"error":{"code":"1210","message":"Send a Content-Length"}})", answer);
  } else if (request.method == "POST" && target.ends_with("/images/generations")) {
    if (SendFault(answer)) return;
    const bool task = target.ends_with("/async/images/generations");
    task ? StartTask(request, answer) : Make(request, answer);
  } else if (target.starts_with("/i/")) {
    SendImage(target.substr(3), answer);
  } else if (const std::size_t at = target.find(kResult); at != std::string_view::npos) {
    Poll(target.substr(at + kResult.size()), answer);
  } else if (target == "/stats") {
    SendStats(answer);
  } else {
    SendNotFound(answer);
  }
}

bool ZaiAnswers::SendFault(HttpAnswer& answer) {
  faults_due_ += options_.fault_share;
  if (faults_due_ < 1) return false;
  faults_due_ -= 1;
  switch (faults_++ % 3) {
    case 0:
      SendError("400 Bad Request", R"({"contentFilter":[{"level":1,"role":"user"}],"error":{"code":"1301","message":"Unsafe"}})",
                answer);
      break;
    case 1:
      SendError("500 Internal Server Error", R"({"error":{"code":"1234","message":"Network error, try again"}})", answer);
      break;
    default:
      SendError("502 Bad Gateway", "<html>Bad gateway</html>", answer);
  }
  return true;
}

ZaiAnswers::Order ZaiAnswers::ReadOrder(std::string_view body) const {
  Order order;
  order.delay = options_.delay;
  order.model = TextOf(body, "\"model\"");
  order.request_id = TextOf(body, "\"request_id\"");
  std::string_view size = TextOf(body, "\"size\"");
  if (size.empty()) size = order.model == "glm-image" ? "1280x1280" : "1024x1024";
  const std::string_view prompt = TextOf(body, "\"prompt\"");
  absl::Duration delay;
  const std::string_view own_delay = WordAfter(prompt, "delay=");
  if (!own_delay.empty() && absl::ParseDuration(View(own_delay), &delay)) order.delay = absl::ToChronoMicroseconds(delay);
  std::string_view own_bytes = WordAfter(prompt, "bytes=");
  std::int64_t bytes = options_.image_bytes;
  if (!own_bytes.empty()) TakeNumber(own_bytes, bytes);
  order.shape = absl::StrCat(View(size), "-", bytes);
  return order;
}

void ZaiAnswers::Make(const HttpRequest& request, HttpAnswer& answer) {
  counts_.posts.fetch_add(1, std::memory_order_relaxed);
  const Order order = ReadOrder(request.body);
  const std::uint64_t number = counts_.next_number.fetch_add(1, std::memory_order_relaxed);
  answer.delay = order.delay;
  SendJson(absl::StrCat(R"({"created":)", std::time(nullptr), R"(,"id":")", number, R"(","request_id":")",
                        View(order.request_id), R"(","data":[{"url":"http://)", host_, "/i/", number, "-", order.shape,
                        R"(.png"}],"content_filter":[{"role":"assistant","level":3}]})"),
           answer);
}

void ZaiAnswers::StartTask(const HttpRequest& request, HttpAnswer& answer) {
  counts_.tasks.fetch_add(1, std::memory_order_relaxed);
  const Order order = ReadOrder(request.body);
  const std::uint64_t number = counts_.next_number.fetch_add(1, std::memory_order_relaxed);
  SendJson(absl::StrCat(R"({"model":")", View(order.model), R"(","id":")", NowMicros() + order.delay.count(), "-", number,
                        "-", order.shape, R"(","request_id":")", View(order.request_id),
                        R"(","task_status":"PROCESSING"})"),
           answer);
}

void ZaiAnswers::Poll(std::string_view id, HttpAnswer& answer) {
  counts_.polls.fetch_add(1, std::memory_order_relaxed);
  answer.delay = options_.poll_delay;
  std::string_view image = id;
  std::int64_t due = 0;
  if (!TakeNumber(image, due) || !Take(image, '-')) {
    SendNotFound(answer);
  } else if (NowMicros() < due) {
    SendJson(absl::StrCat(R"({"model":"glm-image","id":")", View(id), R"(","task_status":"PROCESSING"})"), answer);
  } else {
    SendJson(absl::StrCat(R"({"model":"glm-image","task_status":"SUCCESS","image_result":[{"url":"http://)", host_, "/i/",
                          View(image), R"(.png"}]})"),
             answer);
  }
}

void ZaiAnswers::SendImage(std::string_view name, HttpAnswer& answer) {
  std::uint64_t number = 0;
  int width = 0;
  int height = 0;
  std::int64_t bytes = 0;
  const bool read = TakeNumber(name, number) && Take(name, '-') && TakeNumber(name, width) && Take(name, 'x') &&
                    TakeNumber(name, height) && Take(name, '-') && TakeNumber(name, bytes) && name == ".png";
  const PngMould* mould = read ? Mould(width, height, bytes) : nullptr;
  if (mould == nullptr) {
    SendNotFound(answer);
    return;
  }
  counts_.images.fetch_add(1, std::memory_order_relaxed);
  AppendHead("200 OK", "image/png", mould->bytes(), answer.text);
  mould->AppendHead(number, answer.text);
  answer.rest = mould->rest();
}

void ZaiAnswers::SendStats(HttpAnswer& answer) {
  SendJson(absl::StrCat(R"({"posts":)", counts_.posts.load(), R"(,"tasks":)", counts_.tasks.load(), R"(,"polls":)",
                        counts_.polls.load(), R"(,"images":)", counts_.images.load(), "}\n"),
           answer);
}

const PngMould* ZaiAnswers::Mould(int width, int height, std::int64_t bytes) {
  std::unique_ptr<PngMould>& mould = moulds_[{width, height, bytes}];
  if (mould != nullptr) return mould.get();
  const bool possible = width > 0 && height > 0 && width <= kMostPixelsOnASide && height <= kMostPixelsOnASide &&
                        bytes <= kMostBytes && bytes >= PngMould::Shortest(width, height);
  if (possible) mould = std::make_unique<PngMould>(width, height, bytes);
  return mould.get();
}

}  // namespace easel::bench
