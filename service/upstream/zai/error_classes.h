#pragma once

#include <optional>
#include <string_view>

#include "easel/v1/error.pb.h"
#include "generation/ports/image_model.h"

namespace easel::upstream {

// What an answer of the upstream amounts to, for a submission. Business codes decide, not HTTP statuses: 429 is used for
// "slow down" and for "no money" alike.
enum class ErrorClass {
  kRejected,     // the request is wrong
  kBlocked,      // the content filter
  kCredentials,  // the key or its account
  kQuota,        // money, plan or daily limits: waiting does not help
  kBusy,         // our own rate or concurrency limit
  kOverloaded,   // the platform or the model, for minutes
  kUnavailable,  // failed before it took the work
  kAmbiguous,    // it may have taken the work
  kDuplicate,    // it has this request already
  kDefect,       // it said yes and delivered nothing
};

// By the upstream's own code; nothing where the table does not know it.
std::optional<ErrorClass> ClassOfCode(std::string_view code);

// By HTTP status, where there is no code or an unknown one.
ErrorClass ClassOfStatus(int status, bool has_code);

struct ErrorMeaning {
  v1::ErrorReason reason;
  generation::Taken taken;
  bool waiting_helps;
  const char* sentence;  // English, for people
};

const ErrorMeaning& MeaningOf(ErrorClass error_class);

}  // namespace easel::upstream
