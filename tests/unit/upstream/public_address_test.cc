#include "upstream/http/public_address.h"

#include <gtest/gtest.h>

namespace easel::upstream {
namespace {

bool IsPublic(const char* address) { return IsPublicAddress(boost::asio::ip::make_address(address)); }

TEST(PublicAddressTest, RefusesEverySpecialBlockToItsEdges) {
  for (const char* address :
       {"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.8", "192.0.2.1",
        "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.9",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_FALSE(IsPublic(address)) << address;
  }
}

TEST(PublicAddressTest, AllowsTheNeighboursOfSpecialBlocks) {
  for (const char* address :
       {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8"}) {
    EXPECT_TRUE(IsPublic(address)) << address;
  }
}

TEST(PublicAddressTest, RefusesWhatIsNotGlobalInVersionSix) {
  for (const char* address :
       {"::", "::1", "::127.0.0.1", "::8.8.8.8", "fe80::1", "fe80::1%1", "fec0::1", "fc00::1", "fdff::1", "ff02::1", "100::1",
        "2001::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "2620:4f:8000::1", "3fff::1", "4000::1",
        "5f00::1", "64:ff9b:1::8.8.8.8", "e000::1"}) {
    EXPECT_FALSE(IsPublic(address)) << address;
  }
}

TEST(PublicAddressTest, AllowsGlobalAddressesOfVersionSix) {
  for (const char* address : {"2001:200::1", "2001:4860:4860::8888", "2400:3200::1", "2606:4700::1111", "3ffe::1"}) {
    EXPECT_TRUE(IsPublic(address)) << address;
  }
}

TEST(PublicAddressTest, LooksIntoAddressesThatCarryVersionFour) {
  for (const char* inner : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "224.0.0.1"}) {
    EXPECT_FALSE(IsPublic(("::ffff:" + std::string(inner)).c_str())) << inner;
    EXPECT_FALSE(IsPublic(("64:ff9b::" + std::string(inner)).c_str())) << inner;
  }
  EXPECT_TRUE(IsPublic("::ffff:8.8.8.8"));
  EXPECT_TRUE(IsPublic("64:ff9b::8.8.8.8"));
}

}  // namespace
}  // namespace easel::upstream
