from config import run
from peers.process_pools import Executor

run(Executor)
