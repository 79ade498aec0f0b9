#include <workpool/select/random_of_two.hpp>

#include "config.hpp"

int main() { return bench::w1t_strategies::run<workpool::select::random_of_two>(); }
