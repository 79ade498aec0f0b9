require("./config.js").run(require("../peers/node_workerpool.js").Pool);
