// The official GLUE metrics of predictions against labels. REQUIRES equal numbers, at least one.
#pragma once

#include <span>
#include <string>

namespace braid {

// Fraction correct.
double accuracy(std::span<const double> predicted, std::span<const double> expected);

// F1 of class 1: 2 TP / (2 TP + FP + FN); 0 if it is neither predicted nor expected.
double f1(std::span<const double> predicted, std::span<const double> expected);

// Matthews correlation coefficient of classes (Gorodkin 2004); 0 if either side is constant.
double matthews(std::span<const double> predicted, std::span<const double> expected);

// Correlation of scores; 0 if either side is constant.
double pearson(std::span<const double> predicted, std::span<const double> expected);

// Correlation of ranks, with mean ranks for ties; 0 if either side is constant.
double spearman(std::span<const double> predicted, std::span<const double> expected);

// The metric of this name. Throws if the name is unknown.
double metric(const std::string& name, std::span<const double> predicted,
              std::span<const double> expected);

}  // namespace braid
