"use strict";
// Piscina: threads of one process, each with its own heap. What one of them does to the process it does to all.
const { Piscina } = require("piscina");
const { workers } = require("./node_pool.js");

class Pool {
  static version = "piscina " + require("piscina").version;

  constructor(count = workers) {
    this.pool = new Piscina({
      filename: require.resolve("./node_tasks.js"), minThreads: count, maxThreads: count,
    });
  }

  submit(name, value) {
    return this.pool.run(value, { name });
  }

  close() {
    return this.pool.destroy();
  }
}

module.exports = { Pool };
