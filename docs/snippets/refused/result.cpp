// says: workpool: this result cannot be sent back from a worker process: it is, or contains, a pointer, a reference, a view or something else that means nothing here. Return a value type (string, vector, tuple, aggregate of at most 16 such fields without base classes ...), specialise workpool::codec<T>, or include <workpool/adapter/cereal.hpp>
#include <string>
#include <string_view>
#include <workpool/fork_pool.hpp>

namespace wp = workpool;

void parse(wp::fork_pool& pool) {
#ifndef REPAIRED
  //! [call]
  auto word = pool.submit([](const std::string& line) { return std::string_view(line).substr(0, 3); }, "a line");
  //! [call]
#else
  //! [instead]
  auto word = pool.submit([](const std::string& line) { return line.substr(0, 3); }, "a line");
  //! [instead]
#endif
}
