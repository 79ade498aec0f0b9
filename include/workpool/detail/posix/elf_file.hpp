#pragma once
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>
#include <workpool/detail/posix/build_id.hpp>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What tells one version of a file from every other on this machine, as long as somebody has it open or runs it.
struct file_stamp {
  std::uint64_t device = 0, inode = 0;
  std::uint64_t size = 0;      // bytes
  std::uint64_t modified = 0;  // ns since 1970

  friend bool operator==(const file_stamp&, const file_stamp&) noexcept = default;
};

/// A program or library on disk, read but not loaded.
struct elf_file {
  int error = 0;  // errno; ENOEXEC: not a program or library of this machine. The rest is there only where this is 0.
  file_stamp stamp;
  build_id id;
  std::vector<ElfW(Phdr)> segments;

  static elf_file read(const std::string& path);
};

/// Gives: whether all of `size` bytes at `offset` could be read; otherwise errno says why not, ENOEXEC at the end.
inline bool read_all_at(int descriptor, void* into, std::size_t size, std::uint64_t offset) noexcept {
  auto* to = static_cast<std::byte*>(into);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ENOEXEC;
    if (got <= 0) return false;
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// Whether this is the first page of a program or library that this program could load.
inline bool made_for_this_machine(const ElfW(Ehdr) & header) noexcept {
  constexpr auto word_size = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr auto byte_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == word_size &&
         header.e_ident[EI_DATA] == byte_order && header.e_phentsize == sizeof(ElfW(Phdr)) &&
         header.e_phnum != PN_XNUM && header.e_phnum != 0;
}

/// Gives: the file; a pipe or a device is an error, and does not block.
inline elf_file elf_file::read(const std::string& path) {
  constexpr std::size_t longest_notes = std::size_t{1} << 20;  // bytes; real ones are a few hundred
  elf_file file;
  const auto failed = [&file](int why) {
    file.error = why;
    return file;
  };
  const unique_fd open(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!open) return failed(errno);
  struct stat about {};
  if (::fstat(open.get(), &about) != 0) return failed(errno);
  if (!S_ISREG(about.st_mode)) return failed(ENOEXEC);
  file.stamp = {about.st_dev, about.st_ino, static_cast<std::uint64_t>(about.st_size),
                static_cast<std::uint64_t>(about.st_mtim.tv_sec) * 1'000'000'000U +
                    static_cast<std::uint64_t>(about.st_mtim.tv_nsec)};

  ElfW(Ehdr) header;
  if (!read_all_at(open.get(), &header, sizeof header, 0)) return failed(errno);
  if (!made_for_this_machine(header)) return failed(ENOEXEC);
  file.segments.resize(header.e_phnum);
  const std::size_t table = sizeof(ElfW(Phdr)) * header.e_phnum;
  if (!read_all_at(open.get(), file.segments.data(), table, header.e_phoff)) return failed(errno);

  std::vector<std::byte> notes;
  for (const ElfW(Phdr) & segment : file.segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > longest_notes) continue;
    notes.resize(segment.p_filesz);
    if (!read_all_at(open.get(), notes.data(), notes.size(), segment.p_offset)) return failed(errno);
    file.id = build_id_among(notes, segment.p_align);
    if (file.id) break;
  }
  return file;
}

}}}  // namespace workpool::v0::detail
