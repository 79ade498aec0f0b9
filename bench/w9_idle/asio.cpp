#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::asio_pool>(); }
