#include "app/watched_files.h"

#include <filesystem>

#include "tests/unit/app/config_fixture.h"

namespace easel::app {
namespace {

class WatchedFilesTest : public ConfigTest {
 protected:
  // A change is told at the second look, once everything rests.
  bool Noticed() { return !files_.Changed() && files_.Changed(); }

  WatchedFiles files_;
};

TEST_F(WatchedFilesTest, ASilentFileIsNoNews) {
  files_.Watch({WriteFile("a", "1"), Path("none")});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(files_.Changed());
}

TEST_F(WatchedFilesTest, EachChangeIsToldOnceWhenItRests) {
  files_.Watch({WriteFile("a", "1"), Path("b")});
  WriteFile("a", "22");
  EXPECT_TRUE(Noticed());
  EXPECT_FALSE(files_.Changed());
  WriteFile("b", "1");
  EXPECT_TRUE(Noticed());
  std::filesystem::remove(Path("a"));
  EXPECT_TRUE(Noticed());
  EXPECT_FALSE(Noticed());
}

TEST_F(WatchedFilesTest, FilesThatStillChangeAreLeftAlone) {
  files_.Watch({WriteFile("a", "")});
  std::string text;
  for (int i = 0; i < 5; ++i) {
    WriteFile("a", text += "x");
    EXPECT_FALSE(files_.Changed());
  }
  EXPECT_TRUE(files_.Changed());
}

TEST_F(WatchedFilesTest, ALinkThatLeadsElsewhereIsAChange) {
  std::filesystem::create_directory(Path("one"));
  std::filesystem::create_directory(Path("two"));
  WriteFile("one/key", "1");
  WriteFile("two/key", "2");
  std::filesystem::create_directory_symlink("one", Path("data"));
  files_.Watch({Path("data/key")});
  std::filesystem::create_directory_symlink("two", Path("new"));
  std::filesystem::rename(Path("new"), Path("data"));
  EXPECT_TRUE(Noticed());
}

}  // namespace
}  // namespace easel::app
