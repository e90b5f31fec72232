// The official GLUE metrics, of predictions against labels. REQUIRES as many of both, at least one.
#pragma once

#include <span>
#include <string>

namespace braid {

// The share that is right.
double accuracy(std::span<const double> predicted, std::span<const double> expected);

// Of class 1: 2 TP / (2 TP + FP + FN); 0 where nothing is predicted or expected.
double f1(std::span<const double> predicted, std::span<const double> expected);

// Matthews' correlation of classes (Gorodkin 2004); 0 where either is constant.
double matthews(std::span<const double> predicted, std::span<const double> expected);

// Correlation of scores; 0 where either is constant.
double pearson(std::span<const double> predicted, std::span<const double> expected);

// Correlation of ranks, ties sharing their mean rank; 0 where either is constant.
double spearman(std::span<const double> predicted, std::span<const double> expected);

// By the name it has in a Task. Error for another.
double metric(const std::string& name, std::span<const double> predicted,
              std::span<const double> expected);

}  // namespace braid
