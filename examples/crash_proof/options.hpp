#pragma once
#include <chrono>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/pool/default_concurrency.hpp>
#include <workpool/version.hpp>

namespace crash_proof {

struct options {
  std::vector<std::string> roots{};
  std::string hostile{};  // a folder to write hostile files into, instead of all else
  double seconds = 2;     // for one file
  std::size_t mebibytes = 256;
  std::size_t workers = workpool::default_concurrency();
  bool quiet = false;

  workpool::duration timeout() const {
    return std::chrono::duration_cast<workpool::duration>(std::chrono::duration<double>(seconds));
  }
};

inline std::string version_line() {
  const auto [major, minor, patch] = workpool::version;
  return "crash_proof, an example of workpool " + std::to_string(major) + '.' + std::to_string(minor) + '.' +
         std::to_string(patch);
}

/// Reads the command line. A value means that there is nothing to do but to return it from main: 0 after --help and
/// --version, 2 after a mistake, which has been explained on standard error.
inline std::optional<int> parse(options& chosen, int argc, char** argv) {
  CLI::App app(
      "Measures every C or C++ header below each DIR with a parser that is known to crash, to hang and to fill the\n"
      "memory. It runs in child processes: a file that it cannot cope with is named, and all the others are measured.",
      "crash_proof");
  app.add_option("-t,--timeout", chosen.seconds, "seconds for one file; default: 2")
      ->check(CLI::Range(0.001, 86400.0))
      ->option_text("S");
  app.add_option("-m,--memory", chosen.mebibytes, "MiB of memory for one worker; default: 256")
      ->check(CLI::Range(16, 1 << 20))
      ->option_text("N");
  app.add_option("-p,--workers", chosen.workers, "worker processes; default: what this machine grants")
      ->check(CLI::Range(1, 256))
      ->option_text("N");
  app.add_flag("-q,--quiet", chosen.quiet, "no progress line");
  CLI::Option* const hostile = app.add_option("--make-hostile", chosen.hostile,
                                              "only write three files that the parser cannot cope with into DIR")
                                   ->option_text("DIR");
  app.add_option("DIR", chosen.roots, "what to measure: folders, with all below them, or files")->option_text(" ");
  app.set_version_flag("--version", version_line());
  app.footer(
      "Symbolic links are not followed.\n\n"
      "Exit status: 0 every file was measured · 1 some were not, and are listed · 2 wrong usage · 128 + n ended by\n"
      "signal n, after a summary of what was done until then");
  try {
    app.parse(argc, argv);
    if (hostile->count() == 0 && chosen.roots.empty()) throw CLI::RequiredError("DIR");
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& mistake) {
    std::cerr << "crash_proof: " << mistake.what() << "\nTry 'crash_proof --help'.\n";
    return 2;
  }
  return std::nullopt;
}

}  // namespace crash_proof
