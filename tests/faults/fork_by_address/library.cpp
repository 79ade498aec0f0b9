// A library with code to call: NAME gives its function, which adds NUMBER.
extern "C" [[gnu::visibility("default")]] int (*NAME())(int) {
  return [](int number) { return number + NUMBER; };
}
