// Results of a study are a file that users edit.
#pragma once

#include "braid/json/json_field.h"

namespace braid {

// Throws an Error with the place of a key of results.json that pages or figures read if it is
// missing or has another kind of value.
void require_results(const JsonField& results);

// Likewise, of seconds.json.
void require_seconds(const JsonField& seconds);

}  // namespace braid
