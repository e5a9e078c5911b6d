#include "rpc/text_fields.h"

#include <cstdint>

#include <boost/locale/utf.hpp>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace easel::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr int kMaxDepth = 64;

class Walk {
 public:
  explicit Walk(std::string& bytes) : bytes_(bytes) {}

  // The message in bytes [begin, end). False: no message.
  bool Message(const Descriptor& type, std::size_t begin, std::size_t end, const std::string& prefix, int depth) {
    google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes_.data()) + begin,
                                                 static_cast<int>(end - begin));
    while (const std::uint32_t tag = input.ReadTag()) {
      const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool sized = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (field == nullptr || !sized) {
        if (!WireFormatLite::SkipField(&input, tag)) return false;
        continue;
      }
      std::uint32_t length = 0;
      if (!input.ReadVarint32(&length)) return false;
      const std::size_t at = begin + static_cast<std::size_t>(input.CurrentPosition());
      if (length > end - at || !input.Skip(static_cast<int>(length))) return false;
      if (!Field(*field, at, at + length, absl::StrCat(prefix, field->name()), depth)) return false;
    }
    return input.ConsumedEntireMessage();
  }

  std::vector<generation::Violation> violations() && { return std::move(violations_); }

 private:
  bool Field(const FieldDescriptor& field, std::size_t begin, std::size_t end, const std::string& path, int depth) {
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      Text(begin, end, path);
    } else if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
      return depth < kMaxDepth && Message(*field.message_type(), begin, end, absl::StrCat(path, "."), depth + 1);
    }
    return true;
  }

  void Text(std::size_t begin, std::size_t end, const std::string& path) {
    std::string_view rest(bytes_.data() + begin, end - begin);
    std::size_t bad = FirstInvalidUtf8(rest);
    if (bad == std::string_view::npos) return;
    violations_.push_back({path, absl::StrCat("is not valid UTF-8 at byte ", bad, "; send text as UTF-8")});
    while (bad != std::string_view::npos) {
      bytes_[begin + bad] = '?';
      begin += bad + 1;
      bad = FirstInvalidUtf8(std::string_view(bytes_.data() + begin, end - begin));
    }
  }

  std::string& bytes_;
  std::vector<generation::Violation> violations_;
};

}  // namespace

std::size_t FirstInvalidUtf8(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const start = at;
    if (!boost::locale::utf::is_valid_codepoint(Utf8::decode(at, end))) return static_cast<std::size_t>(start - text.data());
  }
  return std::string_view::npos;
}

std::vector<generation::Violation> RepairText(const Descriptor& type, std::string& bytes) {
  Walk walk(bytes);
  walk.Message(type, 0, bytes.size(), "", 0);
  return std::move(walk).violations();
}

}  // namespace easel::rpc
