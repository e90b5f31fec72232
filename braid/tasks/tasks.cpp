#include "braid/tasks/tasks.h"

#include "braid/error.h"
#include "braid/tasks/causal.h"
#include "braid/tasks/glue.h"
#include "braid/tasks/image.h"
#include "braid/tasks/masked.h"
#include "braid/tasks/sts.h"

namespace braid {
namespace {

void add(std::vector<const Task*>& all, const Task& task) { all.push_back(&task); }

void add(std::vector<const Task*>& all, const std::vector<const Task*>& several) {
  all.insert(all.end(), several.begin(), several.end());
}

}  // namespace

const std::vector<const Task*>& tasks() {
  static const std::vector<const Task*> all = [] {
    std::vector<const Task*> list;
    add(list, masked_task());
    add(list, causal_task());
    add(list, glue_tasks());
    list.push_back(&sts_task());
    list.push_back(&image_task());
    return list;
  }();
  return all;
}

const Task& find_task(const std::string& name) {
  std::vector<std::string> names;
  for (const Task* task : tasks()) {
    if (task->name() == name) return *task;
    names.push_back(task->name());
  }
  fail("'{}' is not a task; expected one of: {}", name, fmt::join(names, ", "));
}

std::vector<std::string> task_names(const std::set<Predicts>& heads) {
  std::vector<std::string> names;
  for (const Task* task : tasks()) {
    if (task->head() && heads.contains(*task->head())) names.emplace_back(task->name());
  }
  return names;
}

const TokenTask& token_task(const nlohmann::json& config) {
  return find_family(config, "config.json").causal ? causal_task() : masked_task();
}

const TokenTask& token_task(const Network& network) {
  return network.is_causal() ? causal_task() : masked_task();
}

}  // namespace braid
