"use strict";
// tinypool, with processes.
const { Tinypool } = require("tinypool"); // a module of the newer kind: Node 20.19 or later
const { workers } = require("./node_pool.js");

class Pool {
  static version = "tinypool " + require("tinypool/package.json").version;

  constructor(count = workers, serialization = "json") {
    this.pool = new Tinypool({
      runtime: "child_process", filename: require.resolve("./node_tasks.js"), minThreads: count, maxThreads: count,
      serialization,
    });
  }

  submit(name, value) {
    return this.pool.run(value, { name });
  }

  pids() {
    return this.pool.threads.map((one) => one.process.pid);
  }

  close() {
    return this.pool.destroy();
  }
}

module.exports = { Pool };
