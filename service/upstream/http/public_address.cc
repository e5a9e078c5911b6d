#include "upstream/http/public_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace easel::upstream {
namespace {

namespace ip = boost::asio::ip;

struct Block4 {
  std::uint32_t network;
  int prefix;
};

constexpr std::uint32_t V4(std::uint32_t a, std::uint32_t b, std::uint32_t c = 0, std::uint32_t d = 0) {
  return a << 24U | b << 16U | c << 8U | d;
}

// IANA's special-purpose registry, and everything from 224.0.0.0 on.
constexpr Block4 kSpecial4[] = {
    {V4(0, 0), 8},         {V4(10, 0), 8},         {V4(100, 64), 10},      {V4(127, 0), 8},
    {V4(169, 254), 16},    {V4(172, 16), 12},      {V4(192, 0, 0), 24},    {V4(192, 0, 2), 24},
    {V4(192, 31, 196), 24}, {V4(192, 52, 193), 24}, {V4(192, 88, 99), 24},  {V4(192, 168), 16},
    {V4(192, 175, 48), 24}, {V4(198, 18), 15},      {V4(198, 51, 100), 24}, {V4(203, 0, 113), 24},
    {V4(224, 0), 3},
};

bool IsPublic4(std::uint32_t address) {
  return std::none_of(std::begin(kSpecial4), std::end(kSpecial4), [address](const Block4& block) {
    return (address ^ block.network) >> (32 - block.prefix) == 0;
  });
}

using Bytes = ip::address_v6::bytes_type;

struct Block6 {
  std::array<std::uint8_t, 12> network;
  int prefix;
};

constexpr Block6 kGlobal6{{0x20}, 3};
constexpr Block6 kMapped4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr Block6 kNat64{{0, 0x64, 0xff, 0x9b}, 96};
// Within 2000::/3.
constexpr Block6 kSpecial6[] = {
    {{0x20, 0x01}, 23},                 // protocol assignments: Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0d, 0xb8}, 32},     // documentation
    {{0x20, 0x02}, 16},                 // 6to4
    {{0x26, 0x20, 0, 0x4f, 0x80}, 48},  // AS112
    {{0x3f, 0xff}, 20},                 // documentation
};

bool IsIn(const Bytes& address, const Block6& block) {
  for (int bit = 0; bit < block.prefix; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((address[byte] ^ block.network[byte]) & mask) != 0) return false;
  }
  return true;
}

std::uint32_t LastFour(const Bytes& bytes) { return V4(bytes[12], bytes[13], bytes[14], bytes[15]); }

bool IsPublic6(const Bytes& address) {
  if (IsIn(address, kMapped4) || IsIn(address, kNat64)) return IsPublic4(LastFour(address));
  if (!IsIn(address, kGlobal6)) return false;
  return std::none_of(std::begin(kSpecial6), std::end(kSpecial6),
                      [&address](const Block6& block) { return IsIn(address, block); });
}

}  // namespace

bool IsPublicAddress(const ip::address& address) {
  return address.is_v4() ? IsPublic4(address.to_v4().to_uint()) : IsPublic6(address.to_v6().to_bytes());
}

}  // namespace easel::upstream
