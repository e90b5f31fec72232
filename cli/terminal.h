// What a person sees: progress on stderr, results on stdout as text or as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

#include "braid/pipeline/listener.h"

namespace braid {

// A bar with rate and time left where stderr is a terminal, a log line every ten seconds where not.
// `unit` is what is counted ("tokens"). A total of 0 means unknown.
Progress terminal_progress(const std::string& unit);

// A line for every twentieth of a training's steps, and a bar between them.
TrainingLog training_log();

// Both, and what is said as log lines.
Listener terminal_listener();

// "loss 1.2345, accuracy 0.9000"
std::string score_text(const Score& score);

// Takes an unfinished bar off the screen.
void clear_progress();

// A line with the time, and one without, to stderr. Lost where that takes nothing.
void log_line(const std::string& text);
void say(const std::string& text);

struct PlottedCurve {
  std::string label;
  char mark;
  std::vector<double> t, loss;
};
// Curves over t in [0, 1] as characters, `height` lines.
std::string plot_curves(const std::vector<PlottedCurve>& curves, int height = 14);

// Text to stdout, unless `json_file` is "-": then the JSON goes there. A file gets the JSON as
// well.
void report(const std::string& text, const nlohmann::json& json, const std::string& json_file);

}  // namespace braid
