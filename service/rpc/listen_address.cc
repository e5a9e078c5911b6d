#include "rpc/listen_address.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "absl/strings/str_cat.h"

namespace easel::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string WhyNotListen(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return "it has no port; write it as host:port";
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  asio::io_context context;
  boost::system::error_code error;
  const auto results =
      tcp::resolver(context).resolve(host, address.substr(colon + 1), tcp::resolver::passive, error);
  if (error) return error.message();
  for (const auto& result : results) {
    tcp::acceptor acceptor(context);
    acceptor.open(result.endpoint().protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(result.endpoint(), error);
    if (!error) acceptor.listen(1, error);
    if (error) return error.message();
  }
  return "";
}

std::string WithPort(const std::string& address, int port) {
  return absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
}

}  // namespace easel::rpc
