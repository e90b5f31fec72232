#include "braid/alignment/moments.h"

#include <algorithm>
#include <cmath>

#include "braid/alignment/bfloat16_products.h"
#include "braid/error.h"

namespace braid {
namespace {

at::Tensor zeros(std::int64_t n) { return at::zeros({n}, at::kDouble); }

}  // namespace

void Moments::add(const Moments& other) {
  if (tokens == 0) {
    *this = other;
    return;
  }
  require(cross.sizes() == other.cross.sizes(),
          "moments of {} x {} units cannot be added to moments of {} x {}", other.cross.size(0),
          other.cross.size(1), cross.size(0), cross.size(1));
  const auto n = static_cast<double>(tokens), m = static_cast<double>(other.tokens);
  const at::Tensor shift_a = other.mean_a - mean_a, shift_b = other.mean_b - mean_b;
  const double weight = n * m / (n + m);
  square_a = square_a + other.square_a + shift_a * shift_a * weight;
  square_b = square_b + other.square_b + shift_b * shift_b * weight;
  cross = cross + other.cross + at::outer(shift_a, shift_b) * weight;
  mean_a = mean_a + shift_a * (m / (n + m));
  mean_b = mean_b + shift_b * (m / (n + m));
  tokens += other.tokens;
}

MomentsStream::MomentsStream(std::int64_t units_a, std::int64_t units_b)
    : sum_a_(zeros(units_a)),
      sum_b_(zeros(units_b)),
      square_a_(zeros(units_a)),
      square_b_(zeros(units_b)),
      cross_(at::empty({units_a, units_b}, at::kDouble)) {}

void MomentsStream::add_sums(at::Tensor& a, at::Tensor& b) {
  if (a.size(0) == 0) return;
  const auto add = [](at::Tensor& features, at::Tensor& origin, at::Tensor& sum,
                      at::Tensor& square) {
    if (features.scalar_type() == at::kBFloat16) {  // centring would round: products are exact
      if (!origin.defined()) origin = zeros(features.size(1));
      const at::Tensor values = features.to(at::kFloat);
      sum += values.sum({0}, false, at::kDouble);
      square += at::mul(values, values).sum({0}, false, at::kDouble);
      return;
    }
    if (!origin.defined()) {
      // Rounded to the features' precision, so that subtracting it is the same in both.
      origin = features.mean({0}, false, at::kDouble).to(features.scalar_type()).to(at::kDouble);
    }
    features.sub_(origin.to(features.scalar_type()));
    sum += features.sum({0}, false, at::kDouble);
    square += at::mul(features, features).sum({0}, false, at::kDouble);
  };
  add(a, origin_a_, sum_a_, square_a_);
  add(b, origin_b_, sum_b_, square_b_);
  tokens_ += a.size(0);
}

void MomentsStream::add_cross(const at::Tensor& a, const at::Tensor& b, std::int64_t begin,
                              std::int64_t end) {
  if (a.size(0) == 0) return;
  const at::Tensor units = a.narrow(1, begin, end - begin);
  at::Tensor rows = cross_.narrow(0, begin, end - begin);
  if (tokens_ == a.size(0)) rows.zero_();  // first chunk: first touch by the thread that adds to it
  if (a.scalar_type() == at::kBFloat16) {
    add_products(units, b, rows);
  } else {
    rows.add_(at::mm(units.t(), b));
  }
}

MomentsStream MomentsStream::copy() const {
  MomentsStream copy = *this;
  for (at::Tensor* tensor : {&copy.origin_a_, &copy.origin_b_, &copy.sum_a_, &copy.sum_b_,
                             &copy.square_a_, &copy.square_b_, &copy.cross_}) {
    if (tensor->defined()) *tensor = tensor->clone();
  }
  return copy;
}

Moments MomentsStream::all_but_cross() const {
  require(tokens_ > 0, "no tokens were observed");
  const auto n = static_cast<double>(tokens_);
  Moments moments;
  moments.tokens = tokens_;
  moments.mean_a = origin_a_ + sum_a_ / n;
  moments.mean_b = origin_b_ + sum_b_ / n;
  moments.square_a = at::clamp_min(square_a_ - sum_a_ * sum_a_ / n, 0);
  moments.square_b = at::clamp_min(square_b_ - sum_b_ * sum_b_ / n, 0);
  return moments;
}

Moments MomentsStream::moments() const {
  Moments moments = all_but_cross();
  moments.cross = cross_.addr(sum_a_, sum_b_, 1, -1 / static_cast<double>(tokens_));
  return moments;
}

Moments MomentsStream::finish() && {
  Moments moments = all_but_cross();
  moments.cross = cross_.addr_(sum_a_, sum_b_, 1, -1 / static_cast<double>(tokens_));
  return moments;
}

at::Tensor correlation(const Moments& moments) {
  const auto n = static_cast<double>(moments.tokens);
  const at::Tensor deviation_a = at::sqrt(moments.square_a / n);
  const at::Tensor deviation_b = at::sqrt(moments.square_b / n);
  const at::Tensor cross = moments.cross.contiguous();
  at::Tensor rho = at::empty_like(cross);
  const double* s_a = deviation_a.const_data_ptr<double>();
  const double* s_b = deviation_b.const_data_ptr<double>();
  const double* from = cross.const_data_ptr<double>();
  double* to = rho.data_ptr<double>();
  for (std::int64_t i = 0; i < rho.size(0); ++i) {  // one pass: the matrix is larger than any cache
    for (std::int64_t j = 0; j < rho.size(1); ++j, ++from, ++to) {
      *to = *from / n / std::max(s_a[i] * s_b[j], 1e-7);
    }
  }
  return rho;
}

Moments mean_moments(const std::vector<const Moments*>& taps) {
  Moments mean = *taps.front();
  for (std::size_t i = 1; i < taps.size(); ++i) {
    require(taps[i]->tokens == mean.tokens, "taps observed {} and {} tokens", mean.tokens,
            taps[i]->tokens);
    mean.square_a = mean.square_a + taps[i]->square_a;
    mean.square_b = mean.square_b + taps[i]->square_b;
    mean.cross = mean.cross + taps[i]->cross;
  }
  const auto n = static_cast<double>(taps.size());
  mean.square_a = mean.square_a / n;
  mean.square_b = mean.square_b / n;
  mean.cross = mean.cross / n;
  return mean;
}

}  // namespace braid
