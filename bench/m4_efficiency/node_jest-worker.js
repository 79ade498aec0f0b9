require("./config.js").run(require("../peers/node_jest-worker.js").Pool);
