#include <workpool/detail/posix/elf_file.hpp>

#include "support/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

using workpool::detail::elf_file;

namespace {

/// A directory for one test case, gone with it.
class scratch {
 public:
  scratch() {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    ::unlink(file().c_str());
    ::rmdir(path_.c_str());
  }

  std::string file() const { return path_ + "/file"; }

  std::string holding(const std::vector<char>& bytes) const {
    std::ofstream(file(), std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file();
  }

 private:
  std::string path_ = "/tmp/workpool_elf_XXXXXX";
};

/// The smallest file with one segment of notes: header, table, one note with the build-id "0123".
struct small_module {
  ElfW(Ehdr) header{};
  ElfW(Phdr) segment{};
  std::uint32_t note[5] = {4, 4, NT_GNU_BUILD_ID, 0, 0};

  small_module() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    header.e_phentsize = sizeof segment;
    header.e_phnum = 1;
    header.e_phoff = sizeof header;
    segment.p_type = PT_NOTE;
    segment.p_align = 4;
    segment.p_offset = sizeof header + sizeof segment;
    segment.p_filesz = sizeof note;
    std::memcpy(&note[3], "GNU", 4);
    std::memcpy(&note[4], "0123", 4);
  }

  std::vector<char> bytes() const {
    std::vector<char> made(sizeof header + sizeof segment + sizeof note);
    std::memcpy(made.data(), &header, sizeof header);
    std::memcpy(made.data() + sizeof header, &segment, sizeof segment);
    std::memcpy(made.data() + sizeof header + sizeof segment, note, sizeof note);
    return made;
  }
};

}  // namespace

TEST_CASE("the file of this program has segments, a stamp and a size") {
  const elf_file self = elf_file::read("/proc/self/exe");
  REQUIRE(self.error == 0);
  CHECK(self.segments.size() > 2);
  struct stat about {};
  REQUIRE(::stat("/proc/self/exe", &about) == 0);
  CHECK(self.stamp.device == about.st_dev);
  CHECK(self.stamp.inode == about.st_ino);
  CHECK(self.stamp.size == static_cast<std::uint64_t>(about.st_size));
  CHECK(self.stamp.modified / 1'000'000'000U == static_cast<std::uint64_t>(about.st_mtim.tv_sec));
  CHECK(self.stamp.modified % 1'000'000'000U == static_cast<std::uint64_t>(about.st_mtim.tv_nsec));
}

TEST_CASE("a build-id is read out of a file") {
  const scratch place;
  const elf_file small = elf_file::read(place.holding(small_module().bytes()));
  REQUIRE(small.error == 0);
  CHECK(small.segments.size() == 1);
  REQUIRE(small.id.size == 4);
  CHECK(std::memcmp(small.id.bytes.data(), "0123", 4) == 0);
}

TEST_CASE("a file without notes has no build-id and is no error") {
  const scratch place;
  small_module module;
  module.segment.p_type = PT_LOAD;
  const elf_file small = elf_file::read(place.holding(module.bytes()));
  CHECK(small.error == 0);
  CHECK_FALSE(small.id);
}

TEST_CASE("a file that ends anywhere before its notes do is refused") {
  const scratch place;
  std::vector<char> whole = small_module().bytes();
  while (!whole.empty()) {
    whole.pop_back();
    INFO(whole.size() << " bytes");
    const elf_file cut = elf_file::read(place.holding(whole));
    CHECK(cut.error == ENOEXEC);
    CHECK_FALSE(cut.id);
  }
}

TEST_CASE("a file of another machine or format is refused") {
  const scratch place;
  const auto error_when = [&](auto change) {
    small_module module;
    change(module);
    return elf_file::read(place.holding(module.bytes())).error;
  };
  CHECK(error_when([](small_module&) {}) == 0);
  CHECK(error_when([](small_module& one) { one.header.e_ident[0] = '#'; }) == ENOEXEC);
  CHECK(error_when([](small_module& one) { one.header.e_ident[EI_CLASS] ^= 3; }) == ENOEXEC);
  CHECK(error_when([](small_module& one) { one.header.e_ident[EI_DATA] ^= 3; }) == ENOEXEC);
  CHECK(error_when([](small_module& one) { one.header.e_phentsize = 1; }) == ENOEXEC);
  CHECK(error_when([](small_module& one) { one.header.e_phnum = 0; }) == ENOEXEC);
  CHECK(error_when([](small_module& one) { one.header.e_phnum = PN_XNUM; }) == ENOEXEC);
}

TEST_CASE("a table or notes that claim to lie far behind the end are refused, and not allocated") {
  const scratch place;
  const auto read_with = [&](auto change) {
    small_module module;
    change(module);
    return elf_file::read(place.holding(module.bytes()));
  };
  CHECK(read_with([](small_module& one) { one.header.e_phoff = ~std::uint64_t{0} >> 1; }).error != 0);
  CHECK(read_with([](small_module& one) { one.header.e_phoff = ~std::uint64_t{0}; }).error != 0);
  CHECK(read_with([](small_module& one) { one.segment.p_offset = ~std::uint64_t{0}; }).error != 0);
  const elf_file vast = read_with([](small_module& one) { one.segment.p_filesz = ~std::uint64_t{0} >> 1; });
  CHECK(vast.error == 0);
  CHECK_FALSE(vast.id);
}

TEST_CASE("what is no ordinary file is refused with its cause, and nobody waits for it") {
  const scratch place;
  CHECK(elf_file::read(place.file()).error == ENOENT);
  CHECK(elf_file::read("/").error == ENOEXEC);
  CHECK(elf_file::read("/dev/null").error == ENOEXEC);
  REQUIRE(::mkfifo(place.file().c_str(), 0600) == 0);
  CHECK(elf_file::read(place.file()).error == ENOEXEC);
}

TEST_CASE("no descriptor is left open, whether the file could be read or not") {
  const auto lowest = [] {
    const int free = ::dup(0);
    ::close(free);
    return free;
  };
  const int before = lowest();
  elf_file::read("/proc/self/exe");
  elf_file::read("/dev/null");
  elf_file::read("/etc/passwd");
  CHECK(lowest() == before);
}
