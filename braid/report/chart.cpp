#include "braid/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace braid {
namespace {

constexpr double width = 720, height = 400, left = 62, right = 14, top = 14, bottom = 50;
constexpr double legend_row = 22;
constexpr std::size_t styles = 8;

// Okabe & Ito's colours, distinguishable by colour-blind readers; dashes and marks differ as well.
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                "#b8860b", "#56b4e9", "#7a5195", "#555555"};
constexpr std::array dashes = {"", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 2", "6 2 1 2 1 2"};

struct Scale {
  double low, high, from, to;
  bool log = false;

  double at(double value) const {
    const double a = log ? std::log10(low) : low, b = log ? std::log10(high) : high;
    return from + ((log ? std::log10(value) : value) - a) / (b - a) * (to - from);
  }
};

// Round steps: 1, 2 or 5 times a power of ten, about `count` of them.
std::vector<double> ticks(const Scale& scale, int count) {
  std::vector<double> values;
  if (scale.log) {
    for (double v = std::pow(10, std::ceil(std::log10(scale.low) - 1e-9)); v <= scale.high * 1.0001;
         v *= 10) {
      values.push_back(v);
    }
    return values;
  }
  const double rough = (scale.high - scale.low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double part = rough / power;
  const double step = power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
  const double first = std::ceil(scale.low / step - 1e-9);
  const auto steps = static_cast<int>(scale.high / step + 1e-9 - first);
  for (int i = 0; i <= steps; ++i) values.push_back((first + i) * step);
  return values;
}

std::string label(double value) {
  return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

// Widens a range that is only rounding, which would contain no ticks.
void widen(Scale& scale) {
  const double size = std::max(std::abs(scale.low), std::abs(scale.high));
  if (!(scale.high - scale.low > std::max(1e-12 * size, 1e-300))) {
    scale.high = scale.low + std::max(1.0, 1e-3 * size);
  }
}

std::pair<Scale, Scale> scales(const Chart& chart) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Scale x{infinity, -infinity, left, width - right, chart.log_x};
  Scale y{infinity, -infinity, height - bottom, top, false};
  for (const Series& s : chart.series) {
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const double error = s.error.empty() ? 0 : s.error[i];
      x.low = std::min(x.low, s.x[i]);
      x.high = std::max(x.high, s.x[i]);
      y.low = std::min(y.low, s.y[i] - error);
      y.high = std::max(y.high, s.y[i] + error);
    }
  }
  widen(x);
  widen(y);
  const double margin = (y.high - y.low) * 0.04;
  y.low -= margin;
  y.high += margin;
  return {x, y};
}

std::string mark(std::size_t style, double x, double y) {
  switch (style % 4) {
    case 0:
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", x, y);
    case 1:
      return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"6\" height=\"6\"/>", x - 3,
                         y - 3);
    case 2:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l4 7h-8z\"/>", x, y - 4);
    default:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l4 4l-4 4l-4-4z\"/>", x, y - 4);
  }
}

std::string draw_series(const Series& s, std::size_t style, const Scale& x, const Scale& y) {
  std::string line, band, back, marks;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    const double px = x.at(s.x[i]), py = y.at(s.y[i]);
    line += fmt::format("{}{:.1f} {:.1f}", i ? "L" : "M", px, py);
    if (!s.error.empty()) {
      band += fmt::format("{}{:.1f} {:.1f}", i ? "L" : "M", px, y.at(s.y[i] + s.error[i]));
      back = fmt::format("L{:.1f} {:.1f}", px, y.at(s.y[i] - s.error[i])) + back;
    }
    const bool sparse = s.x.size() <= 12 || i % 4 == 0;
    if (sparse) marks += mark(style, px, py);
  }
  std::string text = fmt::format("<g class=\"s{}\">", style % styles);
  if (!band.empty()) text += fmt::format("<path class=\"band\" d=\"{}{}Z\"/>", band, back);
  return text +
         fmt::format("<path class=\"line\" d=\"{}\"/><g class=\"mark\">{}</g></g>\n", line, marks);
}

