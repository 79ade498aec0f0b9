"use strict";
// What the children of every pool of Node can be asked for, by name.
const { spin } = require("./node_pool.js");

module.exports = {
  addOne: (value) => value + 1,
  echo: (value) => value,
  ownPid: () => process.pid,
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms, ms)),
  spin,
  // Two numbers: how often a loop of so many steps is run.
  hog: ([times, steps]) => {
    for (let i = 0; i < times; ++i) spin(steps);
    return times;
  },
};
