// A library with code to call: NAME gives its function, which adds NUMBER.
#include <cstdio>

namespace {

// Tells that initialisers ran: they must not where the library is refused.
const int loaded = std::fprintf(stderr, "library %d is loaded\n", NUMBER);

}  // namespace

extern "C" [[gnu::visibility("default")]] int (*NAME())(int) {
  return [](int number) { return loaded > 0 ? number + NUMBER : 0; };
}
