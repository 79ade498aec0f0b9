#pragma once

/// The main function of a program with fork pools that is not a Catch2 test: tests/support/forking_main.cpp calls it
/// where the process is not a worker. Boost.Process is compiled once, there.
int forking_main(int argc, char** argv);
