// program worker: answers requests. program host [library…]: requests calls of code of its own, of the library it is
// linked with, and of the libraries named. program reload <library> <library>: has the second one take the first one's
// place.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <workpool/ipc/remote_callable.hpp>

#include "naming.hpp"

using function = int (*)(int);

#ifdef LIBRARIES
extern "C" function of_linked_library();
#endif

namespace {

#ifdef ANOTHER_PROGRAM
// Other code in front, so that every offset means something else than in the program.
volatile int changes = 5;
[[gnu::noinline, gnu::used]] int in_front(int number) { return number * changes + changes; }
#endif

[[gnu::noinline]] int plain(int number) { return number + 1; }

template <int Factor>
int multiplied(int number) {
  return number * Factor;
}

/// How a pool calls a lambda: what travels is the place of this instance.
template <class F>
int thunk(int number) {
  return workpool::detail::remake<F>()(number);
}

template <class F>
function thunk_of(F) {
  workpool::detail::check_remote_callable<F>();
  return &thunk<F>;
}

#ifdef LIBRARIES
function of_library(const char* path, void*& handle) {
  handle = ::dlopen(path, RTLD_NOW);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return nullptr;
  }
  return reinterpret_cast<function (*)()>(::dlsym(handle, "of_opened_library"))();
}

int reload(const char* first, const char* second) {
  void* handle = nullptr;
  const function before = of_library(first, handle);
  if (before == nullptr) return 1;
  request("before", before);
  const void* const address = address_of(before);
  ::dlclose(handle);
  const function after = of_library(second, handle);
  if (after == nullptr) return 1;
  std::fprintf(stderr, address_of(after) == address ? "in the same place\n" : "in another place\n");
  request("after", after);
  return 0;
}
#endif

int host(int count, char** libraries) {
#ifdef ANOTHER_PROGRAM
  request("in_front", &in_front);
#endif
  request("function", &plain);
  request("template", &multiplied<3>);
  request("instance", &multiplied<4>);
  request("pointer", [](int number) { return number - 5; });
  request("lambda", thunk_of([](int number) { return number * number; }));
  request("reference", thunk_of([&](int number) { return number * number * number; }));
  request("generic", thunk_of([](auto number) { return number / 2; }));
#ifdef LIBRARIES
  request("linked", of_linked_library());
  for (int i = 0; i < count; ++i) {
    void* handle = nullptr;
    const function opened = of_library(libraries[i], handle);
    if (opened == nullptr) return 1;
    request("opened", opened);
  }
  return 0;
#else
  (void)libraries;
  return count;
#endif
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "worker") == 0) return answer_requests();
  if (count >= 2 && std::strcmp(arguments[1], "host") == 0) return host(count - 2, arguments + 2);
#ifdef LIBRARIES
  if (count == 4 && std::strcmp(arguments[1], "reload") == 0) return reload(arguments[2], arguments[3]);
#endif
  return 2;
}
