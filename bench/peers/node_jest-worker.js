"use strict";
// jest-worker, with processes, its default.
const { Worker } = require("jest-worker");
const { workers } = require("./node_pool.js");

class Pool {
  static version = "jest-worker " + require("jest-worker/package.json").version;

  constructor(count = workers, serialization = "json") {
    this.pool = new Worker(require.resolve("./node_tasks.js"), {
      numWorkers: count, exposedMethods: Object.keys(require("./node_tasks.js")), forkOptions: { serialization },
    });
  }

  submit(name, value) {
    return this.pool[name](value);
  }

  pids() {
    return this.pool._workerPool._workers.map((one) => one._child.pid);
  }

  // Kills them first, as for the others: end() asks them to go, and waits half a second for those who have something to do.
  close() {
    for (const pid of this.pids()) process.kill(pid, "SIGKILL");
    return this.pool.end();
  }
}

module.exports = { Pool };
