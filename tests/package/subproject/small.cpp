// Says braid's version and what its json stage makes of a text.
#include <cstdio>

#include "braid/json/json_text.h"
#include "braid/version.h"

int main() {
  int left_alone;  // a warning and no error: what braid asks of its own files it does not ask of
                   // its parent's
  const auto json = braid::parse_json(R"({ "the" : "lord" })", "small.cpp");
  std::printf("braid %s: %s\n", braid::version, braid::to_text(json).c_str());
}
