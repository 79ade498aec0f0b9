#include <workpool/queue/element_cell.hpp>

#include <workpool/core/task_ref.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

using workpool::task_ref;
using workpool::detail::element_cell;

TEST_CASE("a cell that was committed is opened once and gives its element back") {
  using cell = element_cell<std::unique_ptr<int>>;
  auto element = std::make_unique<int>(7);
  int* const address = element.get();
  void* pointer = nullptr;
  {
    cell::writer writer(std::move(element));
    CHECK_FALSE(element);
    pointer = writer.pointer();
    writer.commit(element);
  }
  CHECK(cell::waiting(pointer));
  CHECK(cell::open(pointer).get() == address);
}

TEST_CASE("a cell whose push was refused gives the element back to the caller") {
  using cell = element_cell<std::unique_ptr<int>>;
  auto element = std::make_unique<int>(7);
  int* const address = element.get();
  cell::writer writer(std::move(element));
  writer.undo(element);
  CHECK(element.get() == address);
}

TEST_CASE("an over-aligned element lies aligned in its cell") {
  struct alignas(256) wide {
    std::array<char, 300> bytes{};
  };
  using cell = element_cell<wide>;
  for (int i = 0; i < 10; ++i) {
    wide element;
    element.bytes.fill('x');
    cell::writer writer(std::move(element));
    void* const pointer = writer.pointer();
    CHECK(reinterpret_cast<std::uintptr_t>(pointer) % 256 == 0);
    writer.commit(element);
    CHECK(cell::open(pointer).bytes.back() == 'x');
  }
}

TEST_CASE("a task needs no cell: its own address lies in the lane") {
  using cell = element_cell<task_ref>;
  task_ref element(new workpool_test::fake_task());
  workpool::detail::task* const address = element.get();
  cell::writer writer(std::move(element));
  void* const pointer = writer.pointer();
  CHECK(element.get() == address);
  writer.undo(element);
  CHECK(element.get() == address);
  writer.commit(element);
  CHECK_FALSE(element);
  CHECK(cell::waiting(pointer));
  task_ref opened = cell::open(pointer);
  CHECK(opened.get() == address);
  CHECK(opened.take());
  CHECK_FALSE(cell::waiting(pointer));
}
