#pragma once

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <workpool/detail/byte_strings.hpp>
#include <workpool/detail/posix/byte_file.hpp>
#include <workpool/detail/posix/clean_child.hpp>
#include <workpool/detail/posix/message_socket.hpp>
#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/standard_streams.hpp>
#include <workpool/worker/process_role.hpp>
#include <workpool/worker/worker_birth.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the zygote reads from the socket it shares with a child until that is a worker: end-of-file when it is.
struct birth_complaint {
  int error = 0;
  std::string step{};

  std::string bytes() const { return string_writer().number(error).text(step).bytes(); }
  static birth_complaint from(std::string_view bytes) {
    string_reader left(bytes);
    const int error = left.number<int>();
    return {error, std::string(left.text())};
  }
};

inline child_fault add_to_environment(const worker_birth& birth) {
  for (const auto& [name, value] : birth.env) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) return {errno, "environment"};
  }
  return {};
}

/// Replaces this process by the program of `birth`, which finds the birth itself in a file. Gives: why it did not.
inline child_fault exec_worker(const worker_birth& birth) {
  const unique_fd file = byte_file(encode_birth(birth));
  if (!file) return {errno, "birth file"};
  for (const auto& [name, value] : assigned_role{process_role::worker, file.get()}.variables()) {
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) return {errno, "environment"};
  }
  if (const int error = set_on_exec(file.get(), on_exec::keep)) return {error, "descriptors"};
  for (const int one : birth.kept()) {
    if (one >= 0) {
      if (const int error = set_on_exec(one, on_exec::keep)) return {error, "descriptors"};
    }
  }
  return {exec_program(birth.program), "exec"};
}

/// The life of a fork of the zygote: everything after fork in the child. `complaints` is closed once it is a worker.
/// What `main` throws is std::terminate, as in a thread.
[[noreturn]] inline void become_worker(worker_birth birth, int zygote, unique_fd complaints,
                                       worker_main main) noexcept {
  name_this_process("workpool-worker");
  forget_inherited_output();
  child_state state{.parent = zygote, .out = birth.out, .err = birth.err, .nice = birth.nice};
  state.kept = {birth.channel, birth.report, birth.memory, birth.buffers, complaints.get()};
  child_fault fault = make_clean(state, birth.limits);
  birth.out = birth.err = -1;
  if (!fault) fault = add_to_environment(birth);
  if (!fault && !birth.program.empty()) fault = exec_worker(birth);
  if (fault) {
    send_packet(complaints.get(), birth_complaint{fault.error, fault.step}.bytes());
    leave_process(1);
  }
  complaints.reset();
  leave_process(main(birth));
}

}}}  // namespace workpool::v0::detail
