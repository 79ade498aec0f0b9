"use strict";
// The child's side of node_pool.js.
const { spin } = require("./node_pool.js");

const tasks = {
  addOne: (value) => value + 1,
  echo: (value) => value,
  ownPid: () => process.pid,
  spin,
  // Two numbers: how often a loop of so many steps is run.
  hog: ([times, steps]) => {
    for (let i = 0; i < times; ++i) spin(steps);
    return times;
  },
};

process.on("message", ([name, value]) => {
  if (name === "pause") setTimeout(() => process.send(value), value);
  else process.send(tasks[name](value));
});
