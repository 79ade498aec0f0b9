#pragma once

#ifndef BOOST_POSIX_HAS_VFORK
#define BOOST_POSIX_HAS_VFORK 1
#endif
#if __has_include(<boost/process/v1/child.hpp>)
#include <boost/process/v1/args.hpp>
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/error.hpp>
#include <boost/process/v1/exe.hpp>
#include <boost/process/v1/extend.hpp>
#include <boost/process/v1/posix.hpp>
#elif __has_include(<boost/process/child.hpp>)
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#else
#error "no Boost.Process: install libboost1.81-dev, or the headers of a later Boost; only the file with main needs them"
#include <boost/process.hpp>  // ends it here: what follows would bury the line above
#endif

#include <string>
#include <system_error>
#include <utility>

#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/process_watch.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/worker/spawner.hpp>

namespace workpool { inline namespace v0 { namespace detail {

#if __has_include(<boost/process/v1/child.hpp>)
namespace boost_process = ::boost::process::v1;
#else
namespace boost_process = ::boost::process;
#endif

/// Starts programs by Boost.Process (version 1 of its interface, Boost 1.74 or later), which launches and nothing else:
/// it would wait by changing the host's signals.
/// The program starts with all signals blocked but those of faults: what is typed at the terminal in its first
/// milliseconds is for the host.
class boost_spawner {
 public:
  static launched launch(const launch_order& order) {
    const signals_blocked quiet;  // until exec the child runs in the host's memory, where a handler must not
    launched result;
    std::error_code error;
    string_pointers environment(environment_for(order));
    boost_process::child child(boost_process::exe = order.program, around_exec(order.descriptor, environment, result),
                               error, boost_process::posix::use_vfork);
    if (error) {
      // Boost.Process has looked only once whether it is there to be reaped.
      if (result.pid > 0) reap_soon(result.pid);
      return {-1, error.value()};
    }
    result.pid = child.id();
    child.detach();
    return result;
  }

 private:
  struct around_exec : boost_process::extend::handler {
    around_exec(int descriptor, string_pointers& environment, launched& result) noexcept
        : descriptor_(descriptor), environment_(&environment), result_(&result) {}

    template <class Executor>
    void on_setup(Executor& executor) const noexcept {
      executor.env = environment_->get();
    }
    // It keeps its number instead of being bound to one: a number of ours could be that of a file of the host's.
    template <class Executor>
    void on_exec_setup(Executor&) const noexcept {
      if (descriptor_ >= 0) set_on_exec(descriptor_, on_exec::keep);
    }
    template <class Executor>
    void on_error(Executor& executor, const std::error_code&) const noexcept {
      result_->pid = executor.pid;
    }

    int descriptor_;
    string_pointers* environment_;
    launched* result_;
  };
};
static_assert(spawner<boost_spawner>);

}}}  // namespace workpool::v0::detail
