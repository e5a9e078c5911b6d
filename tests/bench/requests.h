#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

namespace easel::bench {

// What a case of the load asks for, again and again.
class Requests {
 public:
  virtual ~Requests() = default;
  // As "/easel.v1.ImageService/GenerateImage".
  virtual const std::string& method() const = 0;
  // The answer is a stream of messages.
  virtual bool streaming() const { return false; }
  // The next request, for a slot of the load, owned by whoever asks.
  virtual grpc_slice Next(std::size_t slot) = 0;
  // Looks at a message that came back. False: it is not what was asked for. Large messages are not shown.
  virtual bool Check(std::size_t slot, std::string_view message) = 0;
};

struct OrderOptions {
  std::string model = "cogview-4-250304";
  std::string quality;
  int width = 1024;
  int height = 1024;
  std::string prompt = "a kitten on a windowsill";
  // Whoever goes away wants nothing any more.
  bool abort = false;
};

// Names of generations, filled while answers are checked.
using Names = std::vector<std::string>;

// Orders with a request_id of their own each; `made`, if there is one, gets the names.
std::unique_ptr<Requests> GenerateRequests(const OrderOptions& options, bool image_inline, Names* made);
std::unique_ptr<Requests> StreamRequests(const OrderOptions& options);
std::unique_ptr<Requests> StartRequests(const OrderOptions& options, Names* made);
// The first of `requests` again and again, with its one request_id.
std::unique_ptr<Requests> Repeated(std::unique_ptr<Requests> requests);
// By names, which may not be empty, one after the other and again from the first.
std::unique_ptr<Requests> GetRequests(Names names);
std::unique_ptr<Requests> ReadRequests(Names names);
std::unique_ptr<Requests> WatchRequests(Names names);
std::unique_ptr<Requests> ListRequests(int page_size);

}  // namespace easel::bench
