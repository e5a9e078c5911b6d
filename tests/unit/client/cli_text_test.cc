#include "cli/text.h"

#include "cli/table.h"
#include "gtest/gtest.h"

namespace easel::cli {
namespace {

TEST(Text, Money) {
  EXPECT_EQ(Money(15000, "USD"), "$0.015");
  EXPECT_EQ(Money(10000, "USD"), "$0.01");
  EXPECT_EQ(Money(100000, "CNY"), "0.10 CNY");
  EXPECT_EQ(Money(0, "USD"), "$0.00");
}

TEST(Text, Time) {
  EXPECT_EQ(Time(absl::Milliseconds(400)), "0.4 s");
  EXPECT_EQ(Time(absl::Seconds(9.96)), "10 s");
  EXPECT_EQ(Time(absl::Seconds(21.3)), "21 s");
  EXPECT_EQ(Time(absl::Seconds(185)), "3 min 05 s");
  EXPECT_EQ(Time(absl::Seconds(-1)), "0.0 s");
}

TEST(Text, Bytes) {
  EXPECT_EQ(Bytes(999), "999 bytes");
  EXPECT_EQ(Bytes(200'000), "200 kB");
  EXPECT_EQ(Bytes(1'440'000), "1.4 MB");
}

TEST(Text, StateNewerThanThisProgram) {
  EXPECT_EQ(StateText(v1::GENERATION_STATE_RENDERING), "rendering");
  EXPECT_EQ(StateText(static_cast<v1::GenerationState>(99)), "state 99");
}

TEST(Text, CountsColumnsOfWideCharacters) {
  EXPECT_EQ(Columns("abc"), 3);
  EXPECT_EQ(Columns("\xE7\x8C\xAB" "a"), 3);  // A Chinese character and a letter.
  EXPECT_EQ(Columns("\xC3\xA9"), 1);
}

TEST(Text, CutsBetweenCharacters) {
  EXPECT_EQ(Cut("abcdef", 6), "abcdef");
  EXPECT_EQ(Cut("abcdef", 5), "abc..");
  EXPECT_EQ(Cut("\xE7\x8C\xAB\xE7\x8C\xAB\xE7\x8C\xAB", 5), "\xE7\x8C\xAB..");
  EXPECT_EQ(Cut("abcdef", 1), "");
}

TEST(Text, TakesOutControlCharacters) {
  EXPECT_EQ(Printable("a\x1b[31m\nb\t\x7f\xC2\x9B" "c"), "a [31m b   c");
  EXPECT_EQ(Printable("\xE7\x8C\xAB"), "\xE7\x8C\xAB");
  EXPECT_EQ(Printable("\xE7\x8C"), "\xE7\x8C");
}

TEST(Table, AlignsAndCutsOnATerminal) {
  Table table({"NAME", "PROMPT"});
  table.Add({"generations/1", "a kitten on a windowsill"});
  table.Add({"\xE7\x8C\xAB", "b"});
  EXPECT_EQ(table.ForTerminal(30),
            "NAME           PROMPT\n"
            "generations/1  a kitten on a..\n"
            "\xE7\x8C\xAB             b\n");
}

TEST(Table, LeavesOutSpareColumnsWhereTheLastOneWouldGetTooNarrow) {
  Table table({"NAME", "MODEL", "SIZE", "PROMPT"}, {2, 1});
  table.Add({"generations/1", "glm-image", "1280x1280", "a kitten on a windowsill in the sun"});
  EXPECT_EQ(table.ForTerminal(60).substr(0, 30), "NAME           MODEL      SIZE");
  EXPECT_EQ(table.ForTerminal(50).substr(0, 32), "NAME           MODEL      PROMPT");
  EXPECT_EQ(table.ForTerminal(40).substr(0, 22), "NAME           PROMPT\n");
}

TEST(Table, SeparatesByTabsInAPipe) {
  Table table({"NAME", "PROMPT"});
  table.Add({"generations/1", "two\nlines\tand a tab"});
  EXPECT_EQ(table.ForPipe(), "generations/1\ttwo lines and a tab\n");
}

}  // namespace
}  // namespace easel::cli
