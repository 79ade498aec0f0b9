require("./config.js").run(require("../peers/node_piscina.js").Pool);
