from config import run
from peers.process_pools import ForkserverExecutor

if __name__ == "__main__":  # workers import this file
    run(ForkserverExecutor)
