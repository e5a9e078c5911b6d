#pragma once

#include <string>

#include "generation/ports/image_model.h"
#include "tests/simulation/dice.h"

namespace easel::simulation {

// Failures as the upstream's adapter classifies them. Those that take dice are one of several that mean the same.

// A refusal that took nothing.
generation::UpstreamError Refused(v1::ErrorReason reason, std::string code, int http_status);
generation::UpstreamError AnyRefusal(Dice& dice);
// It did not leave.
generation::UpstreamError NoConnection(Dice& dice);
// It left, and nobody knows.
generation::UpstreamError NoAnswer(Dice& dice);
generation::UpstreamError BrokenGateway(Dice& dice);
// The coroutine was cancelled; `taken` is what is known.
generation::UpstreamError Interrupted(generation::Taken taken);
// 1231.
generation::UpstreamError Duplicate();
// An answer without an image, or a failed task.
generation::UpstreamError Defect();

generation::UpstreamError PollFailure(Dice& dice);
generation::UpstreamError UnknownTask();
generation::UpstreamError BlockedTask();

}  // namespace easel::simulation
