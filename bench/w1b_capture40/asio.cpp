#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::asio_pool>(); }
