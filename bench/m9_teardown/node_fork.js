require("./config.js").run(require("../peers/node_pool.js").Pool);
