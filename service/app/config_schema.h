#pragma once

#include <string>
#include <vector>

#include "easel/config/v1/config.pb.h"
#include "easel/config/v1/setting.pb.h"
#include "google/protobuf/descriptor.h"

namespace easel::app {

using Settings = config::v1::Config;

// A setting that is not inside a list, found by its path from the root.
struct Leaf {
  // As "grpc.listen".
  std::string path;
  // From the root to the message that holds the field.
  std::vector<const google::protobuf::FieldDescriptor*> sections;
  const google::protobuf::FieldDescriptor* field = nullptr;
};

// Every setting of the schema, in its order.
const std::vector<Leaf>& Leaves();

// The options of a field; empty ones for a section.
const config::v1::Setting& SettingOf(const google::protobuf::FieldDescriptor* field);

// A message that holds settings, and is none itself.
bool IsSection(const google::protobuf::FieldDescriptor* field);

bool IsDuration(const google::protobuf::FieldDescriptor* field);

// A list of messages, such as upstream.keys: only in the file.
bool IsMessageList(const google::protobuf::FieldDescriptor* field);

// The message that holds the leaf's field.
google::protobuf::Message& Holder(Settings& settings, const Leaf& leaf);
const google::protobuf::Message& Holder(const Settings& settings, const Leaf& leaf);

// Names of the fields of a message.
std::vector<std::string> FieldNames(const google::protobuf::Descriptor* message);

}  // namespace easel::app
