"use strict";
// What config.hpp says, for Node.
const { median, nowUs, check, report } = require("../peers/node_pool.js");

const rounds = 5, size = 2 * 1024 ** 3; // rounds: a third of the others', since each takes a tenth of a second and more

async function run(Pool) {
  const memory = Buffer.alloc(size, 1);
  const make = async () => {
    const start = nowUs();
    const pool = new Pool(1);
    const answer = await pool.submit("addOne", 41);
    const took = nowUs() - start;
    check(answer === 42, `a result is ${answer}`);
    return [pool, took / 1000];
  };
  const [one, first] = await make();
  const later = [];
  for (let i = 0; i < rounds; ++i) {
    const [other, took] = await make();
    later.push(took);
    await other.close();
  }
  await one.close();
  check(memory[size - 1] === 1, "the memory is not in use");
  report(Pool, { first_ms: first, another_ms: median(later) });
}

module.exports = { run };
