"use strict";
// What config.hpp says, for Node.
const { median, nowUs, check, report } = require("../peers/node_pool.js");

const rounds = 5; // a third of the others', since each takes a third of a second and more

async function run(Pool) {
  const milliseconds = async (count) => {
    const start = nowUs();
    const pool = new Pool(count);
    const answer = await pool.submit("addOne", 41);
    const took = nowUs() - start;
    await pool.close();
    check(answer === 42, `a result is ${answer}`);
    return took / 1000;
  };
  const several = async (count) => {
    const all = [];
    for (let i = 0; i < rounds; ++i) all.push(await milliseconds(count));
    return median(all);
  };
  report(Pool, { first_2_ms: await milliseconds(2), again_2_ms: await several(2), again_16_ms: await several(16) });
}

module.exports = { run };
