#pragma once

namespace easel::client {

// gRPC's service config for ImageService, from service_config.json; clients in other languages take the file itself.
//
// gRPC repeats a call without looking at it, so only those calls are listed whose repetition changes nothing. The calls
// that make an image (GenerateImage, StreamGenerateImage, StartGeneration) are deliberately absent: without a
// request_id a repetition would pay again, and gRPC cannot tell whether there is one. Client repeats those itself,
// always with the same request_id. DeleteGeneration is absent because a repetition whose first answer was lost would
// say NOT_FOUND.
extern const char* const kServiceConfig;

}  // namespace easel::client
