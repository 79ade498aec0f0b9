"use strict";
// workerpool, with processes. The same file is what its workers run.
const workerpool = require("workerpool");
const { workers } = require("./node_pool.js");

class Pool {
  static version = "workerpool " + require("workerpool/package.json").version;

  constructor(count = workers, serialization = "json") {
    this.pool = workerpool.pool(__filename, {
      workerType: "process", minWorkers: count, maxWorkers: count, forkOpts: { serialization },
    });
  }

  submit(name, value) {
    return this.pool.exec(name, [value]);
  }

  pids() {
    return this.pool.workers.map((one) => one.worker.pid);
  }

  close() {
    return this.pool.terminate(true);
  }
}

if (require.main === module) workerpool.worker(require("./node_tasks.js"));
module.exports = { Pool };
