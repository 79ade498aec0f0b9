#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::asio_pool>(); }
