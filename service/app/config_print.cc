#include "app/config_print.h"

#include <yaml-cpp/emitter.h>

#include "absl/strings/str_cat.h"
#include "app/config_value.h"

namespace easel::app {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Emit(YAML::Emitter& out, const Message& message);

void EmitLeaf(YAML::Emitter& out, const Message& message, const FieldDescriptor* field) {
  const auto texts = Texts(message, field);
  if (!field->is_repeated()) {
    if (SettingOf(field).secret() && texts.front().empty()) return;
    out << YAML::Key << field->name() << YAML::Value << texts.front();
    return;
  }
  out << YAML::Key << field->name() << YAML::Value << YAML::Flow << YAML::BeginSeq;
  for (const std::string& text : texts) out << text;
  out << YAML::EndSeq;
}

void EmitEntries(YAML::Emitter& out, const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  if (size == 0) return;
  out << YAML::Key << field->name() << YAML::Value << YAML::BeginSeq;
  for (int i = 0; i < size; ++i) Emit(out, reflection->GetRepeatedMessage(message, field, i));
  out << YAML::EndSeq;
}

void Emit(YAML::Emitter& out, const Message& message) {
  out << YAML::BeginMap;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (IsMessageList(field)) {
      EmitEntries(out, message, field);
    } else if (IsSection(field)) {
      out << YAML::Key << field->name() << YAML::Value;
      Emit(out, message.GetReflection()->GetMessage(message, field));
    } else {
      EmitLeaf(out, message, field);
    }
  }
  out << YAML::EndMap;
}

std::string Code(const std::string& text) { return text.empty() ? "" : absl::StrCat("`", text, "`"); }

std::string DefaultOf(const config::v1::Setting& setting) {
  return setting.default_words().empty() ? Code(setting.default_value()) : setting.default_words();
}

}  // namespace

std::string PrintYaml(const Settings& settings) {
  YAML::Emitter out;
  Emit(out, settings);
  return absl::StrCat(out.c_str(), "\n");
}

std::string PrintTable() {
  std::string table = "| In the file | Environment | Default | What it is |\n|---|---|---|---|\n";
  for (const Leaf& leaf : Leaves()) {
    const auto& setting = SettingOf(leaf.field);
    const std::string file = setting.secret() ? "" : Code(leaf.path);
    const std::string env =
        setting.secret() ? absl::StrCat(Code(setting.env()), ", ", Code(setting.env() + "_FILE")) : Code(setting.env());
    absl::StrAppend(&table, "| ", file, " | ", env, " | ", DefaultOf(setting), " | ", setting.help(), " |\n");
  }
  return table;
}

}  // namespace easel::app
