#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::enkits_pool>({.helpers = 1}); }
