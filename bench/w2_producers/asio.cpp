#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::asio_pool>(); }
