#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::enkits_pool>(1); }
