#pragma once
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupts.hpp"
#include "posix.hpp"

namespace parallel_gzip {

enum class existing : bool { refused, replaced };

/// A new file that appears under its name complete or not at all: it is written under a temporary name in the same
/// directory and renamed by publish(). Without that the destructor removes it, and so does an interrupt.
/// Throws: std::system_error naming the file as the user knows it.
class output_file {
 public:
  output_file(std::string name, existing policy, interrupts& signals)
      : name_(std::move(name)), temporary_(beside(name_)), policy_(policy), signals_(signals) {
    if (policy_ == existing::refused && ::access(name_.c_str(), F_OK) == 0) refuse_existing();
    const auto undisturbed = signals_.postpone();
    file_ = descriptor(::mkostemp(temporary_.data(), O_CLOEXEC));
    if (file_.get() < 0) fail(name_);
    signals_.remove_when_interrupted(temporary_);
  }

  ~output_file() {
    if (published_) return;
    const auto undisturbed = signals_.postpone();
    ::unlink(temporary_.c_str());
    signals_.remove_when_interrupted("");
  }
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  void write(byte_view bytes) { write_all(file_.get(), bytes, name_); }

  /// Gives the file the owner, mode and times of the original, and its name.
  void publish(const struct stat& original) {
    resemble(original);
    if (::close(file_.release()) != 0) fail(name_);  // some file systems tell only now that the disk is full
    const auto undisturbed = signals_.postpone();
    take_name();
    signals_.remove_when_interrupted("");
    published_ = true;
  }

 private:
  static std::string beside(std::string_view name) {
    const auto slash = name.rfind('/');
    const auto directory = slash == std::string_view::npos ? std::string_view() : name.substr(0, slash + 1);
    return std::string(directory).append(".parallel_gzip.XXXXXX");
  }

  void resemble(const struct stat& original) {
    const int fd = file_.get();
    mode_t mode = original.st_mode & 07777;
    if (::fchown(fd, original.st_uid, original.st_gid) != 0) mode &= 0707;  // its group would now be other people
    const timespec times[] = {original.st_atim, original.st_mtim};
    if (::fchmod(fd, mode) != 0 || ::futimens(fd, times) != 0) fail(name_);
  }

  void take_name() {
    const char* const from = temporary_.c_str();
    const char* const to = name_.c_str();
    if (policy_ == existing::refused) {
      if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return;
      if (errno == EEXIST) refuse_existing();
      if (errno != EINVAL) fail(name_);  // EINVAL: a file system that cannot refuse by itself
    }
    if (::rename(from, to) != 0) fail(name_);
  }

  [[noreturn]] void refuse_existing() const { refuse(name_, "already exists; use -f to overwrite it"); }

  std::string name_, temporary_;
  existing policy_;
  interrupts& signals_;
  descriptor file_;
  bool published_ = false;
};

/// The same for standard output, which has no name to protect.
struct standard_output {
  void write(byte_view bytes) { write_all(STDOUT_FILENO, bytes, "standard output"); }
};

}  // namespace parallel_gzip
