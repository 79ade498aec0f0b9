"use strict";
// What config.hpp says, for Node.
const { percentile, nowUs, rest, check, report } = require("../peers/node_pool.js");

const warmUp = 500, hotRounds = 4000, idleRounds = 100, pauseMs = 5;

async function run(Pool) {
  const pool = new Pool();
  const roundTrip = async (value) => {
    const start = nowUs();
    const answer = await pool.submit("addOne", value);
    const took = nowUs() - start;
    check(answer === value + 1, `${value} came back as ${answer}`);
    return took;
  };
  const hot = [], idle = [];
  for (let i = 0; i < warmUp; ++i) await roundTrip(i);
  for (let i = 0; i < hotRounds; ++i) hot.push(await roundTrip(i));
  for (let i = 0; i < idleRounds; ++i) {
    await rest(pauseMs);
    idle.push(await roundTrip(i));
  }
  await pool.close();
  report(Pool, {
    hot_p50_us: percentile(hot, 0.5), hot_p99_us: percentile(hot, 0.99),
    idle_p50_us: percentile(idle, 0.5), idle_p99_us: percentile(idle, 0.99),
  });
}

module.exports = { run };
