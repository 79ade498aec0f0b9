#include "config.hpp"

int main() { return bench::w1l_four_lanes::run<1>(); }
