#include "peers/asio.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::asio_pool>(); }
