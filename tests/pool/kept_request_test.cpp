#include <workpool/pool/kept_request.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

using workpool::detail::kept_request;
using namespace workpool_test;

namespace {

bool same(const kept_request& one, const byte_vector& bytes) {
  return std::equal(one.bytes().begin(), one.bytes().end(), bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("a request is the bytes it was made of until it is forgotten") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, workpool::worth_lending, std::size_t{5'000'000}}) {
    kept_request one(patterned(size));
    CHECK(same(one, patterned(size)));
    CHECK((one.lend() != nullptr) == (size >= workpool::worth_lending));
    one.forget();
    CHECK(one.bytes().empty());
    CHECK(one.lend() == nullptr);
  }
}

TEST_CASE("what was lent outlives the request") {
  kept_request one(patterned(100'000));
  const std::byte* const where = one.bytes().data();
  const std::shared_ptr<const void> owner = one.lend();
  one.forget();
  CHECK(std::equal(where, where + 100'000, patterned(100'000).begin()));
}

TEST_CASE("the memory of a large request is used again once nobody writes it any more") {
  byte_vector bytes = patterned(300'000);
  const std::byte* const where = bytes.data();
  kept_request one(std::move(bytes));
  auto owner = one.lend();
  one.forget();
  byte_vector early = kept_request::memory_for(300'000);
  CHECK(early.data() != where);
  owner = nullptr;
  CHECK(kept_request::memory_for(10).data() != where);
  CHECK(kept_request::memory_for(300'001).data() != where);
  const byte_vector again = kept_request::memory_for(200'000);
  CHECK(again.data() == where);
  CHECK(again.empty());
}

TEST_CASE("memory beyond 2 MiB is not kept") {
  kept_request one(patterned(3'000'000));
  one.forget();
  CHECK(kept_request::memory_for(2'500'000).capacity() == 0);
}
