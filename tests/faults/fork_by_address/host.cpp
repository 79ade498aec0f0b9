// host <start method> <library>: sends code to workers that are started in this way, and then that of a library which
// they have not seen. host program <another program>: sends code to workers that run another program.
#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <string>
#include <workpool/worker_entry.hpp>

#include "code.hpp"

namespace wp = workpool;

namespace {

wp::start_method start_by_name(const std::string& name) {
  for (const auto one : {wp::start_method::zygote, wp::start_method::fork, wp::start_method::exec}) {
    if (to_string(one) == name) return one;
  }
  throw wp::bad_config("start", "there is no start method '" + name + "'");
}

template <class Function>
Function named(void* library, const char* name) {
  if (library == nullptr) throw wp::error(wp::errc::unsupported, ::dlerror());
  return reinterpret_cast<Function>(::dlsym(library, name));
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  if (argc != 3) return 2;
  const std::string how = argv[1];
  try {
    if (how == "program") {
      wp::fork_pool pool({.workers = 1, .program = {argv[2]}});
      send_code(pool, "own");
      return 0;
    }
    wp::fork_pool pool({.workers = 2, .start = start_by_name(how), .on_start = on_start});
    send_code(pool, "own");
    void* const library = ::dlopen(argv[2], RTLD_NOW);
    named<decltype(&send_code)>(library, "send_code")(pool, "opened");
    const auto function = named<int (*(*)())(int)>(library, "of_opened_library")();
    std::printf("opened_pointer %s\n", pool.submit(function, 1).get() == 201 ? "good" : "wrong");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
