#include "cli/table.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/str_join.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace easel::cli {

void Table::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::ForTerminal(int width) const {
  std::vector<int> widths;
  for (const std::string& title : heading_) widths.push_back(Columns(title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  std::string text;
  const auto print = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i + 1 < cells.size(); ++i) {
      line += cells[i] + std::string(static_cast<size_t>(widths[i] - Columns(cells[i]) + 2), ' ');
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
