#include <gmock/gmock.h>

#include <barrier>
#include <optional>
#include <thread>

#include "braid/parallel.h"

namespace braid {
namespace {

// Two threads that overlap: the first to go is not the last, and the second is new to libtorch.
TEST(OneThreadTest, GivesEachThreadItsOwnNumberBack) {
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  std::barrier step(2);
  int of_first = 0, of_second = 0, meanwhile = 0;
  std::thread first([&] {
    std::optional<OneThread> here(std::in_place);
    step.arrive_and_wait();  // the second enters
    step.arrive_and_wait();
    here.reset();
    of_first = at::get_num_threads();
    step.arrive_and_wait();  // the second leaves
  });
  std::thread second([&] {
    step.arrive_and_wait();
    std::optional<OneThread> here(std::in_place);
    step.arrive_and_wait();
    step.arrive_and_wait();
    meanwhile = at::get_num_threads();
    here.reset();
    of_second = at::get_num_threads();
  });
  first.join();
  second.join();
  EXPECT_EQ(of_first, 3);
  EXPECT_EQ(meanwhile, 1);
  EXPECT_EQ(of_second, 3);
  {
    const OneThread outer;
    { const OneThread inner; }
    EXPECT_EQ(at::get_num_threads(), 1);
  }
  EXPECT_EQ(at::get_num_threads(), 3);
  at::set_num_threads(before);
}

}  // namespace
}  // namespace braid
