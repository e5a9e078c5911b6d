#include "storage/data_directory.h"

#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/doomed_process.h"
#include "tests/contract/temporary_directory.h"

namespace easel {
namespace {

using storage::DataDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<DataDirectory> Held(const std::filesystem::path& path) {
  absl::StatusOr<std::unique_ptr<DataDirectory>> directory = DataDirectory::Open(path);
  return directory.ok() ? *std::move(directory) : nullptr;
}

TEST(DataDirectory, IsCreatedForItsOwnerAlone) {
  const TemporaryDirectory temporary;
  const auto directory = Held(temporary.path() / "a" / "b");
  ASSERT_NE(directory, nullptr);
  EXPECT_EQ(std::filesystem::status(directory->path()).permissions(), std::filesystem::perms::owner_all);
}

TEST(DataDirectory, NamesTheProcessThatHoldsIt) {
  const TemporaryDirectory temporary;
  DoomedProcess process([&] { return Held(temporary.path()); });
  ASSERT_TRUE(process.succeeded());
  const absl::Status taken = DataDirectory::Open(temporary.path()).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(taken.message()),
              AllOf(HasSubstr(temporary.path().string()), HasSubstr("process " + std::to_string(process.pid()) + " on ")));
}

TEST(DataDirectory, IsFreeAgainHoweverItsHolderEnds) {
  const TemporaryDirectory temporary;
  DoomedProcess process([&] { return Held(temporary.path()); });
  ASSERT_TRUE(process.succeeded());
  process.Kill();
  auto directory = Held(temporary.path());
  EXPECT_NE(directory, nullptr);
  EXPECT_EQ(Held(temporary.path()), nullptr);
  directory.reset();
  EXPECT_NE(Held(temporary.path()), nullptr);
}

TEST(DataDirectory, ThoseWhoShareItKeepOutOnlyWhoWantsItAlone) {
  const TemporaryDirectory temporary;
  const auto one = DataDirectory::Open(temporary.path(), DataDirectory::Use::kShared);
  const auto other = DataDirectory::Open(temporary.path(), DataDirectory::Use::kShared);
  EXPECT_TRUE(one.ok() && other.ok()) << one.status() << other.status();
  EXPECT_EQ(Held(temporary.path()), nullptr);
}

TEST(DataDirectory, SaysWhyItCannotBeUsed) {
  const TemporaryDirectory temporary;
  std::ofstream(temporary.path() / "file") << "a file";
  const absl::Status status = DataDirectory::Open(temporary.path() / "file" / "data").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("/file/data cannot be used"), HasSubstr("Not a directory"),
                                                   HasSubstr("choose another directory")));
}

}  // namespace
}  // namespace easel
