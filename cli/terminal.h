// Terminal output: progress on stderr, results on stdout as text or JSON.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "braid/pipeline/listener.h"

namespace braid {

// A bar with rate and time left if stderr is a terminal, else a log line every ten seconds. `unit`
// names the count ("tokens"). A total of 0 means unknown.
Progress terminal_progress(const std::string& unit);

// A line every twentieth of the training steps, and a bar in between.
TrainingLog training_log();

// Both of the above, and dev scores as log lines.
Listener terminal_listener();

// "loss 1.2345, accuracy 0.9000"
std::string score_text(const Score& score);

// Erases an unfinished bar.
void clear_progress();

// Print a line to stderr, with the time and without. Lost if stderr is closed or full.
void log_line(const std::string& text);
void say(const std::string& text);

struct PlottedCurve {
  std::string label;
  char mark;
  std::vector<double> t, loss;
};
// Character plot of curves over t in [0, 1], `height` lines.
std::string plot_curves(const std::vector<PlottedCurve>& curves, int height = 14);

// Prints `text` and, unless `json_file` is empty, writes the JSON to it; "-" prints the JSON
// instead of the text.
void report(const std::string& text, const nlohmann::json& json, const std::string& json_file);

}  // namespace braid
