#include "app/config_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "app/config_text.h"
#include "app/config_value.h"

namespace easel::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string NounOf(const YAML::Node& node) {
  if (node.IsMap()) return "a section";
  if (node.IsSequence()) return "a list";
  return node.IsNull() ? "nothing" : "a value";
}

// Where a document begins; its content does not matter.
class Beginning final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  int line() const { return line_; }

 private:
  int line_ = 0;
};

// The line of a second document, if there is one. LoadAll would look for ever at a stray comma, and take it for one
// document after the other.
std::optional<int> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Beginning first;
  Beginning second;
  if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return std::nullopt;
  return second.line();
}

// The library's words repeat bytes of the file.
std::string Printable(std::string text) {
  const auto hidden = [](char c) { return !absl::ascii_isprint(static_cast<unsigned char>(c)); };
  std::replace_if(text.begin(), text.end(), hidden, '?');
  return text;
}

class YamlReader {
 public:
  YamlReader(const std::string& name, Sources& sources, Problems& problems)
      : name_(name), sources_(sources), problems_(problems) {}

  void ReadSection(const YAML::Node& node, const std::string& path, Message& message) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      Add(node, absl::StrCat(path.empty() ? "the file" : path, ": expected lines of \"name: value\", got ", NounOf(node)));
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key);
      if (field == nullptr) {
        AddUnknown(entry.first, key, path, message.GetDescriptor());
      } else if (!seen.insert(key).second) {
        Add(entry.first, absl::StrCat(Join(path, key), ": given twice"));
      } else {
        ReadField(entry.first, entry.second, Join(path, key), message, field);
      }
    }
  }

 private:
  static std::string Join(const std::string& path, const std::string& key) {
    return path.empty() ? key : absl::StrCat(path, ".", key);
  }

  std::string At(const YAML::Node& node) const { return absl::StrCat(name_, ":", node.Mark().line + 1); }

  void Add(const YAML::Node& node, const std::string& what) { problems_.Add(At(node), what); }

  void AddUnknown(const YAML::Node& node, const std::string& key, const std::string& path, const Descriptor* message) {
    std::string hint = DidYouMean(key, FieldNames(message));
    for (const Leaf& leaf : Leaves()) {
      if (hint.empty() && leaf.field->name() == key) hint = absl::StrCat(" (did you mean \"", leaf.path, "\"?)");
    }
    Add(node, absl::StrCat("there is no setting ", Quoted(Join(path, key)), hint));
  }

  // `key` is where the setting stands; a value that is missing has no place of its own.
  void ReadField(const YAML::Node& key, const YAML::Node& node, const std::string& path, Message& message,
                 const FieldDescriptor* field) {
    if (IsSection(field)) {
      ReadSection(node, path, *message.GetReflection()->MutableMessage(&message, field));
    } else if (SettingOf(field).secret()) {
      AddSecret(key, path, field);
    } else if (node.IsNull()) {
      Add(key, absl::StrCat(path, ": a value is missing: expected ", DescribeWhole(field)));
    } else if (field->is_repeated()) {
      ReadList(key, node, path, message, field);
    } else if (ReadScalar(node, path, message, field)) {
      sources_[path] = At(key);
    }
  }

  void AddSecret(const YAML::Node& key, const std::string& path, const FieldDescriptor* field) {
    const std::string env = SettingOf(field).env();
    const std::string instead =
        env.empty() ? "use api_key_env or api_key_file" : absl::StrCat("set ", env, ", or ", env, "_FILE to a file with it");
    Add(key, absl::StrCat(path, ": a secret does not belong in this file: ", instead));
  }

  static std::string DescribeWhole(const FieldDescriptor* field) {
    if (IsMessageList(field)) return "a list of entries that begin with \"- \"";
    return field->is_repeated() ? absl::StrCat("a list of ", Describe(field)) : Describe(field);
  }

  bool ReadScalar(const YAML::Node& node, const std::string& path, Message& message, const FieldDescriptor* field) {
    if (!node.IsScalar()) {
      Add(node, absl::StrCat(path, ": expected ", Describe(field), ", got ", NounOf(node)));
      return false;
    }
    if (node.Scalar().empty()) return false;
    if (SetFromText(message, field, node.Scalar())) return true;
    Add(node, absl::StrCat(path, ": ", Unfit(field, node.Scalar())));
    return false;
  }

  void ReadList(const YAML::Node& key, const YAML::Node& node, const std::string& path, Message& message,
                const FieldDescriptor* field) {
    if (!node.IsSequence()) {
      Add(node, absl::StrCat(path, ": expected ", DescribeWhole(field), ", got ", NounOf(node)));
      return;
    }
    sources_[path] = At(key);
    for (size_t i = 0; i < node.size(); ++i) {
      const std::string entry = absl::StrCat(path, "[", i, "]");
      if (IsMessageList(field)) {
        ReadEntry(node[i], entry, *message.GetReflection()->AddMessage(&message, field));
      } else {
        ReadScalar(node[i], entry, message, field);
      }
    }
  }

  void ReadEntry(const YAML::Node& node, const std::string& path, Message& message) {
    sources_[path] = At(node);
    ReadSection(node, path, message);
    if (!node.IsMap()) return;
    std::vector<std::string> missing;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message.GetDescriptor()->field(i);
      if (!SettingOf(field).required() || node[field->name()].IsDefined()) continue;
      missing.push_back(absl::StrCat(field->name(), " (", Describe(field), ")"));
    }
    if (!missing.empty()) Add(node, absl::StrCat(path, ": missing: ", absl::StrJoin(missing, ", ")));
  }

  const std::string& name_;
  Sources& sources_;
  Problems& problems_;
};

}  // namespace

void ReadYaml(const std::string& name, const std::string& text, Settings& settings, Sources& sources,
              Problems& problems) {
  try {
    if (const auto line = SecondDocument(text)) {
      problems.Add(absl::StrCat(name, ":", *line + 1), "expected one document, got a second one");
    }
    YamlReader(name, sources, problems).ReadSection(YAML::Load(text), "", settings);
  } catch (const YAML::Exception& error) {
    problems.Add(absl::StrCat(name, ":", error.mark.line + 1), absl::StrCat("this is not YAML: ", Printable(error.msg)));
  }
}

}  // namespace easel::app
