#include "easel/service_config.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <set>
#include <string>

#include "easel/v1/image_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace easel::client {
namespace {

TEST(ServiceConfig, RepeatsEveryCallButTheOneThatRemoves) {
  google::protobuf::Struct config;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(kServiceConfig, &config).ok());
  std::set<std::string> methods;
  for (const auto& method_config : config.fields().at("methodConfig").list_value().values()) {
    for (const auto& name : method_config.struct_value().fields().at("name").list_value().values()) {
      EXPECT_EQ(name.struct_value().fields().at("service").string_value(), "easel.v1.ImageService");
      methods.insert(name.struct_value().fields().at("method").string_value());
    }
  }
  std::set<std::string> all;
  const google::protobuf::ServiceDescriptor* service = v1::GenerateImageRequest::descriptor()->file()->FindServiceByName(
      "ImageService");
  for (int i = 0; i < service->method_count(); ++i) all.insert(service->method(i)->name());
  all.erase("DeleteGeneration");
  EXPECT_EQ(methods, all);
}

}  // namespace
}  // namespace easel::client
