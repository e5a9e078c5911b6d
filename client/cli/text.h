#pragma once

#include <google/protobuf/duration.pb.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "easel/v1/model.pb.h"

namespace easel::cli {

// Values as a person reads them.

// "$0.015", "0.10 CNY".
std::string Money(int64_t micros, const std::string& currency);
// "free", "$0.015", "perhaps $0.015".
std::string ChargeText(const v1::Charge& charge);
// "812 bytes", "1.4 MB".
std::string Bytes(int64_t count);
// "0.4 s", "21 s", "3 min 05 s".
std::string Time(absl::Duration duration);
// "1280x1280"; empty: unset.
std::string SizeText(const v1::Size& size);
// "rendering"; a state newer than this program by its number.
std::string StateText(v1::GenerationState state);
// "hd".
std::string QualityText(v1::Quality quality);
// "2026-11-21 16:28", local time; empty: unset.
std::string Moment(const google::protobuf::Timestamp& time);

absl::Time TimeOf(const google::protobuf::Timestamp& time);
absl::Duration DurationOf(const google::protobuf::Duration& duration);

// Without control characters, so that it cannot take hold of a terminal; line breaks become spaces.
std::string Printable(const std::string& text);

// How many columns valid UTF-8 takes on a terminal.
int Columns(const std::string& text);
// At most `columns` of it, ending in ".." where something was cut.
std::string Cut(const std::string& text, int columns);

}  // namespace easel::cli
