#include <filesystem>
#include <fstream>
#include <iterator>

#include "easel/part_file.h"
#include "tests/unit/client/test_client.h"

namespace easel::client {
namespace {

namespace fs = std::filesystem;

class SaveImageTest : public ClientTest {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "easel-save-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
    path = directory / "kitten.png";
    part = directory / "kitten.png.part";
    generation = *client().Generate(Request());
    expected = fakes::FakeGenerations::Bytes(generation);
  }

  void TearDown() override { fs::remove_all(directory); }

  static std::string Contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static void Write(const fs::path& file, const std::string& contents) { std::ofstream(file, std::ios::binary) << contents; }

  absl::StatusOr<ImageDigest> Save(Overwrite overwrite = Overwrite::kReplace) {
    return client().ReadImageToFile(generation.name(), path, {}, overwrite);
  }

  fs::path directory;
  fs::path path;
  fs::path part;
  v1::Generation generation;
  std::string expected;
};

TEST_F(SaveImageTest, WritesTheImageAndNothingElse) {
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(Contents(path), expected);
  EXPECT_FALSE(fs::exists(part));
}

TEST_F(SaveImageTest, GeneratesIntoAFile) {
  ASSERT_TRUE(client().GenerateToFile(Request("[[blue]]"), path).ok());
  EXPECT_NE(Contents(path), expected);
  EXPECT_EQ(Contents(path).size(), expected.size());
}

TEST_F(SaveImageTest, GoesOnFromWhatAnEarlierDownloadLeft) {
  auto impatient = Client::Connect({.address = service.address(), .retry = {.max_attempts = 1}}, waiter);
  service.Plan("ReadImage", {.after_messages = 2, .status = Broken()});
  EXPECT_FALSE(impatient->ReadImageToFile(generation.name(), path).ok());
  EXPECT_EQ(Contents(part), expected.substr(0, 131072));
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(service.Seen("ReadImage").at(1).read_offset, 131071);
  EXPECT_EQ(Contents(path), expected);
}

TEST_F(SaveImageTest, FinishesADownloadThatOnlyLacksItsName) {
  Write(part, expected);
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(service.Seen("ReadImage").at(0).read_offset, 199'999);
  EXPECT_EQ(Contents(path), expected);
}

TEST_F(SaveImageTest, StartsOverWhenTheLeftoverIsOfAnotherImage) {
  Write(part, std::string(5000, 'x'));
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(Contents(path), expected);
  EXPECT_EQ(service.Seen("ReadImage").size(), 2u);
}

TEST_F(SaveImageTest, StartsOverWhenTheLeftoverIsLargerThanTheImage) {
  Write(part, std::string(300'000, 'x'));
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(Contents(path), expected);
}

TEST_F(SaveImageTest, KeepsNoBytesThatAreNotTheImage) {
  service.Plan("ReadImage", {.corrupt = true});
  const auto saved = Save();
  EXPECT_EQ(saved.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Error(saved.status()).reason(), kImageCorrupt);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(part));
}

TEST_F(SaveImageTest, ReplacesAFileOnlyWhenItMay) {
  Write(path, "precious");
  EXPECT_TRUE(absl::IsAlreadyExists(Save(Overwrite::kRefuse).status()));
  EXPECT_EQ(Contents(path), "precious");
  ASSERT_TRUE(Save(Overwrite::kReplace).ok());
  EXPECT_EQ(Contents(path), expected);
}

TEST_F(SaveImageTest, RefusesAPathThatIsNotAFile) {
  path = directory;
  EXPECT_EQ(Error(Save().status()).reason(), kFile);
  EXPECT_TRUE(service.Seen("ReadImage").empty());
}

TEST_F(SaveImageTest, SaysWhereItCannotWrite) {
  path = directory / "missing" / "kitten.png";
  const auto saved = Save();
  EXPECT_EQ(Error(saved.status()).reason(), kFile);
  EXPECT_NE(Error(saved.status()).message().find(path.string()), std::string::npos);
}

TEST_F(SaveImageTest, LetsOnlyOneWriterIn) {
  const auto first = PartFile::Open(path);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsAborted(Save().status()));
  EXPECT_TRUE(fs::exists(part));
}

TEST_F(SaveImageTest, LeavesNoEmptyFileWhenThereIsNoImage) {
  EXPECT_TRUE(absl::IsNotFound(client().ReadImageToFile("generations/none", path).status()));
  EXPECT_TRUE(fs::is_empty(directory));
}

}  // namespace
}  // namespace easel::client
