#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::dispenso_helping_pool>(bench::workers + 1); }
