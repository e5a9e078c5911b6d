#include "app/config_schema.h"

#include "google/protobuf/duration.pb.h"

namespace easel::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Collect(const Descriptor* message, const std::string& prefix, const std::vector<const FieldDescriptor*>& sections,
             std::vector<Leaf>& leaves) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string path = prefix + field->name();
    if (!IsSection(field)) {
      leaves.push_back({path, sections, field});
      continue;
    }
    auto deeper = sections;
    deeper.push_back(field);
    Collect(field->message_type(), path + ".", deeper, leaves);
  }
}

}  // namespace

const std::vector<Leaf>& Leaves() {
  static const auto* const leaves = [] {
    auto* found = new std::vector<Leaf>;
    Collect(Settings::descriptor(), "", {}, *found);
    return found;
  }();
  return *leaves;
}

const config::v1::Setting& SettingOf(const FieldDescriptor* field) {
  return field->options().GetExtension(config::v1::setting);
}

bool IsDuration(const FieldDescriptor* field) {
  return field->message_type() == google::protobuf::Duration::descriptor();
}

bool IsSection(const FieldDescriptor* field) {
  return field->message_type() != nullptr && !field->is_repeated() && !IsDuration(field);
}

bool IsMessageList(const FieldDescriptor* field) { return field->message_type() != nullptr && field->is_repeated(); }

Message& Holder(Settings& settings, const Leaf& leaf) {
  Message* holder = &settings;
  for (const FieldDescriptor* section : leaf.sections) {
    holder = holder->GetReflection()->MutableMessage(holder, section);
  }
  return *holder;
}

const Message& Holder(const Settings& settings, const Leaf& leaf) {
  const Message* holder = &settings;
  for (const FieldDescriptor* section : leaf.sections) {
    holder = &holder->GetReflection()->GetMessage(*holder, section);
  }
  return *holder;
}

std::vector<std::string> FieldNames(const Descriptor* message) {
  std::vector<std::string> names;
  for (int i = 0; i < message->field_count(); ++i) names.push_back(message->field(i)->name());
  return names;
}

}  // namespace easel::app
