#pragma once
#if !__has_include(<cereal/cereal.hpp>)
#error "workpool/adapter/cereal.hpp needs cereal: install libcereal-dev, or leave this include out"
#endif
#include <cereal/cereal.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <workpool/core/error.hpp>
#include <workpool/ipc/codecs.hpp>

// Makes codable what cereal can serialise and what has no codec of its own: classes with serialize(), or save() and
// load(), and, after the include of cereal/types/memory.hpp, std::shared_ptr. Where a model of workpool fits it is
// used, except that serialize() goes before the bytes of a class with private members. To be included before
// CEREAL_REGISTER_TYPE, and in every file that sends such a type.
//
// The archives are our own, on the bytes themselves: functions of the user that are templates of the archive fit,
// overloads for BinaryInputArchive do not. A message may be hostile; they refuse to read past its end, sizes beyond the
// bytes that are left, bools that are none, and depth. What cereal cannot guard: a container is resized before its
// elements are read, so that a message can ask for sizeof(element) times its own size; elements without any bytes are
// refused; and what a load() of the user does with numbers that it read is up to that load().

namespace workpool { inline namespace v0 { namespace detail {

/// Levels of calls, not of values: a pointer takes four. Source: 8 MiB of stack leave 4 KiB to each.
inline constexpr std::size_t most_cereal_levels = 2048;

class cereal_level {
 public:
  void enter() {
    if (++levels_ > most_cereal_levels)
      throw codec_error("a value that cereal serialises is nested too deeply: send it in a flat form");
  }
  void leave() noexcept { --levels_; }

 private:
  std::size_t levels_ = 0;
};

class cereal_output : public cereal::OutputArchive<cereal_output, cereal::AllowEmptyClassElision>, public cereal_level {
 public:
  explicit cereal_output(byte_writer& into) : OutputArchive(this), into_(into) {}
  void saveBinary(const void* data, std::size_t size) { into_.write(data, size); }  // cereal's name for it

 private:
  byte_writer& into_;
};

class cereal_input : public cereal::InputArchive<cereal_input, cereal::AllowEmptyClassElision>, public cereal_level {
 public:
  explicit cereal_input(byte_reader& from) : InputArchive(this), from_(from) {}
  void loadBinary(void* data, std::size_t size) { from_.read(data, size); }  // cereal's name for it
  byte_reader& from() noexcept { return from_; }

 private:
  byte_reader& from_;
};

// cereal finds these by their arguments.
template <class T>
void prologue(cereal_output& archive, const T&) {
  archive.enter();
}
template <class T>
void epilogue(cereal_output& archive, const T&) noexcept {
  archive.leave();
}
template <class T>
void prologue(cereal_input& archive, const T&) {
  archive.enter();
}
template <class T>
void epilogue(cereal_input& archive, const T&) noexcept {
  archive.leave();
}

template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(cereal_output& archive, const T& value) { archive.saveBinary(&value, sizeof(value)); }
template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(cereal_input& archive, T& value) { value = codec<T>::decode(archive.from()); }

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(cereal_output& archive, const cereal::NameValuePair<T>& named) {
  archive(named.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(cereal_input& archive, cereal::NameValuePair<T>& named) {
  archive(named.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(cereal_output& archive, const cereal::SizeTag<T>& tag) {
  archive(static_cast<std::uint64_t>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(cereal_input& archive, cereal::SizeTag<T>& tag) {
  tag.size = static_cast<std::remove_reference_t<decltype(tag.size)>>(archive.from().read_count(1));
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(cereal_output& archive, const cereal::BinaryData<T>& block) {
  archive.saveBinary(block.data, static_cast<std::size_t>(block.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(cereal_input& archive, cereal::BinaryData<T>& block) {
  archive.loadBinary(block.data, static_cast<std::size_t>(block.size));
}

template <class T>
concept cereal_value = std::is_class_v<T> && std::default_initializable<T> && std::move_constructible<T> &&
    cereal::traits::is_output_serializable<T, cereal_output>::value &&
    cereal::traits::is_input_serializable<T, cereal_input>::value;

template <cereal_value T>
struct fallback_codec<T> {
  static void encode(byte_writer& into, const T& value) {
    try {
      cereal_output archive(into);
      archive(value);
    } catch (const cereal::Exception& refusal) {
      throw codec_error(std::string("cereal could not serialise a value: ") + refusal.what());
    }
  }

  static T decode(byte_reader& from) {
    try {
      T value{};
      cereal_input archive(from);
      archive(value);
      return value;
    } catch (const cereal::Exception& refusal) {
      throw codec_error(std::string("cereal could not read a value: ") + refusal.what());
    }
  }
};

}}}  // namespace workpool::v0::detail

CEREAL_REGISTER_ARCHIVE(workpool::detail::cereal_output)
CEREAL_REGISTER_ARCHIVE(workpool::detail::cereal_input)
CEREAL_SETUP_ARCHIVE_TRAITS(workpool::detail::cereal_input, workpool::detail::cereal_output)
