// Taskflow 3 and 4.
#include <iostream>
#include <taskflow/taskflow.hpp>

int main() {
  //! [program]
  tf::Executor executor(4);
  tf::Taskflow flow;
  int eggs = 0, flour = 0, dough = 0;
  auto [crack, weigh, knead] = flow.emplace([&] { eggs = 3; }, [&] { flour = 500; }, [&] { dough = eggs + flour; });
  knead.succeed(crack, weigh);  // a graph, to be run again and again
  executor.run(flow).wait();
  std::cout << "dough " << dough << '\n';
  //! [program]
}
