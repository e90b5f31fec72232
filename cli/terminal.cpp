#include "cli/terminal.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>

#include "braid/checkpoint/atomic_file.h"
#include "braid/json/json_text.h"
#include "braid/table.h"

namespace braid {
namespace {

// A failing stderr (closed, full) must not stop the work.
void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

using Clock = std::chrono::steady_clock;

// Serialises jobs, notices and bars, which come from several threads.
std::mutex screen;
bool bar_is_shown = false;

void take_off_bar() {
  if (bar_is_shown) put("\r\033[K");
  bar_is_shown = false;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

class Bar {
 public:
  explicit Bar(std::string unit) : unit_(std::move(unit)), terminal_(isatty(STDERR_FILENO) != 0) {}

  void show(std::string_view activity, std::int64_t done, std::int64_t total) {
    const std::lock_guard lock(mutex_);
    if (activity != activity_) {
      activity_ = activity;
      start_ = Clock::now();
      last_ = {};
      first_ = done;
    }
    const bool finished = total > 0 && done >= total;
    const double pause = terminal_ ? 0.1 : 10;
    if (!finished && last_ != Clock::time_point{} && seconds_since(last_) < pause) return;
    // A log shows neither the first update nor work that ends at once.
    if (!terminal_ && seconds_since(start_) < pause) return;
    last_ = Clock::now();
    const double elapsed = seconds_since(start_);
    const double rate = elapsed > 0 ? static_cast<double>(done - first_) / elapsed : 0;
    const std::string left =
        total > 0 && rate > 0 && !finished
            ? fmt::format(", {} left", duration(static_cast<double>(total - done) / rate))
            : "";
    std::string line =
        total > 0 ? fmt::format("{}: {} of {} {}", activity, grouped(done), grouped(total), unit_)
                  : fmt::format("{}: {} {}", activity, grouped(done), unit_);
    line += fmt::format(", {:.{}f}/s{}", rate, rate < 10 ? 1 : 0, left);
    if (!terminal_) return log_line(line);
    constexpr std::int64_t width = 20;
    const std::int64_t filled =
        total > 0 ? std::clamp<std::int64_t>(done * width / total, 0, width) : 0;
    const std::string bar =
        total > 0 ? fmt::format("[{:#<{}}{:.<{}}] ", "", filled, "", width - filled) : "";
    const std::lock_guard alone(screen);
    put("\r\033[K" + bar + line);
    bar_is_shown = true;
    if (finished) take_off_bar();
  }

 private:
  std::string unit_, activity_;
  bool terminal_;
  std::int64_t first_ = 0;  // `done` when the clock started; above 0 if resumed
  std::mutex mutex_;
  Clock::time_point start_ = Clock::now(), last_{};
};

}  // namespace

Progress terminal_progress(const std::string& unit) {
  return
      [bar = std::make_shared<Bar>(unit)](std::string_view activity, std::int64_t done,
                                          std::int64_t total) { bar->show(activity, done, total); };
}

TrainingLog training_log() {
  const Progress progress = terminal_progress("steps");
  return [progress, next_line = std::int64_t{0}](const TrainingPoint& point,
                                                 std::int64_t steps) mutable {
    if (point.step >= next_line || point.step == steps) {
      clear_progress();
      spdlog::info("step {} of {}, {} tokens, loss {:.4f}", point.step, steps,
                   grouped(point.tokens), point.loss);
      next_line = point.step + steps / 20;
    }
    progress("training", point.step, steps);
  };
}

Listener terminal_listener() {
  return {terminal_progress, training_log, [](const DevPoint& point) {
            clear_progress();
            spdlog::info("step {}, epoch {:.2f}: {}", point.step, point.epoch,
                         score_text(point.score));
          }};
}

std::string score_text(const Score& score) {
  std::string text = fmt::format("loss {:.4f}", score.loss);
  for (const auto& [name, value] : score.metrics) text += fmt::format(", {} {:.4f}", name, value);
  return text;
}

void clear_progress() {
  const std::lock_guard alone(screen);
  take_off_bar();
}

void log_line(const std::string& text) {
  const std::lock_guard alone(screen);
  take_off_bar();
  spdlog::info("{}", text);
}

void say(const std::string& text) {
  const std::lock_guard alone(screen);
  take_off_bar();
  put(text + "\n");
}

std::string plot_curves(const std::vector<PlottedCurve>& curves, int height) {
  constexpr int width = 61;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const PlottedCurve& curve : curves) {
    low = std::min(low, *std::min_element(curve.loss.begin(), curve.loss.end()));
    high = std::max(high, *std::max_element(curve.loss.begin(), curve.loss.end()));
  }
  const double span = high > low ? high - low : 1;
  std::vector<std::string> lines(static_cast<std::size_t>(height), std::string(width, ' '));
  for (const PlottedCurve& curve : curves) {
    for (int x = 0; x < width; ++x) {
      const double t = static_cast<double>(x) / (width - 1);
      const auto after = std::upper_bound(curve.t.begin(), curve.t.end(), t);
      const auto i = static_cast<std::size_t>(
          std::clamp<std::ptrdiff_t>(after - curve.t.begin(), 1, std::ssize(curve.t) - 1));
      const double part = (t - curve.t[i - 1]) / (curve.t[i] - curve.t[i - 1]);
      const double loss = curve.loss[i - 1] + part * (curve.loss[i] - curve.loss[i - 1]);
      const auto y = static_cast<std::size_t>(std::lround((high - loss) / span * (height - 1)));
      lines[y][static_cast<std::size_t>(x)] = curve.mark;
    }
  }
  std::string text;
  for (int y = 0; y < height; ++y) {
    const double loss = high - span * y / (height - 1);
    text += fmt::format("{:7.3f} |{}\n", loss, lines[static_cast<std::size_t>(y)]);
  }
  text += fmt::format("        +{:-<{}}\n         A{:^{}}B'\n", "", width, "t = 0.5", width - 3);
  for (const PlottedCurve& curve : curves)
    text += fmt::format("         {}  {}\n", curve.mark, curve.label);
  return text;
}

void report(const std::string& text, const nlohmann::json& json, const std::string& json_file) {
  clear_progress();
  const std::string as_json = to_text(json, 1) + "\n";
  // The file first: writing to stdout may fail.
  if (!json_file.empty() && json_file != "-") write_file_atomically(json_file, as_json);
  fmt::print("{}", json_file == "-" ? as_json : text);
}

}  // namespace braid
