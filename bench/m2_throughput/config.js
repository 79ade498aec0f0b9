"use strict";
// What config.hpp says, for Node, which has no map.
const { nowUs, check, report } = require("../peers/node_pool.js");

const warmUp = 1000, tasks = 20000;

async function run(Pool) {
  const pool = new Pool();
  const submitAll = async (count) => {
    const start = nowUs();
    const results = [];
    for (let i = 0; i < count; ++i) results.push(pool.submit("addOne", i));
    let sum = 0;
    for (const one of results) sum += await one;
    const took = nowUs() - start;
    check(sum === (count * (count + 1)) / 2, "the results do not sum to what was submitted");
    return took / count;
  };
  await submitAll(warmUp);
  const each = await submitAll(tasks);
  await pool.close();
  report(Pool, { submit_us_per_task: each });
}

module.exports = { run };
