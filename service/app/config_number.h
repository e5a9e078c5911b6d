#pragma once

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace easel::app {

// The part of config_value that is about numbers: whole and broken ones, bytes, durations, with their bounds.

// False, and nothing changed, if `text` is no such number or is out of bounds.
bool SetNumber(google::protobuf::Message& holder, const google::protobuf::FieldDescriptor* field,
               const std::string& text);

std::string NumberText(const google::protobuf::Message& holder, const google::protobuf::FieldDescriptor* field);

std::string DescribeNumber(const google::protobuf::FieldDescriptor* field);

}  // namespace easel::app
