// The list of tasks.
#pragma once

#include "braid/tasks/token_task.h"

namespace braid {

const std::vector<const Task*>& tasks();

// The task of this name. Throws, listing the tasks, if there is none.
const Task& find_task(const std::string& name);

// Names of the tasks that measure these heads.
std::vector<std::string> task_names(const std::set<Predicts>& heads);

// The task of a language model with this config.json: masked tokens or next tokens.
const TokenTask& token_task(const nlohmann::json& config);
const TokenTask& token_task(const Network& network);

}  // namespace braid
