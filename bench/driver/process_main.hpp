#pragma once

/// The main function of a contender with worker processes: driver/process_main.cpp calls it where the process is not a
/// worker. What starts processes is compiled once, there.
int bench_main();
