// Image classification, with preprocessed images.
#pragma once

#include "braid/tasks/task.h"

namespace braid {

const Task& image_task();  // "image"

}  // namespace braid
