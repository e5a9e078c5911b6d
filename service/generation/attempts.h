#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "easel/v1/generation.pb.h"
#include "generation/catalog.h"
#include "generation/error.h"
#include "generation/ports/image_model.h"

namespace easel::generation {

// A generation's attempts: one for each submission, the last one current. Only the newest 16 that cost nothing are kept;
// one that was or may have been charged is never dropped.
void BeginAttempt(v1::Generation& generation, const ImageModel& account, std::string_view model, absl::Time now);
v1::Attempt& CurrentAttempt(v1::Generation& generation);  // there is one
void EndAttempt(v1::Generation& generation, absl::Time now, std::string_view code, const v1::Charge& charge);

// The account rejects duplicates, and the current attempt says what is known or at risk of the one request that it has under
// this id: earlier attempts there whose outcome was unknown cost nothing of their own.
void SettleEarlierAttempts(v1::Generation& generation);

// The model that an attempt asked for.
const std::string& ModelOf(const v1::Attempt& attempt, const v1::Generation& generation);

// What all attempts cost together, summed: UNKNOWN if any of them is, so that a true ledger never shows more than MADE says.
// Where attempts cost different currencies, the last one's; the others' stand with the attempts.
v1::Charge TotalCharge(const v1::Generation& generation, const Catalog& catalog);

// The id that a submission carries where the upstream rejects duplicates: the same for every attempt.
std::string SubmitId(const v1::Generation& generation);

// What callers are told of an upstream's failure; RetryInfo where waiting helps.
Error Describe(const UpstreamError& error);

// The URL up to its query: fit for errors and logs.
std::string WithoutQuery(std::string_view url);

}  // namespace easel::generation
