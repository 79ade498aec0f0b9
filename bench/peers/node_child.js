"use strict";
// The child's side of node_pool.js.
const tasks = require("./node_tasks.js");

process.on("message", async ([name, value]) => {
  const answer = tasks[name](value);
  process.send(answer instanceof Promise ? await answer : answer);
});
