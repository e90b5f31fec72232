// Tasks of parallel_for that write to one place: ThreadSanitizer must say so, and of nothing else
// that they do. With the argument "apart" they write to their own places and it must be silent.
#include <ATen/ATen.h>

#include <barrier>
#include <cstdio>
#include <string_view>

#include "braid/parallel.h"

int main(int argc, char** argv) {
  const bool apart = argc > 1 && std::string_view(argv[1]) == "apart";
  const at::Tensor a = at::ones({64, 64}, at::kDouble);
  std::vector<double> sums(2);
  std::barrier both_run(2);  // neither has seen the other end
  braid::parallel_for(2, 2, [&](std::int64_t i) {
    const at::Tensor product = a.matmul(a).relu().t().contiguous();
    both_run.arrive_and_wait();
    sums[apart ? static_cast<std::size_t>(i) : 0] += at::softmax(product, 1).sum().item<double>();
  });
  std::printf("sum %g\n", sums.front());
}
