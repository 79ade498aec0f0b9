#include <workpool/select/random.hpp>

#include "config.hpp"

int main() { return bench::w1t_strategies::run<workpool::select::random>(); }
