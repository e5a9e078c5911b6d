#pragma once

#include <boost/asio/ip/address.hpp>

namespace easel::upstream {

// Whether an address is one of the public internet: not loopback, private, link-local, shared (CGNAT), multicast,
// unspecified, reserved, or for documentation. An IPv6 address that carries an IPv4 one (mapped, NAT64) is as public as
// that; tunnels (6to4, Teredo) are not.
bool IsPublicAddress(const boost::asio::ip::address& address);

}  // namespace easel::upstream
