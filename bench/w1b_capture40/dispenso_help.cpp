#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::dispenso_helping_pool>(1); }
