// says: this result cannot be sent back from a worker process
#include <string>
#include <string_view>
#include <workpool/ipc/call_codec.hpp>

#ifdef REPAIRED
using result = std::string;
#else
using result = std::string_view;
#endif

void use() { workpool::detail::check_codable_result<result>(); }
