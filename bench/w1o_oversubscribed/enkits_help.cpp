#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::enkits_pool>(1); }
