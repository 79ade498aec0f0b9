"use strict";
// What config.hpp says, for Node: its hogs are processes.
const { workers, nowUs, check, report, spin } = require("../peers/node_pool.js");

const lengths = { "1ms": [600, 1000], "100us": [5000, 100] }; // tasks, microseconds

// Gives: the microseconds that so many plain processes as there are workers need for times * workers tasks.
async function hogs(Pool, steps, times) {
  const pool = new Pool();
  await Promise.all(Array.from({ length: workers }, () => pool.submit("hog", [2000, steps]))); // compiled, by then
  const start = nowUs();
  await Promise.all(Array.from({ length: workers }, () => pool.submit("hog", [times, steps])));
  const took = nowUs() - start;
  await pool.close();
  return took;
}

async function run(Pool) {
  const trial = 200000;
  let stepUs = Infinity;
  for (let i = 0; i < 20; ++i) {
    const start = nowUs();
    spin(trial);
    stepUs = Math.min(stepUs, (nowUs() - start) / trial);
  }
  const metrics = {};
  for (const [name, [tasks, us]] of Object.entries(lengths)) {
    const steps = Math.round(us / stepUs);
    const expected = spin(steps);
    const before = await hogs(Pool, steps, tasks / workers);
    const pool = new Pool();
    const batch = async (count) => {
      const results = await Promise.all(Array.from({ length: count }, () => pool.submit("spin", steps)));
      check(results.every((one) => one === expected), "a task gave back something else");
    };
    await batch(200);
    const start = nowUs();
    await batch(tasks);
    const took = nowUs() - start;
    await pool.close();
    metrics["time_over_ideal_" + name] = took / ((before + (await hogs(Pool, steps, tasks / workers))) / 2);
  }
  report(Pool, metrics);
}

module.exports = { run };
