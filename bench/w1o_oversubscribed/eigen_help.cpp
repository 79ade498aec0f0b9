#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::eigen_pool>(1); }
