// All tasks there are.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const std::vector<const Task*>& tasks();

// By name. Error naming the tasks there are.
const Task& find_task(const std::string& name);

// Those with files of rows, whose models are classifiers.
std::vector<std::string> row_task_names();

// What a language model of this config.json predicts: masked tokens, or next ones.
const TokenTask& token_task(const nlohmann::json& config);
const TokenTask& token_task(const Network& network);

}  // namespace braid
