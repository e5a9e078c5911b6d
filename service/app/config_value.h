#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace easel::app {

// Reads `text` as a value of the field, and sets it (appends it to a list). False, and nothing changed, if it is none.
bool SetFromText(google::protobuf::Message& holder, const google::protobuf::FieldDescriptor* field,
                 const std::string& text);

// Replaces a list by the parts of a comma separated text; any other field as SetFromText.
bool SetWholeFromText(google::protobuf::Message& holder, const google::protobuf::FieldDescriptor* field,
                      const std::string& text);

// What a value of the field looks like, bounds included: "a whole number, at least 1".
std::string Describe(const google::protobuf::FieldDescriptor* field);

// "expected ..., got ...": the value is left out where it is a secret.
std::string Unfit(const google::protobuf::FieldDescriptor* field, const std::string& text);

// The field's values as SetFromText reads them: one, or as many as the list has. Secrets are "***", or empty if unset.
std::vector<std::string> Texts(const google::protobuf::Message& holder, const google::protobuf::FieldDescriptor* field);

// The value of an enum as a word: "async".
std::string WordOf(const google::protobuf::EnumValueDescriptor* value);

}  // namespace easel::app
