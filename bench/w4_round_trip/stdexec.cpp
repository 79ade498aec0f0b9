#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::stdexec_lazy_pool>(); }
