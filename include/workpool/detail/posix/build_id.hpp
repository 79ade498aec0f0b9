#pragma once
#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace workpool { inline namespace v0 { namespace detail {

/// What the linker wrote into a module so that no other one is taken for it (`-Wl,--build-id`); strip keeps it.
struct build_id {
  static constexpr std::size_t longest = 32;  // bytes; linkers write 8, 16 or 20 unless they are given the bytes

  std::array<std::byte, longest> bytes{};  // zero behind size
  std::uint8_t size = 0;                   // 0: there is none

  explicit operator bool() const noexcept { return size != 0; }
  friend bool operator==(const build_id&, const build_id&) noexcept = default;
};

/// Takes the next note off `notes`. Gives: its build-id, if it is one of a length we can hold.
inline build_id take_note(std::span<const std::byte>& notes, std::size_t alignment) noexcept {
  const auto padded = [alignment](std::size_t size) { return (size + alignment - 1) / alignment * alignment; };
  constexpr std::array<char, 4> owner{'G', 'N', 'U', '\0'};
  Elf32_Nhdr header;  // that of 64 bits is the same
  const auto whole = notes;
  notes = {};
  if (whole.size() < sizeof header) return {};
  std::memcpy(&header, whole.data(), sizeof header);
  // Compared one by one, so that no sum of lengths that lie can overflow.
  if (header.n_namesz > whole.size() || header.n_descsz > whole.size()) return {};
  const std::size_t text = padded(sizeof header + header.n_namesz);
  if (text > whole.size() || header.n_descsz > whole.size() - text) return {};
  notes = whole.subspan(std::min(padded(text + header.n_descsz), whole.size()));

  const bool ours = header.n_type == NT_GNU_BUILD_ID && header.n_namesz == owner.size() &&
                    std::memcmp(whole.data() + sizeof header, owner.data(), owner.size()) == 0;
  if (!ours || header.n_descsz == 0 || header.n_descsz > build_id::longest) return {};
  build_id found;
  found.size = static_cast<std::uint8_t>(header.n_descsz);
  std::memcpy(found.bytes.data(), whole.data() + text, found.size);
  return found;
}

/// The build-id among the notes of one PT_NOTE segment with this p_align. Gives: none where there is none, or one
/// longer than we can hold, or where the notes are broken off before it.
inline build_id build_id_among(std::span<const std::byte> notes, std::size_t p_align) noexcept {
  // Linkers have put notes padded to 4 into segments that say 8: then the second reading finds them.
  for (const std::size_t alignment : {std::size_t{p_align == 8 ? 8U : 4U}, std::size_t{4}}) {
    for (auto rest = notes; !rest.empty();) {
      if (const build_id found = take_note(rest, alignment)) return found;
    }
  }
  return {};
}

}}}  // namespace workpool::v0::detail
