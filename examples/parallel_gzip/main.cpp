/// parallel_gzip: compresses files to .gz with all cores, block by block as pigz does, on a workpool::thread_pool or,
/// with the same calls, on a workpool::fork_pool. What the pool is used for stands in compress.hpp; this file decides
/// what becomes of each file.
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

#include "compress.hpp"
#include "input_file.hpp"
#include "interrupts.hpp"
#include "options.hpp"
#include "output_file.hpp"

namespace parallel_gzip { namespace {

constexpr std::string_view suffix = ".gz";

void complain(const std::exception& reason) { std::cerr << "parallel_gzip: " << reason.what() << '\n'; }

/// FILE becomes FILE.gz; FILE goes when it is there, unless it is to be kept.
template <class Pool>
void replace(Pool& pool, input_file& input, const options& chosen, interrupts& signals) {
  const std::string& name = input.name();
  if (name.ends_with(suffix) && !chosen.force) refuse(name, "already has the suffix .gz; use -f to compress it again");
  if (!input.is_regular() && !chosen.keep) refuse(name, "not a regular file; use -k or -c to read from it");
  output_file output(name + std::string(suffix), chosen.force ? existing::replaced : existing::refused, signals);
  compress(pool, input, output, chosen);
  output.publish(input.status());
  if (!chosen.keep && ::unlink(name.c_str()) != 0) fail(name);
}

/// A terminal is refused unless forced.
template <class Pool>
void to_standard_output(Pool& pool, input_file& input, const options& chosen) {
  if (!chosen.force && ::isatty(STDOUT_FILENO) == 1)
    refuse("standard output", "compressed data is not written to a terminal; use -f to force it");
  standard_output output;
  compress(pool, input, output, chosen);
}

/// Runs a step that concerns one file, and complains when it fails.
template <class Step>
bool succeeds(Step step) try {
  step();
  return true;
} catch (const std::exception& reason) {
  complain(reason);
  return false;
}

/// Compresses every file it can and goes on after those it cannot.
/// Throws: what went wrong while it wrote to standard output, since nothing can follow a member that is cut short.
/// Gives: the exit status.
template <class Pool>
int run(Pool& pool, const options& chosen, interrupts& signals) {
  int status = 0;
  for (const std::string& name : chosen.files) {
    std::optional<input_file> input;
    if (!succeeds([&] { input.emplace(name); })) {
      status = 1;
      continue;
    }
    if (chosen.to_stdout || input->is_standard_input()) {
      to_standard_output(pool, *input, chosen);
    } else if (!succeeds([&] { replace(pool, *input, chosen, signals); })) {
      status = 1;
    }
  }
  return status;
}

int run(const options& chosen) {
  interrupts signals;
  if (chosen.processes) {
    workpool::fork_pool pool{{.name = "gzip", .workers = chosen.workers}};
    return run(pool, chosen, signals);
  }
  workpool::thread_pool pool{{.name = "gzip", .workers = chosen.workers}};
  return run(pool, chosen, signals);
}

}}  // namespace parallel_gzip

int main(int argc, char** argv) try {
  if (const auto code = workpool::worker_entry(argc, argv)) return *code;  // a worker process
  parallel_gzip::options chosen;
  if (const auto status = parallel_gzip::parse(chosen, argc, argv)) return *status;
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe and a file size limit are errors of write(2), like a full disk
  std::signal(SIGXFSZ, SIG_IGN);
  return parallel_gzip::run(chosen);
} catch (const std::system_error& reason) {
  if (reason.code() == std::errc::broken_pipe) parallel_gzip::end_by_signal(SIGPIPE);  // the reader has had enough
  parallel_gzip::complain(reason);
  return 1;
} catch (const std::exception& reason) {
  parallel_gzip::complain(reason);
  return 1;
}
