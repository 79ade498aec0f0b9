#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w1s_one_worker::run<bench::peers::enkits_pool>(1); }
