// Chart: lines with error bands as SVG. In a page, colours come from the page's style and values
// from its script; alone (for a paper), the SVG contains its own style and legend.
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
  std::string title;  // also the text alternative
  std::string x_label, y_label;
  bool log_x = false;
  std::vector<Series> series;  // colours and marks repeat after 8
};

enum class Setting { page, alone };
std::string draw(const Chart& chart, Setting setting);

// Permutation matrix as SVG: the square in row i, column indices[i] is filled.
std::string draw_permutation(const std::vector<std::int64_t>& indices, const std::string& title);

// Escapes text for elements and attributes of HTML and SVG.
std::string escape(const std::string& text);

}  // namespace braid
