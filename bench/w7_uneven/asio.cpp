#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::asio_pool>(); }
