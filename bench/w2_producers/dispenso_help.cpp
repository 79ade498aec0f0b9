#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::dispenso_helping_pool>(1); }
