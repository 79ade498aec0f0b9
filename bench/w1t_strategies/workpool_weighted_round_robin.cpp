#include <workpool/select/weighted_round_robin.hpp>

#include "config.hpp"

int main() { return bench::w1t_strategies::run<workpool::select::weighted_round_robin>(); }
