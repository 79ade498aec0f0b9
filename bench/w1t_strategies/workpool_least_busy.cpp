#include <workpool/select/least_busy.hpp>

#include "config.hpp"

int main() { return bench::w1t_strategies::run<workpool::select::least_busy>(); }
