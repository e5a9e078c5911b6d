#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace easel::cli {

// Rows of cells. On a terminal: a heading, aligned columns, and the last column cut to the width; where it would get too
// narrow, columns are left out. In a pipe: no
// heading, cells separated by tabs, nothing cut. Control characters are taken out of every cell.
class Table {
 public:
  // `spare`: the columns that may be left out, by index, the first one first.
  explicit Table(std::vector<std::string> heading, std::vector<size_t> spare = {})
      : heading_(std::move(heading)), spare_(std::move(spare)) {}

  // As many cells as the heading has.
  void Add(std::vector<std::string> cells);

  std::string ForTerminal(int width) const;
  std::string ForPipe() const;
  // On standard output, as it is.
  void Print() const;

 private:
  // Each column's width, its gap included; 0: it is left out.
  std::vector<int> WidthsFor(int width) const;

  std::vector<std::string> heading_;
  std::vector<size_t> spare_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace easel::cli