std::string draw_axes(const Chart& chart, const Scale& x, const Scale& y) {
  std::string text = "<g class=\"axes\">";
  for (const double v : ticks(y, 6)) {
    text += fmt::format("<path class=\"grid\" d=\"M{} {:.1f}H{}\"/>", left, y.at(v), width - right);
    text += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" dy=\".35em\">{}</text>",
                        left - 8, y.at(v), label(v));
  }
  for (const double v : ticks(x, 8)) {
    text += fmt::format("<path class=\"tick\" d=\"M{:.1f} {}v5\"/>", x.at(v), height - bottom);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" dy=\"1.4em\">{}</text>",
                        x.at(v), height - bottom, label(v));
  }
  text +=
      fmt::format("<path class=\"tick\" d=\"M{} {}H{}\"/>", left, height - bottom, width - right);
  text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" dy=\"-.5em\">{}</text>",
                      (left + width - right) / 2, height, escape(chart.x_label));
  text += fmt::format(
      "<text transform=\"translate(16 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text></g>\n",
      (top + height - bottom) / 2, escape(chart.y_label));
  return text;
}

std::string own_style() {
  std::string css =
      "text{font:13px sans-serif;fill:#222}.grid{stroke:#ddd}.tick{stroke:#555}"
      ".line{fill:none;stroke-width:2}.band{opacity:.18;stroke:none}";
  for (std::size_t i = 0; i < styles; ++i) {
    css += fmt::format(
        ".s{0} .line{{stroke:{1};stroke-dasharray:{2}}}.s{0} .band,.s{0} .mark{{fill:{1}}}", i,
        colours[i], *dashes[i] ? dashes[i] : "none");
  }
  return "<style>" + css + "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

std::string legend(const Chart& chart) {
  std::string text;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const double y = height + legend_row * (static_cast<double>(i) + 0.5);
    text += fmt::format(
        "<g class=\"s{}\"><path class=\"line\" d=\"M{} {}h30\"/><g class=\"mark\">{}</g></g>"
        "<text x=\"{}\" y=\"{}\" dy=\".35em\">{}</text>\n",
        i % styles, left, y, mark(i, left + 15, y), left + 40, y, escape(chart.series[i].name));
  }
  return text;
}

}  // namespace

std::string escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string draw(const Chart& chart, Setting setting) {
  const auto [x, y] = scales(chart);
  const bool alone = setting == Setting::alone;
  const double rows = alone ? legend_row * static_cast<double>(chart.series.size()) + 10 : 0;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-labelledby=\"{}-title\"{}>\n<title id=\"{}-title\">{}</title>\n",
      width, height + rows, chart.id,
      alone ? fmt::format(" width=\"{}\" height=\"{}\"", width, height + rows) : "", chart.id,
      escape(chart.title));
  if (alone) text += own_style();
  text += draw_axes(chart, x, y);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    text += draw_series(chart.series[i], i, x, y);
  }
  // The page's script needs these to turn a position into a value.
  if (!alone) {
    text += fmt::format(
        "<path class=\"cursor\" d=\"M0 {}V{}\" data-left=\"{}\" data-right=\"{}\" hidden=\"\"/>\n",
        top, height - bottom, left, width - right);
  } else {
    text += legend(chart);
  }
  return text + "</svg>\n";
}

std::string draw_permutation(const std::vector<std::int64_t>& indices, const std::string& title) {
  constexpr int cell = 6;
  const auto size = static_cast<int>(indices.size()) * cell;
  std::string squares;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    squares += fmt::format("M{} {}h{}v{}h-{}z", indices[i] * cell, static_cast<int>(i) * cell, cell,
                           cell, cell);
  }
  return fmt::format(
      "<svg class=\"heads\" viewBox=\"0 0 {0} {0}\" width=\"{1}\" height=\"{1}\" role=\"img\">"
      "<title>{2}</title><rect width=\"{0}\" height=\"{0}\"/><path d=\"{3}\"/></svg>",
      size, std::max(48, size), escape(title), squares);
}

}  // namespace braid
