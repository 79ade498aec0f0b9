"use strict";
const { Pool } = require("../peers/node_workerpool.js");

// What waits when a worker is lost goes on waiting until something else is submitted (workerpool 10.0): so something is.
class NudgedPool extends Pool {
  submit(name, value) {
    return super.submit(name, value).catch((lost) => {
      super.submit("addOne", 0);
      throw lost;
    });
  }
}

require("./config.js").run(NudgedPool);
