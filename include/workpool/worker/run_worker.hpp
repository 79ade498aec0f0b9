#pragma once
#include <cstdio>
#include <exception>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/process/crash_trace.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/worker_channel.hpp>
#include <workpool/worker/worker_host.hpp>
#include <workpool/worker/worker_memory.hpp>
#include <workpool/worker/worker_setup.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The worker_main of pools. Gives: the exit code of the process. Takes the descriptors of `birth` over.
inline int run_worker(worker_birth& birth) {
  try {
    if (birth.report >= 0) install_crash_trace(birth.report);
    worker_setup setup = worker_setup::decode(birth.setup);
    const std::size_t most = setup.max_message;
    const bool shares_memory = birth.memory >= 0;
    worker_memory memory = worker_memory::of(birth.memory, setup.rings);
    unique_fd(std::exchange(birth.memory, -1)).reset();
    sparse_memory buffers(unique_fd(std::exchange(birth.buffers, -1)));
    unique_fd socket(std::exchange(birth.channel, -1));
    if (!memory && (shares_memory || setup.rings))
      throw spawn_failed("it cannot map the memory that it shares with its host");
    worker_channel channel(setup.rings ? worker_stream(memory.rings(std::move(socket), ring_stream::side::right))
                                       : worker_stream(socket_stream(std::move(socket))),
                           most + request_overhead);
    // Never destroyed: the thread that listens for stop requests ends with the process.
    static auto* const host = new worker_host<worker_channel>(std::move(channel), birth.id, std::move(setup),
                                                              std::move(memory), std::move(buffers));
    return host->run();
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "workpool: worker %u cannot begin: %s\n", birth.id, broken.what());
    return 1;
  }
}

}}}  // namespace workpool::v0::detail
