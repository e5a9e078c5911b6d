#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "app/config.h"

namespace easel::app {

// A configuration from texts: files live in a directory of the test's own, which errors show as DIR.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = testing::TempDir() + "easel_config_XXXXXX";
    directory_ = mkdtemp(pattern.data());
    environment.variables["HOME"] = "/home/ada";
  }
  ~ConfigTest() override { std::filesystem::remove_all(directory_); }

  std::string WriteFile(const std::string& name, const std::string& content) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  void UseYaml(const std::string& yaml) { flags.config_file = WriteFile("easel.yaml", yaml); }

  absl::StatusOr<Config> Load() const { return LoadConfig(flags, environment); }

  // The problems that loading finds, without the directory's name; empty if there are none.
  std::string Problems() const {
    const auto config = Load();
    return absl::StrReplaceAll(std::string(config.status().message()), {{directory_, "DIR"}});
  }

  std::string ProblemsOf(const std::string& yaml) {
    UseYaml(yaml);
    return absl::StrReplaceAll(Problems(), {{"DIR/easel.yaml", "easel.yaml"}});
  }

  Flags flags;
  Environment environment;

 private:
  std::string directory_;
};

}  // namespace easel::app
