#pragma once
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <workpool/pool.hpp>
#include <workpool/version.hpp>

namespace parallel_gzip {

struct options {
  std::vector<std::string> files{};  // "-" is standard input
  int level = 6;                     // 1…9, as for gzip
  std::size_t workers = workpool::default_concurrency();
  bool processes = false;
  bool to_stdout = false;
  bool keep = false;
  bool force = false;
  bool quiet = false;
};

inline std::string version_line() {
  const auto [major, minor, patch] = workpool::version;
  return "parallel_gzip, an example of workpool " + std::to_string(major) + '.' + std::to_string(minor) + '.' +
         std::to_string(patch);
}

/// Reads the command line. A value means that there is nothing to do but to return it from main: 0 after --help and
/// --version, 2 after a mistake, which has been explained on standard error.
inline std::optional<int> parse(options& chosen, int argc, char** argv) {
  CLI::App app(
      "Compresses files to .gz with all cores, as gzip does with one. Each FILE is replaced by FILE.gz.\n"
      "Without files, or with \"-\", compresses standard input to standard output.",
      "parallel_gzip");
  const CLI::Option* const level =
      app.add_flag("-1{1},--fast{1},-2{2},-3{3},-4{4},-5{5},-6{6},-7{7},-8{8},-9{9},--best{9}")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
          ->group("");  // the footer explains it better
  app.add_flag("-c,--stdout", chosen.to_stdout, "write to standard output, keep the files");
  app.add_flag("-k,--keep", chosen.keep, "keep the files");
  app.add_flag("-f,--force", chosen.force, "overwrite .gz files, compress .gz files, write to a terminal");
  app.add_flag("-q,--quiet", chosen.quiet, "no progress line");
  app.add_flag("--processes", chosen.processes, "compress in worker processes: one that dies costs a block's time");
  app.add_option("-p,--workers", chosen.workers, "worker threads, or processes; default: what this machine grants")
      ->check(CLI::Range(1, 256))
      ->option_text("N");
  app.add_option("FILE", chosen.files, "what to compress")->option_text(" ");
  app.set_version_flag("--version", version_line());
  app.footer(
      "  -1, --fast … -9, --best     faster … smaller; default: -6\n\n"
      "Exit status: 0 done · 1 a file could not be compressed · 2 wrong usage · 128 + n ended by signal n");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& mistake) {
    std::cerr << "parallel_gzip: " << mistake.what() << "\nTry 'parallel_gzip --help'.\n";
    return 2;
  }
  if (level->count() > 0) chosen.level = level->as<int>();
  if (chosen.files.empty()) chosen.files.emplace_back("-");
  return std::nullopt;
}

}  // namespace parallel_gzip
