#include "app/config_value.h"


#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "app/config_kinds.h"
#include "app/config_number.h"
#include "app/config_schema.h"
#include "app/config_text.h"

namespace easel::app {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const EnumValueDescriptor* FindWord(const EnumDescriptor* type, const std::string& word) {
  for (int i = 1; i < type->value_count(); ++i) {
    if (WordOf(type->value(i)) == word) return type->value(i);
  }
  return nullptr;
}

std::string Words(const EnumDescriptor* type) {
  std::vector<std::string> words;
  for (int i = 1; i < type->value_count(); ++i) words.push_back(WordOf(type->value(i)));
  const std::string last = words.back();
  words.pop_back();
  return absl::StrCat(absl::StrJoin(words, ", "), " or ", last);
}

bool SetString(Message& holder, const FieldDescriptor* field, std::string text) {
  const auto kind = SettingOf(field).kind();
  if (!IsOfKind(kind, text)) return false;
  if (kind == config::v1::KIND_HTTP_URL) {
    while (absl::EndsWith(text, "/")) text.pop_back();
  }
  const auto* reflection = holder.GetReflection();
  if (field->is_repeated()) {
    reflection->AddString(&holder, field, text);
  } else {
    reflection->SetString(&holder, field, text);
  }
  return true;
}

std::string SingleText(const Message& holder, const FieldDescriptor* field) {
  const auto* reflection = holder.GetReflection();
  const auto& setting = SettingOf(field);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(holder, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return WordOf(reflection->GetEnum(holder, field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection->GetString(holder, field);
      if (setting.secret() && !text.empty()) return "***";
      if (setting.kind() == config::v1::KIND_STORE) return WithoutQuery(WithoutUser(text));
      return setting.kind() == config::v1::KIND_PROXY_URL ? WithoutUser(text) : text;
    }
    default:
      return NumberText(holder, field);
  }
}

}  // namespace

std::string WordOf(const EnumValueDescriptor* value) {
  // GLM_IMAGE_MODE_ASYNC without what its enum's zero, GLM_IMAGE_MODE_UNSPECIFIED, says before UNSPECIFIED.
  const std::string& zero = value->type()->value(0)->name();
  const size_t prefix = zero.size() - std::string("UNSPECIFIED").size();
  return absl::AsciiStrToLower(value->name().substr(prefix));
}

bool SetFromText(Message& holder, const FieldDescriptor* field, const std::string& text) {
  const auto* reflection = holder.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool value = false;
      if (!absl::SimpleAtob(text, &value)) return false;
      reflection->SetBool(&holder, field, value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = FindWord(field->enum_type(), text);
      if (value == nullptr) return false;
      reflection->SetEnum(&holder, field, value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(holder, field, text);
    default:
      return SetNumber(holder, field, text);
  }
}

bool SetWholeFromText(Message& holder, const FieldDescriptor* field, const std::string& text) {
  if (!field->is_repeated()) return SetFromText(holder, field, text);
  holder.GetReflection()->ClearField(&holder, field);
  for (const std::string& part : SplitList(text)) {
    if (!SetFromText(holder, field, part)) return false;
  }
  return true;
}

std::string Describe(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return Words(field->enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return DescribeKind(SettingOf(field).kind());
    default:
      return DescribeNumber(field);
  }
}

std::string Unfit(const FieldDescriptor* field, const std::string& text) {
  const std::string expected = absl::StrCat("expected ", Describe(field));
  const auto kind = SettingOf(field).kind();
  const bool may_hold_key =
      SettingOf(field).secret() || kind == config::v1::KIND_VARIABLE || kind == config::v1::KIND_SHA256;
  return may_hold_key ? expected : absl::StrCat(expected, ", got ", Quoted(text));
}

std::vector<std::string> Texts(const Message& holder, const FieldDescriptor* field) {
  if (!field->is_repeated()) return {SingleText(holder, field)};
  const auto* reflection = holder.GetReflection();
  std::vector<std::string> texts;
  for (int i = 0; i < reflection->FieldSize(holder, field); ++i) {
    texts.push_back(reflection->GetRepeatedString(holder, field, i));
  }
  return texts;
}

}  // namespace easel::app
