#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::eigen_pool>({.helpers = 1}); }
