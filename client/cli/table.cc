#include "cli/table.h"

#include <algorithm>
#include <iostream>
#include <numeric>
#include <utility>

#include "absl/strings/str_join.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace easel::cli {
namespace {

constexpr int kGap = 2;
// Columns left out make room for so much of the last one.
constexpr int kNarrowest = 20;

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::WidthsFor(int width) const {
  std::vector<int> widths;
  for (const std::string& title : heading_) widths.push_back(Columns(title) + kGap);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]) + kGap);
  }
  for (const size_t column : spare_) {
    const int before_last = std::accumulate(widths.begin(), widths.end() - 1, 0);
    if (width - before_last >= std::min(kNarrowest, widths.back() - kGap)) break;
    widths[column] = 0;
  }
  return widths;
}

std::string Table::ForTerminal(int width) const {
  const std::vector<int> widths = WidthsFor(width);
  std::string text;
  const auto print = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i + 1 < cells.size(); ++i) {
      if (widths[i] > 0) line += cells[i] + std::string(static_cast<size_t>(widths[i] - Columns(cells[i])), ' ');
    }
    text += line + Cut(cells.back(), std::max(8, width - Columns(line))) + "\n";
  };
  print(heading_);
  for (const auto& row : rows_) print(row);
  return text;
}

std::string Table::ForPipe() const {
  std::string text;
  for (const auto& row : rows_) text += absl::StrJoin(row, "\t") + "\n";
  return text;
}

void Table::Print() const { std::cout << (IsTerminal(1) ? ForTerminal(Width(1)) : ForPipe()); }

}  // namespace easel::cli
