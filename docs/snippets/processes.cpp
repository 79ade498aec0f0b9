// Tasks in child processes.
//! [program]
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>  // in the one file with main

namespace wp = workpool;

struct page {
  std::string title;
  std::vector<int> words_per_line;
};

page parse(const std::string& text) {
  page result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (result.title.empty()) result.title = line;
    result.words_per_line.push_back(1 + static_cast<int>(std::count(line.begin(), line.end(), ' ')));
    begin = end + 1;
  }
  return result;
}

void run() {
  wp::fork_pool pool{{.name = "parsers", .workers = 2}};
  auto parsed = pool.submit(parse, "the title\none line more");  // runs in a child; text and page travel as bytes
  const page result = parsed.get();
  std::cout << result.title << ": " << result.words_per_line.size() << " lines\n";
}
//! [program]

#include "say.hpp"

//! [codec]
class colour {  // has private members and a rule: no aggregate
 public:
  explicit colour(std::string hex) : hex_(std::move(hex)) {
    if (hex_.size() != 6) throw std::invalid_argument("a colour has 6 digits");
  }
  const std::string& hex() const { return hex_; }

 private:
  std::string hex_;
};

template <>
struct workpool::codec<colour> {
  static void encode(byte_writer& into, const colour& one) { workpool::encode(into, one.hex()); }
  static colour decode(byte_reader& from) {
    const auto hex = workpool::decode<std::string>(from);
    if (hex.size() != 6) throw codec_error("a colour arrived with " + std::to_string(hex.size()) + " digits");
    return colour(hex);
  }
};
//! [codec]

//! [globals]
int verbosity = 0;  // every child has its own copy, as it was when worker_entry was called

int verbosity_there() { return verbosity; }
//! [globals]

void travels() {
  wp::fork_pool pool{{.workers = 1}};
  const colour red =
      pool.submit([](const colour& one) { return colour(one.hex().substr(4) + "0000"); }, colour("0000ff")).get();
  std::cout << "the codec: " << red.hex() << '\n';
  //! [asked]
  verbosity = 3;
  std::cout << "here " << verbosity << ", there " << pool.submit(verbosity_there).get() << '\n';
  //! [asked]
  //! [errors]
  try {
    pool.submit([](const std::string& digits) { return std::stoi(digits); }, "seven").get();
  } catch (const wp::remote_error& error) {  // not std::invalid_argument: its type's code may not be here
    std::cout << "thrown there: " << error.type() << ", " << error.what() << '\n';
  }
  //! [errors]
}

void bulk() {
  wp::fork_pool pool{{.workers = 2}};
  //! [many]
  const std::vector<std::string> words{"each", "in", "a", "child"};
  for (const std::size_t length : wp::map(pool, words, [](const std::string& word) { return word.size(); })) {
    std::cout << length << ' ';
  }
  //! [many]
  std::cout << '\n';
}

void wrong() {
  say("arguments above max_message", [] {
    wp::fork_pool pool{{.workers = 1, .max_message = 1000}};
    pool.post([](const std::string&) {}, std::string(2000, 'x'));
  });
  say("a result above max_message", [] {
    wp::fork_pool pool{{.workers = 1, .max_message = 1000}};
    pool.submit([] { return std::string(2000, 'x'); }).get();
  });
  say("on_full::caller_runs", [] { wp::fork_pool pool{{.queue = {.on_full = wp::on_full::caller_runs}}}; });
  say("a program that is not there", [] { wp::fork_pool pool{{.program = {"/no/such/worker"}}}; });
  say("a program that does not call worker_entry",
      [] { wp::fork_pool pool{{.workers = 1, .program = {"/bin/true"}}}; });
}

void rest_of_this_page() {
  travels();
  bulk();
  wrong();
}

//! [main]
int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;  // the first line: children enter here
  run();
  rest_of_this_page();
}
//! [main]
