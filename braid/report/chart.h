// Chart: lines with bands over one axis, as SVG. In a page, colours come from the page's style and
// values from its script; alone (for a paper), the drawing carries its own style and legend.
#pragma once

#include <string>
#include <vector>

namespace braid {

struct Series {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> error;  // half the band's height; empty: no band
};

struct Chart {
  std::string id;     // [a-z0-9-]
  std::string title;  // what it shows, for everyone
  std::string x_label, y_label;
  bool log_x = false;
  std::vector<Series> series;  // at most 8 have a colour and a mark of their own
};

enum class Setting { page, alone };
std::string draw(const Chart& chart, Setting setting);

// Squares of a permutation matrix: row i, column indices[i] filled.
std::string draw_permutation(const std::vector<std::int64_t>& indices, const std::string& title);

// For text and attributes of HTML and SVG.
std::string escape(const std::string& text);

}  // namespace braid
