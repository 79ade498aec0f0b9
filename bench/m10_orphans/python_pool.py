from config import run
from peers.process_pools import Pool

run(Pool)
