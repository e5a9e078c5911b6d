#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace easel::sandbox {

std::string Sha256Hex(std::string_view bytes);

// The first 12 hexadecimal digits of the SHA-256: names an API key without telling it.
std::string Fingerprint(std::string_view key);

// 64 bits out of the SHA-256: the same number for the same bytes, everywhere.
std::uint64_t Seed(std::string_view bytes);

std::string Base64(std::string_view bytes);

}  // namespace easel::sandbox
