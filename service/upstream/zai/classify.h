#pragma once

#include "generation/ports/image_model.h"
#include "upstream/http/http_client.h"
#include "upstream/zai/message_cleaner.h"
#include "upstream/zai/reply.h"

namespace easel::upstream {

// The answer to a submission as the domain sees it; `expects_task`: of the asynchronous endpoint.
generation::Submission ReadSubmission(const HttpReply& reply, bool expects_task, const MessageCleaner& cleaner);
// A submission without an answer.
generation::UpstreamError SubmissionFailure(const HttpFailure& failure);

// The answer to a poll. Failures of the poll itself took nothing (kNo) and may be repeated; what it says about the task:
// - UPSTREAM_TIMEOUT, kYes: the upstream does not know the task;
// - UPSTREAM_DEFECT, kUnknown: the task failed, or ended without an image;
// - CONTENT_BLOCKED, kUnknown: the task was stopped by the content filter.
generation::PollResult ReadPoll(const HttpReply& reply, const MessageCleaner& cleaner);
generation::UpstreamError PollFailure(const HttpFailure& failure);

}  // namespace easel::upstream
