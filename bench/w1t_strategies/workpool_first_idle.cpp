#include <workpool/select/first_idle.hpp>

#include "config.hpp"

int main() { return bench::w1t_strategies::run<workpool::select::first_idle>(); }
