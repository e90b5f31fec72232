// All tasks there are.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const std::vector<const Task*>& tasks();

// By name. Error naming the tasks there are.
const Task& find_task(const std::string& name);

// Those that measure heads of these kinds.
std::vector<std::string> task_names(const std::set<Predicts>& heads);

// What a language model of this config.json predicts: masked tokens, or next ones.
const TokenTask& token_task(const nlohmann::json& config);
const TokenTask& token_task(const Network& network);

}  // namespace braid
