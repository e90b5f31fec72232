// Images and their classes, ready as a model takes them.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

const Task& image_task();  // "image"

}  // namespace braid
