// Says braid's version and what its text stage makes of a word.
#include <cstdio>

#include "braid/text/basic_tokens.h"
#include "braid/version.h"

int main() {
  int left_alone;  // a warning and no error: what braid asks of its own files it does not ask of
                   // its parent's
  std::string normalized;
  braid::TextNormalizer({}).append("THE LORD", normalized);
  std::printf("braid %s: %s\n", braid::version, normalized.c_str());
}
