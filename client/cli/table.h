#pragma once

#include <string>
#include <vector>

namespace easel::cli {

// Rows of cells. On a terminal: a heading, aligned columns, and the last column cut to the width. In a pipe: no
// heading, cells separated by tabs, nothing cut. Control characters are taken out of every cell.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}

  // As many cells as the heading has.
  void Add(std::vector<std::string> cells);

  std::string ForTerminal(int width) const;
  std::string ForPipe() const;
  // On standard output, as it is.
  void Print() const;

 private:
  std::vector<std::string> heading_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace easel::cli
