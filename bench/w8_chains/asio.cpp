#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::asio_pool>(); }
